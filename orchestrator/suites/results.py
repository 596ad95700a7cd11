"""Judge a run by report, exit status and output: passed, failed, or not measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from enum import StrEnum
from typing import TYPE_CHECKING

from orchestrator.suites.readers import read_report
from orchestrator.suites.report import Report, TestOutcome
from orchestrator.value_class import value_class

if TYPE_CHECKING:
    from orchestrator.suites.suite import Suite

MOST_NAMES_SHOWN = 10
MOST_WORDS_SHOWN = 200
USAGE_CODES: Mapping[str, Mapping[int, str]] = {
    "pytest": {3: "pytest met an internal error", 4: "pytest could not begin"}
}
_MISSING = {126: "its program cannot be executed here", 127: "its program is not installed here"}


class State(StrEnum):
    """What may be said about a suite."""

    PASSED = "passed"
    """At least one test ran, none failed, and the report agrees with the exit status."""
    FAILED = "failed"
    NOT_MEASURED = "not measured"
    """Nothing can be said: no test ran, or there is no report that could be believed."""


@value_class
class Counts:
    """How many tests ended how."""

    passed: int = 0
    failed: int = 0
    errors: int = 0
    skipped: int = 0

    @property
    def ran(self) -> int:
        return self.passed + self.failed + self.errors

    def __str__(self) -> str:
        parts = [(self.passed, "passed"), (self.failed, "failed"), (self.errors, "errors"), (self.skipped, "skipped")]
        return ", ".join(f"{number} {word}" for number, word in parts if number) or "no tests"


@value_class
class SuiteResult:
    """One run of one suite, judged."""

    suite: str
    """The suite's name."""
    state: State
    reason: str
    """One clause that says why, for people; it is there for *passed* too."""
    counts: Counts = Counts()
    tests: Mapping[str, TestOutcome] = field(default_factory=dict)
    deselected: tuple[str, ...] = ()


@value_class
class Run:
    """What was seen of one run of a suite."""

    code: int | None
    """Its exit status; ``None`` where it did not end by itself or was not started."""
    output: bytes = b""
    """What it printed, standard output and standard error together, bounded by whoever collected it."""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """The files in the report's folder afterwards, by name relative to it."""
    problem: str | None = None
    """Why it was not run to its end: too long, too much printed, not startable."""


def judge(suite: Suite, run: Run) -> SuiteResult:
    """Say whether the suite passed, failed, or was not measured."""
    if run.problem is not None or run.code is None:
        return SuiteResult(suite.name, State.NOT_MEASURED, run.problem or "it was ended before it was done")
    report = read_report(suite, run.output, run.files)
    counts = count(report.tests)
    state, reason = _verdict(suite, run.code, report, counts, run.output)
    return SuiteResult(suite.name, state, reason, counts, report.tests, report.deselected)


def count(tests: Mapping[str, TestOutcome]) -> Counts:
    """Count outcomes."""
    outcomes = list(tests.values())
    return Counts(
        outcomes.count(TestOutcome.PASSED),
        outcomes.count(TestOutcome.FAILED),
        outcomes.count(TestOutcome.ERROR),
        outcomes.count(TestOutcome.SKIPPED),
    )


def _verdict(suite: Suite, code: int, report: Report, counts: Counts, output: bytes) -> tuple[State, str]:
    bad = [name for name, outcome in report.tests.items() if outcome in (TestOutcome.FAILED, TestOutcome.ERROR)]
    if bad:
        agrees = "" if code else ", although the runner ended with 0"
        return State.FAILED, f"{counts}: {some(bad)}{agrees}"
    if report.failures:
        return State.FAILED, f"{counts}: {some(report.failures)}"
    refused = USAGE_CODES.get(suite.runner, {}).get(code) or (_MISSING.get(code) if not report.written else None)
    if refused is not None:
        return State.NOT_MEASURED, f"{refused} (exit code {code}){_last_words(output)}"
    if report.problems:
        return State.NOT_MEASURED, some(report.problems)
    if not report.written:
        if code:
            return State.NOT_MEASURED, f"it ended with {code} and wrote no report{_last_words(output)}"
        return State.NOT_MEASURED, "it ended with 0 and wrote no report that shows which tests ran"
    if not counts.ran:
        return State.NOT_MEASURED, _nothing_ran(counts, report)
    if code:
        return State.FAILED, f"{counts}, but the runner ended with {code}"
    silent = f"; no test was seen in {some(report.silent)}" if report.silent else ""
    return State.PASSED, f"{counts}{silent}"


def _last_words(output: bytes) -> str:
    """The last line that it printed, which mostly says what was missing."""
    said = output[-4000:].decode("utf-8", "replace").strip().splitlines()
    return f": {said[-1].strip()[:MOST_WORDS_SHOWN]}" if said else ""


def _nothing_ran(counts: Counts, report: Report) -> str:
    if counts.skipped:
        return f"no test ran: {counts.skipped} skipped"
    if report.deselected:
        return f"no test ran: {len(report.deselected)} were found and left out"
    if report.silent:
        return f"no test ran: none was seen in {some(report.silent)}"
    return "no test ran"


def some(names: Sequence[str]) -> str:
    """The first few, and how many more there are."""
    more = f" and {len(names) - MOST_NAMES_SHOWN} more" if len(names) > MOST_NAMES_SHOWN else ""
    return ", ".join(names[:MOST_NAMES_SHOWN]) + more


@value_class
class Comparison:
    """Two runs of one suite, by test: what the change did to it.  Every list is sorted."""

    gone: tuple[str, ...] = ()
    """Tests that ran before and are not in the later report at all: deleted, renamed or deselected."""
    newly_skipped: tuple[str, ...] = ()
    """Tests that ran before and are skipped now."""
    newly_failing: tuple[str, ...] = ()
    """Tests that fail now and passed before, or were not there."""
    failing_before: tuple[str, ...] = ()
    """Tests that fail now and failed before, so that the change does not answer for them."""
    mended: tuple[str, ...] = ()
    """Tests that failed before and pass now."""


def compare(before: SuiteResult, after: SuiteResult) -> Comparison:
    """Hold a later result against the baseline of the same suite."""
    bad = (TestOutcome.FAILED, TestOutcome.ERROR)
    ran = {name for name, outcome in before.tests.items() if outcome is not TestOutcome.SKIPPED}
    failing = {name for name, outcome in after.tests.items() if outcome in bad}
    failed = {name for name, outcome in before.tests.items() if outcome in bad}
    passing = {name for name, outcome in after.tests.items() if outcome is TestOutcome.PASSED}
    skipped = {name for name, outcome in after.tests.items() if outcome is TestOutcome.SKIPPED}
    return Comparison(
        gone=tuple(sorted(ran - after.tests.keys())),
        newly_skipped=tuple(sorted(ran & skipped)),
        newly_failing=tuple(sorted(failing - failed)),
        failing_before=tuple(sorted(failing & failed)),
        mended=tuple(sorted(failed & passing)),
    )
