"""Raise a project's test coverage: measure the gaps, have agents write tests for them, keep what is proven.

The names, defaults and errors are those of spec 002.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import anyio

from orchestrator.composition.agent_nodes import agent_node
from orchestrator.models.agent_template import AgentTemplate, ResourceRequirements
from orchestrator.models.plan_tree import GateNode, Strategy, StrategyNode
from orchestrator.orchestration.agent_templates import get_template
from orchestrator.orchestration.config_store import AgentConfiguration, ConfigurationStore
from orchestrator.orchestration.context_data import checked_context
from orchestrator.orchestration.execution_strategies import order_of
from orchestrator.orchestration.session_call import call_session
from orchestrator.orchestration.session_order import SessionOrder, SessionReport
from orchestrator.rehearsal.installing import default_cache
from orchestrator.safety.sandbox_policy_files import load_sandbox_policy
from orchestrator.value_class import value_class
from orchestrator.workflows.boost_gate import GATE
from orchestrator.workflows.boost_report import BoostReport
from orchestrator.workflows.coverage_bench import BenchRequest
from orchestrator.workflows.coverage_gaps import MOST_TOLD, CoverageState, measure_coverage
from orchestrator.workflows.proven_tests import FOLDER_LINE, PATCH_FILE, BoostOrder, order_text, proven_in

__all__ = ["TestCoverageBoostWorkflow"]

BUDGET_S: Final = 1_800.0
ROUNDS: Final = 3
SHARE_FOR_LAST: Final = 0.1
"""Of the budget: so much is left for measuring what came of it."""
OF_BOOST: Final = frozenset({"path", "budget_seconds", "current_coverage", "python"})
"""Keys of a context that are no news for agents."""
PROCESS: Final = "orchestrator.workflows.boost_session"
SCENARIO: Final = Path(__file__).parent / "rehearsed_boost.toml"
"""What the agents of a rehearsal answer."""
TASK: Final = (
    "Raise the test coverage of this project. The lines that no test runs have been measured; they stand below. "
    "Every test that is written is run on the project itself, and kept only if it passes every time, runs lines that "
    "no other test runs, asserts what they do, and notices when they are changed."
)
WRITER: Final = AgentTemplate(
    id="test_generator",
    role="Test Writer",
    capabilities=["suggest_tests"],
    tier_preference="CAPABLE",
    tools=["pytest"],
    access="write",
    default_instructions=(Path(__file__).parent / "test_writer.md").read_text(encoding="utf-8").strip(),
    quality_gates={},
    resource_requirements=ResourceRequirements(
        min_tokens=2_000, max_tokens=60_000, timeout_seconds=900, memory_mb=1_024
    ),
    answer={
        "files": {"type": "array", "items": {"type": "string"}, "description": "The test files that you wrote."},
        "left_out": {"type": "string", "description": "What you did not test, and why; empty where nothing."},
    },
)

Say = Callable[[str], None]


def _silent(_text: str) -> None:
    """Say nothing: what a caller of the Python API hears."""


class TestCoverageBoostWorkflow:
    """An analyst finds what matters, a writer writes tests, and each of them is proven or refused, round by round.

    Args:
        target_coverage: In percent.
        project_root: The project; nothing is written in it.
        save_patterns: Keep the team in the configuration store of the current folder where it has done what it was for.

    Raises:
        ValueError: One of them cannot be meant.
    """

    __test__ = False
    """It is no test, whatever pytest thinks of its name."""

    def __init__(self, target_coverage: float = 80.0, project_root: str = ".", save_patterns: bool = True) -> None:
        self.target_coverage = checked_percent("target_coverage", target_coverage)
        self.project_root = checked_project(project_root)
        if not isinstance(save_patterns, bool):
            raise ValueError(f"save_patterns must be True or False, not {save_patterns!r}")
        self.save_patterns = save_patterns

    async def execute(self, context: dict[str, Any] | None = None) -> dict[str, Any]:
        """Boost the coverage; docs/workflows.md says what the result holds.

        Args:
            context: ``current_coverage``, ``priority_modules``, ``budget_seconds``, ``python`` (the interpreter of
                the project's tests); else as for a strategy's ``execute``: ``rehearse``, ``consent``.

        Raises:
            ValueError: The context cannot be meant.
            OrchestrateError: The project's tests cannot be run, or no session could be begun.
        """
        data = checked_context(context or {})
        options = BoostOptions(budget_s=_budget(data), python=_python(data))
        report = await boost_coverage(self.target_coverage, self.project_root, data, options, _silent)
        if self.save_patterns and report.success and report.kept and not report.is_rehearsal:
            _save_pattern(report)
        return report.to_dict()


@value_class
class BoostOptions:
    """What a command line can say besides."""

    agents: tuple[str, ...] | None = None
    """CLIs; ``None``: every one there is; empty: none, so that gaps are measured and nothing is written."""
    budget_s: float = BUDGET_S
    rounds: int = ROUNDS
    repeats: int = 10
    mutants: int = 20
    sample: int = 20
    seed: int = 1
    within_s: float = 300.0
    python: Path | None = None
    sandbox: str = "default"
    is_target_stated: bool = False


async def boost_coverage(
    target_coverage: float, project: Path, context: dict[str, Any], options: BoostOptions, say: Say
) -> BoostReport:
    """What :meth:`TestCoverageBoostWorkflow.execute` does, told what a command line can say besides.

    Raises:
        ValueError: The context cannot be meant.
        EnvironmentUnfit: The project's tests cannot be run here, or do not pass.
    """
    data = checked_context(context)
    stated, priority = stated_coverage(data), priority_modules(data)
    began, is_gaps_only = time.monotonic(), options.agents == ()
    clock = time.time()
    if not is_gaps_only:
        # What cannot be meant is refused before anything takes its time.
        _order(project, data, options, None, "")
    until = began + options.budget_s
    request = BenchRequest(
        target=project,
        sandbox=load_sandbox_policy(options.sandbox),
        environ=os.environ,
        cache=default_cache(),
        python=options.python,
        seed=options.seed,
        within_s=options.within_s,
    )
    before = await measure_coverage(
        request, say, priority=priority, sample=options.sample, is_over=lambda: time.monotonic() > until
    )
    report = BoostReport(
        target_coverage=target_coverage,
        before=before,
        is_gaps_only=is_gaps_only,
        is_target_stated=options.is_target_stated,
        is_out_of_time=time.monotonic() > until,
        stated_coverage=stated,
    )
    if is_gaps_only or report.is_target_reached or report.is_out_of_time:
        return replace(report, duration_s=time.monotonic() - began)
    order = BoostOrder(
        target_coverage=target_coverage,
        coverage=before.coverage,
        tree=before.tree,
        digests=before.digests,
        # The file that is being judged then is judged to its end, before the session is stopped.
        until=clock + options.budget_s * (1 - 2 * SHARE_FOR_LAST),
        repeats=options.repeats,
        mutants=options.mutants,
        seed=options.seed,
        within_s=options.within_s,
        python=str(options.python) if options.python is not None else "",
    )
    left_s = max(1.0, options.budget_s * (1 - SHARE_FOR_LAST) - (time.monotonic() - began))
    session = _order(project, data, options, before, order_text(order))
    done, folder, is_over = await _written(session, left_s, say)
    proven = proven_in(folder) if folder is not None else None
    after = None
    if proven is not None and proven.texts:
        after = await _measured_after(replace(request, proven=proven.texts), before, priority, until, say)
    problems = [proven.problem] if proven is not None and proven.problem else []
    if done is not None and done.outcome != "done":
        problems.append(f"the session {done.session} ended {done.outcome}: {done.reason}")
    return replace(
        report,
        after=after,
        verdicts=proven.verdicts if proven is not None else (),
        session=folder.name if folder is not None else "",
        patch=str(folder / PATCH_FILE) if folder is not None else "",
        problems=tuple(problems),
        outcome=done.outcome if done is not None else "interrupted",
        is_rehearsal=session.rehearse,
        is_out_of_time=is_over or time.monotonic() > until,
        duration_s=time.monotonic() - began,
    )


async def _written(order: SessionOrder, left_s: float, say: Say) -> tuple[SessionReport | None, Path | None, bool]:
    """Have tests written and proven: the session's report and folder, and whether its time was over before its end."""
    folder: list[Path] = []

    def hear(line: str) -> None:
        if line.startswith(FOLDER_LINE):
            folder.append(Path(line.removeprefix(FOLDER_LINE)))
            say(f"what is proven is kept as it comes: orchestrate apply {folder[0].name} takes it, whatever ends this")
        else:
            say(line)

    with anyio.move_on_after(left_s) as scope:
        done = await call_session(order, writes=False, environ=os.environ, module=PROCESS, say=hear)
        return done, Path(done.folder), False
    assert scope.cancelled_caught
    return None, folder[0] if folder else None, True


async def _measured_after(
    request: BenchRequest, before: CoverageState, priority: tuple[str, ...], until: float, say: Say
) -> CoverageState:
    say("measuring the project with the tests that were kept")
    return await measure_coverage(
        request, say, priority=priority, earlier=before.mutants, is_over=lambda: time.monotonic() > until
    )


def boost_plan(rounds: int) -> StrategyNode:
    """An analyst, then a writer until the gate passes: round by round it is told what the gate found."""
    analyst = get_template("test_coverage_analyzer")
    assert analyst is not None
    loop = StrategyNode(
        Strategy.REPEAT, (agent_node(WRITER),), title="write and prove", at_most=rounds, gate=GateNode((GATE,))
    )
    return StrategyNode(Strategy.SEQUENTIAL, (agent_node(replace(analyst, access="read")), loop))


def _order(
    project: Path, data: Mapping[str, Any], options: BoostOptions, before: CoverageState | None, told: str
) -> SessionOrder:
    """The session that is asked for.

    Raises:
        ValueError: A key that says how to run cannot be meant.
        UsageError: It would cost money, and nobody has consented.
    """
    known = {key: value for key, value in data.items() if key not in OF_BOOST}
    measured: dict[str, Any] = {}
    if before is not None:
        measured["coverage"] = round(before.coverage, 1)
        measured["lines_that_no_test_runs"] = [gap.words() for gap in before.gaps[:MOST_TOLD]]
    order = order_of(
        boost_plan(options.rounds), {"task": TASK, **known, **measured, "project_root": str(project)}, os.environ
    )
    if order.rehearse and not str(data.get("rehearse")).endswith(".toml"):
        order = replace(order, scenario=SCENARIO.read_text(encoding="utf-8"))
    return replace(order, isolated=True, sandbox=options.sandbox, agents=options.agents, data=told)


def _budget(data: dict[str, Any]) -> float:
    value = data.get("budget_seconds", data.get("timeout_seconds"))
    if value is None:
        return BUDGET_S
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value <= 0:
        raise ValueError(f"context['budget_seconds'] must be a number above 0, not {value!r}")
    return float(value)


def _python(data: dict[str, Any]) -> Path | None:
    value = data.get("python")
    if value is None:
        return None
    if not isinstance(value, str) or not os.access(value, os.X_OK) or not Path(value).is_file():
        raise ValueError(f"context['python'] must name an interpreter, not {value!r}")
    return Path(value).absolute()


def _save_pattern(report: BoostReport) -> None:
    store = ConfigurationStore()
    best = store.get_best_for_task("test_coverage_boost")
    if best is None:
        team = [{"role": name, "tier": "CAPABLE"} for name in ("test_coverage_analyzer", WRITER.id)]
        gates = {"target_coverage": report.target_coverage, "min_test_quality": 8.0}
        best = AgentConfiguration("comp_test_coverage_boost_001", "test_coverage_boost", team, "sequential", gates)
    best.record_outcome(success=True, quality_score=report.test_quality * 10)
    store.save(best)


def checked_percent(name: str, value: object) -> float:
    """A figure from 0 to 100.

    Raises:
        ValueError: It is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{name} must be a number, not {value!r}")
    if not 0 <= value <= 100:
        raise ValueError(f"{name} is a percentage from 0 to 100, not {value:g}")
    return float(value)


def checked_project(path: object) -> Path:
    """The folder, resolved.

    Raises:
        ValueError: It is none.
    """
    if not isinstance(path, str | os.PathLike) or not str(path):
        raise ValueError(f"project_root must name a folder, not {path!r}")
    found = Path(os.path.realpath(Path(path).expanduser()))
    if not found.is_dir():
        raise ValueError(f"project_root is no folder: {found}")
    return found


def stated_coverage(context: dict[str, Any]) -> float | None:
    """What the caller takes the coverage for.

    Raises:
        ValueError: It is no percentage.
    """
    value = context.get("current_coverage")
    return None if value is None else checked_percent("context['current_coverage']", value)


def priority_modules(context: dict[str, Any]) -> tuple[str, ...]:
    """The modules whose gaps come first.

    Raises:
        ValueError: They are no list of names.
    """
    value = context.get("priority_modules") or []
    if not isinstance(value, list) or not all(isinstance(name, str) and name.strip() for name in value):
        raise ValueError(f"context['priority_modules'] must be a list of names, not {value!r:.80}")
    return tuple(name.strip() for name in value)
