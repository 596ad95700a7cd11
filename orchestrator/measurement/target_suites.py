"""Run the project's own tests once, in its own environment, for every gate that needs them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from orchestrator.coordinator.interpreters import Interpreters
from orchestrator.coordinator.project_files import ProjectFiles
from orchestrator.coordinator.suite_runs import observe_suite
from orchestrator.late_pattern import late_pattern
from orchestrator.models.suite_measurements import SuiteMeasured, SuitesMeasured
from orchestrator.sandbox.layers import Layer
from orchestrator.suites.detection import detect
from orchestrator.suites.results import Run, judge
from orchestrator.suites.suite import Detection, Suite
from orchestrator.value_class import value_class

FIND_TIME_S: Final = 60.0
MOST_MISSING: Final = 20
_MISSING: Final = late_pattern(rb"ModuleNotFoundError: No module named '([\w.]{1,200})'")


@value_class
class SuiteRuns:
    """The results of all suites together."""

    measured: SuitesMeasured
    missing_modules: tuple[str, ...] = ()
    command: str = ""
    duration_s: float = 0.0


@value_class
class Trace:
    """What a run needs to record which lines the tests run."""

    tool: Path
    """A folder that holds coverage.py and nothing else."""
    records: Path
    """A folder that the tests may write."""
    node: Path
    """Another, for what Node's processes write."""

    def environ(self, at: Path) -> Mapping[str, str]:
        """What asks our recorders for it; ``orchestrate_records.py`` reads it."""
        return {
            "ORCHESTRATE_COVERAGE": f"{self.tool}\n{self.records}\n{at}",
            "NODE_V8_COVERAGE": str(self.node),
        }


def found_suites(target: Path, environ: Mapping[str, str], stated: Sequence[str]) -> tuple[Detection, tuple[str, ...]]:
    """Every suite with the interpreter that the project pins, and the folders these lie in.  Blocks."""
    files = ProjectFiles(target)
    return Interpreters(environ).given(detect(files, stated=stated), files)


async def run_target_suites(
    layer: Layer,
    detection: Detection,
    *,
    environ: Mapping[str, str],
    python: Path | None,
    trace: Trace | None = None,
    within_s: float,
) -> SuiteRuns:
    """Run every suite once; whatever goes wrong is an answer.

    Args:
        environ: What the tests see; it holds no secret.
        python: An interpreter whose environment goes before the project's own.
        trace: Where to write down what the tests run; ``None``: nowhere.
    """
    began = time.monotonic()
    if trace is not None:
        environ = {**environ, **trace.environ(layer.at)}
    measured: list[SuiteMeasured] = []
    missing: dict[str, None] = {}
    for suite in detection.suites:
        chosen = suite if python is None else with_python(suite, python)
        run = await observe_suite(
            chosen,
            target=layer.at,
            scratch=layer.bench.scratch,
            wrap=layer.wrap,
            environ=environ,
            within_s=within_s,
        )
        measured.append(_measured(suite, run))
        missing.update(dict.fromkeys(missing_modules(run)))
    command = "; ".join(
        suite.command if not suite.cwd else f"cd {suite.cwd}; {suite.command}" for suite in detection.suites
    )
    suites = SuitesMeasured(tuple(measured), _not_taken(detection))
    return SuiteRuns(suites, tuple(missing)[:MOST_MISSING], command, time.monotonic() - began)


def with_python(suite: Suite, python: Path) -> Suite:
    """The suite with another interpreter in front of whatever the project keeps for itself."""
    kept = tuple(setting for setting in suite.env if setting.name != "PATH" or "venv/bin" not in setting.value)
    argv = suite.argv
    if argv[:1] == ("python3",):
        argv = (str(python), *argv[1:])
    return replace(suite, argv=argv, env=kept)


def missing_modules(run: Run) -> tuple[str, ...]:
    """Modules that the tests could not import, by their top names, in the order in which they were missed."""
    found = (match.decode("ascii").partition(".")[0] for match in _MISSING.findall(run.output))
    return tuple(dict.fromkeys(found))


def _measured(suite: Suite, run: Run) -> SuiteMeasured:
    result = judge(suite, run)
    counts = result.counts
    return SuiteMeasured(
        *(suite.name, suite.command, suite.found, result.state.value, result.reason[:2_000]),
        *(counts.passed, counts.failed, counts.errors, counts.skipped, suite.interpreter),
    )


def _not_taken(detection: Detection) -> tuple[str, ...]:
    return tuple(f"{left.what} ({left.found}): {left.why}" for left in detection.not_taken)[:20]
