"""Compare the results of a target's suites with those before the change, and say what speaks against the change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from orchestrator.suites.results import State, SuiteResult, compare, some
from orchestrator.value_class import value_class

MEASURED = (State.PASSED, State.FAILED)


@value_class
class Weighed:
    """What the suites say about a change."""

    concerns: tuple[str, ...]
    """What the change is answerable for, in words."""
    notes: tuple[str, ...]
    """What else was seen: each suite's result, and what failed before as well."""
    is_measured: bool
    """At least one suite showed something."""
    all_passed: bool


def weigh(now: Sequence[SuiteResult], before: Sequence[SuiteResult] | None, *, because: str = "") -> Weighed:
    """Hold the suites against the baseline: what failed before is said and is nobody's fault now.

    Args:
        before: ``None`` where there is no baseline.
        because: Why there is none.
    """
    earlier = {result.suite: result for result in before or ()}
    concerns: list[str] = []
    notes: list[str] = []
    for result in now:
        notes.append(f"{result.suite}: {result.state}: {result.reason}")
        known = earlier.get(result.suite)
        if before is None:
            concerns += _without_baseline(result, because or "no baseline was measured")
        elif known is None:
            concerns += _of_new_suite(result)
        else:
            told = dict(_held_against(known, result))
            concerns += told.get("concern", [])
            notes += told.get("note", [])
    concerns += _gone(earlier, {result.suite for result in now})
    return Weighed(
        tuple(concerns),
        tuple(notes),
        is_measured=any(result.state in MEASURED for result in now),
        all_passed=bool(now) and all(result.state is State.PASSED for result in now),
    )


def _without_baseline(result: SuiteResult, because: str) -> Iterator[str]:
    if result.state is State.FAILED:
        yield f"{result.suite} fails ({result.reason}); not known whether it failed before: {because}"


def _of_new_suite(result: SuiteResult) -> Iterator[str]:
    if result.state is State.FAILED:
        yield f"{result.suite}, which was not there before, fails: {result.reason}"


def _gone(earlier: Mapping[str, SuiteResult], now: set[str]) -> Iterator[str]:
    for name, result in earlier.items():
        if name not in now and result.counts.ran:
            yield f"{name}, of which {result.counts.ran} tests ran before, is not found any more"


def _held_against(before: SuiteResult, now: SuiteResult) -> Iterator[tuple[str, list[str]]]:
    """Under ``concern`` and ``note``, what the later result says beside the earlier one."""
    if now.state is State.NOT_MEASURED:
        if before.state in MEASURED:
            yield "concern", [f"{now.suite} was measured before ({before.reason}) and is not now: {now.reason}"]
        else:
            yield "note", [f"{now.suite} could not be measured before either: {before.reason}"]
        return
    if before.state is State.NOT_MEASURED:
        yield "concern", list(_without_baseline(now, before.reason))
        return
    held = compare(before, now)
    concerns = []
    if held.gone:
        concerns.append(f"{now.suite}: {len(held.gone)} tests that ran before do not run any more: {some(held.gone)}")
    if held.newly_skipped:
        concerns.append(
            f"{now.suite}: {len(held.newly_skipped)} tests that ran before are skipped now: {some(held.newly_skipped)}"
        )
    if held.newly_failing:
        concerns.append(f"{now.suite}: {len(held.newly_failing)} tests fail that did not: {some(held.newly_failing)}")
    nameless = now.state is State.FAILED and not held.newly_failing and not held.failing_before
    if nameless and before.state is State.PASSED:
        concerns.append(f"{now.suite} fails, and passed before: {now.reason}")
    yield "concern", concerns
    notes = []
    if held.failing_before:
        notes.append(
            f"{now.suite}: {len(held.failing_before)} tests failed before as well: {some(held.failing_before)}"
        )
    elif nameless and before.state is State.FAILED:
        notes.append(f"{now.suite} failed before as well: {before.reason}")
    if held.mended:
        notes.append(f"{now.suite}: {len(held.mended)} tests that failed before pass now: {some(held.mended)}")
    yield "note", notes
