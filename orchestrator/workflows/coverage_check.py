"""Judge written tests one by one: whether each passes, raises coverage, notices changes, and does so every time.

Nothing is believed that was not seen in the sandbox, and no test is judged by what another one does.
"""

from __future__ import annotations

import ast
import math
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from orchestrator.files.time_limits import off_loop
from orchestrator.measurement.gate_run import LOOK_TIME_S
from orchestrator.measurement.pytest_runs import PytestRuns, Seen
from orchestrator.quotation import one_line
from orchestrator.suites.report import TestOutcome
from orchestrator.suites.results import State
from orchestrator.value_class import value_class
from orchestrator.workflows.coverage_bench import BenchRequest, Say, is_test_file, open_bench, percent, text_in, why
from orchestrator.workflows.coverage_verdicts import CoverageCheck, JudgedTest
from orchestrator.workflows.line_mutants import applied, behaving, commented, mutants_of, parsed
from orchestrator.workflows.written_tests import WrittenTest, tests_in, without_tests

LEAST_MUTANT_S: Final = 10.0
MUTANT_TIMES: Final = 5.0
"""A changed program that takes so many times as long as the test did is taken for one that does not end."""
MOST_MISSED_SHOWN: Final = 5

_Sources = dict[str, tuple[str, ast.Module]]


@value_class
class CheckRequest(BenchRequest):
    """Which tests are to be judged, and how."""

    repeats: int = 10
    mutants: int = 20
    """At most so many for one test."""
    until: float = math.inf
    """The clock's time after which no further test is judged."""
    cuts: bool = False
    """What is refused is taken out of its file, and what is left has to pass as it is."""


@value_class
class _Trouble:
    """The problems of a suite."""

    test: str
    """The first that failed."""
    words: str


@dataclass(slots=True)
class _Judge:
    """Judges tests, and holds what is known of the project meanwhile."""

    request: CheckRequest
    runs: PytestRuns
    texts: Mapping[str, str]
    """Of the files that are judged."""
    say: Say
    before: Seen
    """The project's own tests, without any of them."""
    lines: Mapping[str, frozenset[int]]
    """Those that its own tests do not run, by source file."""
    controls: dict[int, frozenset[str]] = field(default_factory=dict)
    """By seed, the project's own tests that fail in that order without any of the files."""

    async def file(self, name: str) -> list[JudgedTest]:
        """Judge each test of a file by itself; in the suite they are tried later."""
        text = self.texts[name]
        tree = parsed(text)
        if tree is None:
            return [JudgedTest(name, ("it cannot be read as Python",))]
        seen = await self.runs.run(("--collect-only", name), files={name: text})
        tests = list(dict.fromkeys(_function(test) for test in seen.collected))
        if loading := _trespasses(seen, self.before):
            return [JudgedTest(name, tuple(f"as soon as it is loaded {reason}" for reason in loading))]
        if seen.code != 0 or not tests:
            return [JudgedTest(name, (f"none of its tests can be run: {why(seen)}",))]
        written = tests_in(tree)
        found = []
        for test in tests:
            if time.time() > self.request.until:
                found.append(JudgedTest(test, ("there was no time left to judge it",)))
                continue
            self.say(f"judging {test}")
            found.append(await self._test(test, name, written.get(test.partition("::")[2])))
        return found

    async def _test(self, test: str, file: str, written: WrittenTest | None) -> JudgedTest:
        files = {file: self.texts[file]}
        began = time.monotonic()
        alone = await self.runs.run((test,), files=files, seed=self.request.seed, is_traced=True)
        took_s = time.monotonic() - began
        judged = JudgedTest(test, assertions=written.assertions if written is not None else 0)
        reasons = [*_assertion_reasons(written), *_run_reasons(alone), *_trespasses(alone, self.before)]
        if reasons:
            return replace(judged, reasons=tuple(reasons))
        if alone.missing is None:
            return replace(judged, reasons=("what it runs could not be measured",))
        new = {name: lines - alone.missing.get(name, lines) for name, lines in self.lines.items()}
        texts = await off_loop(partial(self._sources, new), within_s=LOOK_TIME_S, what="the look at the sources")
        gained = {name: behaving(tree, new[name]) for name, (_, tree) in texts.items()}
        gained = {name: lines for name, lines in gained.items() if lines}
        covered = tuple((name, line) for name, lines in gained.items() for line in sorted(lines))
        judged = replace(judged, new_lines=len(covered), covered=covered)
        if not covered:
            return replace(judged, reasons=("it is useless: the project's own tests run all that it runs",))
        judged = await self._repeated(judged, test, files)
        if not judged.is_kept:
            return judged
        same = {name: commented(*texts[name], lines) for name, lines in gained.items()}
        seen = await self.runs.run((test,), files={**files, **same}, seed=self.request.seed)
        if seen.state is not State.PASSED:
            return replace(judged, reasons=("it fails when comments are added to the code: it compares texts",))
        return await self._against_mutants(judged, files, texts, gained, max(LEAST_MUTANT_S, MUTANT_TIMES * took_s))

    def _sources(self, new: Mapping[str, frozenset[int]]) -> _Sources:
        found: _Sources = {}
        for name, lines in new.items():
            if lines:
                text = text_in(self.request.target, name)
                tree = parsed(text) if text is not None else None
                if text is not None and tree is not None:
                    found[name] = (text, tree)
        return found

    async def _against_mutants(
        self,
        judged: JudgedTest,
        files: Mapping[str, str],
        texts: _Sources,
        gained: Mapping[str, frozenset[int]],
        within_s: float,
    ) -> JudgedTest:
        test = judged.test
        made = [mutant for name, lines in gained.items() for mutant in mutants_of(name, *texts[name], lines)]
        chosen = random.Random(f"{self.request.seed} {test}").sample(made, len(made))
        tried = caught = 0
        missed = list[str]()
        for mutant in chosen:
            if tried == self.request.mutants:
                break
            text = applied(texts[mutant.file][0], mutant)
            if text is None:
                continue
            seen = await self.runs.run(
                (test,), files={**files, mutant.file: text}, seed=self.request.seed, within_s=within_s
            )
            if seen.state is State.PASSED:
                tried += 1
                missed.append(f"{mutant.file}:{mutant.line}: {mutant.what}")
            elif seen.state is State.FAILED or seen.is_too_long:
                tried += 1
                caught += 1
        judged = replace(judged, mutants=tried, caught=caught, missed=tuple(missed[:MOST_MISSED_SHOWN]))
        if tried and not caught:
            reason = f"it notices none of {tried} changes of the lines that it alone runs: {missed[0]}, for one"
            return replace(judged, reasons=(reason,))
        return judged

    async def _repeated(self, judged: JudgedTest, test: str, files: Mapping[str, str]) -> JudgedTest:
        failed, first = 0, ""
        for seed in self.seeds:
            seen = await self.runs.run((test,), files=files, seed=seed)
            if seen.state is not State.PASSED or _skipped(seen):
                failed, first = failed + 1, first or why(seen)
        count = self.request.repeats
        judged = replace(judged, repeats=count, failed_repeats=failed)
        if failed:
            return replace(judged, reasons=(f"it is flaky: it failed in {failed} of {count} repeats alone ({first})",))
        return judged

    @property
    def seeds(self) -> range:
        return range(self.request.seed, self.request.seed + self.request.repeats)

    async def in_suite(self, judged: Sequence[JudgedTest]) -> Sequence[JudgedTest]:
        """Try what is left in the project's suite, all together; and each by itself where anything fails then."""
        kept = [each for each in judged if each.is_kept]
        if not kept:
            return judged
        self.say(f"running the suite {self.request.repeats} times in random order with {len(kept)} tests")
        if not any([await self._failed_with(kept, seed) for seed in self.seeds]):
            done = {each.test: replace(each, repeats=each.repeats + self.request.repeats) for each in kept}
            return [done.get(each.test, each) for each in judged]
        found = [await self._alone_in_suite(each) if each.is_kept else each for each in judged]
        return await self._together(found)

    async def _alone_in_suite(self, judged: JudgedTest) -> JudgedTest:
        self.say(f"running the suite with {judged.test} alone")
        troubles = [trouble for seed in self.seeds if (trouble := await self._failed_with([judged], seed))]
        count = self.request.repeats
        judged = replace(judged, repeats=judged.repeats + count, failed_repeats=len(troubles))
        if troubles:
            return replace(judged, reasons=(f"in {len(troubles)} of {count} repeats in the suite {troubles[0].words}",))
        return judged

    async def _together(self, judged: Sequence[JudgedTest]) -> Sequence[JudgedTest]:
        """Refuse what makes others fail that are good without it, until those that are kept all pass in one process."""
        while kept := [each for each in judged if each.is_kept]:
            found = [(seed, trouble) for seed in self.seeds if (trouble := await self._failed_with(kept, seed))]
            if not found:
                break
            seed, trouble = found[0]
            self.say(f"looking for what makes {trouble.test} fail")
            victims = [each for each in kept if each.test == trouble.test]
            guilty = kept[-1]
            for each in kept:
                if each not in victims and (victims and await self._failed_with([each, *victims], seed)):
                    guilty = each
                    break
            reason = f"in one process with other tests that are good it makes {trouble.test} fail"
            judged = [replace(each, reasons=(reason,)) if each is guilty else each for each in judged]
        return judged

    async def _failed_with(self, tests: Sequence[JudgedTest], seed: int) -> _Trouble | None:
        """What goes wrong in the suite in this order, and did not without the tests."""
        seen = await self.runs.run(files=self._files(tests), only=_only(tests), seed=seed)
        wanted = {each.test for each in tests}
        outcomes = {_function(name): outcome for name, outcome in seen.outcomes.items()}
        if absent := sorted(wanted - outcomes.keys()):
            return _Trouble(absent[0], f"it did not run: {why(seen)}")
        bad = _bad(seen)
        skipped = {name for name, outcome in seen.outcomes.items() if outcome is TestOutcome.SKIPPED}
        if own := sorted(name for name in bad | skipped if _function(name) in wanted):
            return _Trouble(_function(own[0]), f"it fails ({why(seen)})")
        others = bad - await self._control(seed) if bad else frozenset()
        return _Trouble(min(others), f"it makes {min(others)} fail") if others else None

    async def _control(self, seed: int) -> frozenset[str]:
        if seed not in self.controls:
            self.controls[seed] = _bad(await self.runs.run(files={}, seed=seed))
        return self.controls[seed]

    async def coverage_with(self, tests: Sequence[JudgedTest]) -> float | None:
        """Percent of statements that run with these tests in the suite; ``None`` where that cannot be told."""
        seen = await self.runs.run(files=self._files(tests), only=_only(tests), is_traced=True)
        return percent(seen)

    async def cut(self, judged: Sequence[JudgedTest]) -> tuple[Sequence[JudgedTest], Mapping[str, str], Seen | None]:
        """The files without what was refused, run as they will lie in the project.

        Where a file cannot be cut so that exactly its good tests are left, and pass, none of it is kept.
        """
        while kept := [each for each in judged if each.is_kept]:
            wanted = {each.test for each in kept}
            texts = {name: self._without(name, judged) for name in _only(kept)}
            uncut = [name for name, text in texts.items() if text is None]
            seen = None
            if not uncut:
                whole = {name: text for name, text in texts.items() if text is not None}
                seen = await self.runs.run(files=whole, seed=self.request.seed, is_traced=True)
                passed = {_function(name) for name, outcome in seen.outcomes.items() if outcome is TestOutcome.PASSED}
                ran = {_function(name) for name in seen.outcomes if name.partition("::")[0] in whole}
                uncut = sorted({test.partition("::")[0] for test in (wanted - passed) | (ran - wanted)})
                if not uncut and seen.state is State.PASSED:
                    return judged, whole, seen
                uncut = uncut or list(whole)
            reason = "what was refused of its file cannot be taken out so that this test is left, and passes"
            judged = [
                replace(each, reasons=(reason,)) if each.is_kept and each.test.partition("::")[0] in uncut else each
                for each in judged
            ]
        return judged, {}, None

    def _without(self, name: str, judged: Sequence[JudgedTest]) -> str | None:
        refused = {each.test.partition("::")[2] for each in judged if not each.is_kept and each.test.startswith(name)}
        return without_tests(self.texts[name], refused) if refused else self.texts[name]

    def _files(self, tests: Sequence[JudgedTest]) -> Mapping[str, str]:
        return {name: self.texts[name] for name in _only(tests)}


async def check_tests(request: CheckRequest, say: Say) -> CoverageCheck:
    """Judge every test of the files.

    Raises:
        EnvironmentUnfit: The project's own tests cannot be run here, or do not pass by themselves.
    """
    began = time.monotonic()
    texts, refused = {}, list[JudgedTest]()
    for name in request.files:
        text = request.texts.get(name)
        if not is_test_file(name):
            refused.append(JudgedTest(name, ("it is no test file, and nothing else may be touched",)))
            continue
        if text is None:
            text = await off_loop(
                partial(text_in, request.target, name), within_s=LOOK_TIME_S, what="the look at a test"
            )
        if text is None:
            refused.append(JudgedTest(name, ("it cannot be read as a file of the project",)))
        else:
            texts[name] = text
    async with open_bench(request, say) as bench:
        before, coverage = bench.before, percent(bench.before)
        judge = _Judge(request, bench.runs, texts, say, before, before.missing or {})
        judged: list[JudgedTest] = refused
        for name in texts:
            judged += await judge.file(name)
        judged = list(await judge.in_suite(judged))
        after, kept_texts = coverage, dict[str, str]()
        if request.cuts:
            found, whole, seen = await judge.cut(judged)
            judged, kept_texts = list(found), dict(whole)
            after = percent(seen) if seen is not None else coverage
        elif kept := [each for each in judged if each.is_kept]:
            after = await judge.coverage_with(kept)
    notes = bench.notes
    if after is None:
        notes = (*notes, "the coverage with the kept tests could not be measured")
    return CoverageCheck(
        tuple(judged),
        coverage or 0.0,
        (coverage or 0.0) if after is None else after,
        request.seed,
        notes,
        time.monotonic() - began,
        kept_texts,
        bench.tree.tree,
    )


def _only(tests: Sequence[JudgedTest]) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    for each in tests:
        file, _, name = each.test.partition("::")
        found.setdefault(file, []).append(name)
    return found


def _function(test: str) -> str:
    """A test's name without its parameters."""
    file, separator, name = test.partition("::")
    return file + separator + name.partition("[")[0]


def _assertion_reasons(written: WrittenTest | None) -> list[str]:
    if written is None:
        return ["its source is not in the file, so nobody can see what it asserts"]
    if written.assertions:
        return []
    if written.empty:
        lines = ", ".join(map(str, written.empty))
        return [f"its assertions cannot fail, whatever the code does (line {lines})"]
    return ["it asserts nothing"]


def _run_reasons(seen: Seen) -> list[str]:
    if _skipped(seen):
        return ["it is skipped or expected to fail, so it shows nothing"]
    return [] if seen.state is State.PASSED else [f"it does not pass: {why(seen)}"]


def _trespasses(seen: Seen, before: Seen) -> list[str]:
    """What no test may do, and what the project's own tests do not do either."""
    reasons = []
    if edited := [name for name in seen.edited if name not in before.edited]:
        reasons.append(f"it writes files of the project: {one_line(', '.join(edited[:3]), 200)}")
    if network := [host for host in seen.network if host not in before.network]:
        reasons.append(f"it asks for the network: {one_line(', '.join(network[:3]), 200)}")
    return reasons


def _skipped(seen: Seen) -> bool:
    return bool(seen.outcomes) and TestOutcome.SKIPPED in seen.outcomes.values()


def _bad(seen: Seen) -> frozenset[str]:
    bad = (TestOutcome.FAILED, TestOutcome.ERROR)
    return frozenset(name for name, outcome in seen.outcomes.items() if outcome in bad)
