"""Run the tests of a target where nothing of theirs stays: found anew each time, on a throw-away layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path
from typing import Final

import anyio

from orchestrator.coordinator.interpreters import Interpreters, with_folders
from orchestrator.coordinator.project_files import CheckedOutFiles, ProjectFiles
from orchestrator.coordinator.suite_runs import SUITE_TIME_S, run_suite
from orchestrator.errors import EnvironmentUnfit
from orchestrator.files.time_limits import off_loop
from orchestrator.models.suite_measurements import SuiteMeasured, SuitesMeasured
from orchestrator.sandbox.layers import Bench, Layer, open_layer
from orchestrator.suites.detection import detect
from orchestrator.suites.results import State, SuiteResult
from orchestrator.suites.suite import Detection, Suite
from orchestrator.value_class import value_class

FIND_TIME_S: Final = 60.0
"""Longest look for suites."""
MOST_NOT_TAKEN: Final = 20
MOST_REASON_CHARS: Final = 2_000


@value_class
class SuiteOutcomes:
    """The suites that were found in a target, and the result of each."""

    detection: Detection = field(default_factory=Detection)
    results: tuple[SuiteResult, ...] = ()
    """One a suite, in the order of the detection; empty where nothing could be run at all."""
    problem: str | None = None
    """Why nothing could be run, although suites were found."""

    @property
    def measured(self) -> SuitesMeasured:
        """The results as plain values, without the single tests."""
        by_name = {result.suite: result for result in self.results}
        suites = tuple(_measured(suite, by_name.get(suite.name), self.problem) for suite in self.detection.suites)
        not_taken = tuple(f"{left.what} ({left.found}): {left.why}" for left in self.detection.not_taken)
        return SuitesMeasured(suites, not_taken[:MOST_NOT_TAKEN], self.problem)


def _measured(suite: Suite, result: SuiteResult | None, problem: str | None) -> SuiteMeasured:
    if result is None:
        why = problem or "it was not run"
        return SuiteMeasured(suite.name, suite.command, suite.found, "not measured", why, interpreter=suite.interpreter)
    counts = result.counts
    return SuiteMeasured(
        *(suite.name, suite.command, suite.found, result.state.value, result.reason[:MOST_REASON_CHARS]),
        *(counts.passed, counts.failed, counts.errors, counts.skipped, suite.interpreter),
    )


@value_class
class TargetTests:
    """The tests of one target.

    Args:
        environ: what they see of the environment: agents may have written them, so it holds no secret.
        stated: the commands that the project stated in its settings before any agent came.
        trusts_project: whether a person has consented to those settings; what else they say is not looked at.
    """

    target: Path
    bench: Bench
    environ: Mapping[str, str]
    stated: tuple[str, ...] = ()
    trusts_project: bool = True

    async def run(self, *, within_s: float | None = None) -> SuiteOutcomes:
        """Find every suite as the target lies now, and run each on a layer; whatever goes wrong is an answer.

        Args:
            within_s: for all of them together; what has not ended by then is not measured.
        """
        return await self._run(ProjectFiles(self.target), None, (), within_s=within_s)

    async def run_on(self, checkout: Path, shared: Sequence[str], *, within_s: float) -> SuiteOutcomes:
        """Run the tests of an earlier state of the target.

        Args:
            checkout: a folder of ours, which is thrown away.
            shared: what is seen in it of the target as that lies, by name.
        """
        files = CheckedOutFiles(checkout, self.target, shared)
        return await self._run(files, checkout, shared, within_s=within_s)

    async def _run(
        self, files: ProjectFiles, tree: Path | None, borrowed: Sequence[str], *, within_s: float | None
    ) -> SuiteOutcomes:
        def look() -> tuple[Detection, tuple[str, ...]]:
            return Interpreters(self.environ).given(detect(files, stated=self.stated), files)

        try:
            detection, folders = await off_loop(look, within_s=FIND_TIME_S, what="the look for tests")
        except OSError as error:
            return SuiteOutcomes(problem=f"the tests could not be looked for: {error}")
        if not detection.suites:
            return SuiteOutcomes(detection)
        bench = replace(self.bench, environ=with_folders(self.bench.environ, folders))
        try:
            async with open_layer(self.target, bench, tree=tree, borrowed=borrowed) as layer:
                return SuiteOutcomes(detection, tuple(await self._run_all(detection.suites, layer, within_s)))
        except EnvironmentUnfit as error:
            return SuiteOutcomes(detection, problem=error.message)

    async def _run_all(self, suites: Sequence[Suite], layer: Layer, within_s: float | None) -> list[SuiteResult]:
        results: list[SuiteResult] = []
        deadline = None if within_s is None else anyio.current_time() + within_s
        for suite in suites:
            left = SUITE_TIME_S if deadline is None else min(SUITE_TIME_S, deadline - anyio.current_time())
            if left <= 0:
                results.append(SuiteResult(suite.name, State.NOT_MEASURED, "the time for all suites was over"))
                continue
            results.append(
                await run_suite(
                    suite,
                    target=layer.at,
                    scratch=self.bench.scratch,
                    wrap=layer.wrap,
                    environ=self.environ,
                    within_s=left,
                )
            )
        return results
