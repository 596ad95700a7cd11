"""Say whether a project is ready for a release: gates measure and decide, agents look at what tools cannot see.

The names, defaults and errors are those of spec 002; the report has the shape of spec 001.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, Final

import anyio

from orchestrator.composition.agent_nodes import strategy_node
from orchestrator.coordinator.project_trust import SETTINGS_TIME_S, trusted_settings
from orchestrator.errors import EnvironmentUnfit, ExitCode, OrchestrateError
from orchestrator.files.time_limits import in_time
from orchestrator.gates.gate_table import all_gates
from orchestrator.gates.gate_verdicts import Rules, figure
from orchestrator.gates.performance import GATE as PERFORMANCE
from orchestrator.measurement.gate_run import LOOK_TIME_S, GateRequest, measure
from orchestrator.measurement.project_tree import look_at
from orchestrator.measurement.proof_runs import proof_runs
from orchestrator.models.agent_template import AgentTemplate
from orchestrator.models.plan_tree import AgentResult, Strategy
from orchestrator.models.quality_gates import Confidence, GateReport, GateState, QualityGate
from orchestrator.orchestration.agent_templates import get_template
from orchestrator.orchestration.context_data import checked_context
from orchestrator.orchestration.execution_strategies import order_of
from orchestrator.orchestration.session_call import call_session, seconds_of
from orchestrator.quotation import one_line
from orchestrator.rehearsal.installing import default_cache
from orchestrator.safety.sandbox_policy_files import load_sandbox_policy
from orchestrator.settings.settings_files import load_settings
from orchestrator.value_class import value_class
from orchestrator.workflows.agent_points import GRAVE, Point, confirmed, is_there, points_of
from orchestrator.workflows.reproduction import (
    ANSWER,
    Reproducer,
    Reproduction,
    proofs_for,
    proofs_of,
    reproduced,
)

__all__ = ["OrchestratedReleasePrepWorkflow", "QualityGate", "ReleaseReadinessReport"]

AGENTS: Final = ("security_auditor", "test_coverage_analyzer", "code_reviewer", "documentation_writer")
WHERE_A_BUDGET_IS_STATED: Final = "performance_optimizer"
TASK: Final = (
    "Say what stands against releasing this project. Tools have measured it; their figures are below. Look at what "
    "tools cannot see, point at file and line for each finding, and change nothing. A finding that is critical or high "
    "keeps the release back only where it is proved: give its proof among `proofs`. The coordinator runs it in a "
    "sandbox, on the project as it is and with your changes; one that fails in any case proves nothing."
)
GATES_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "min_coverage": ("coverage", "javascript-coverage", "go-coverage"),
    "min_quality_score": ("quality",),
    "max_critical_issues": ("security",),
    "min_doc_coverage": ("documentation",),
}
"""The gates whose threshold each of the specification's names sets."""
_MOST: Final = {"min_coverage": 100.0, "min_quality_score": 10.0, "min_doc_coverage": 100.0}
_LABELS: Final = {
    "security": "Security",
    "coverage": "Test Coverage",
    "quality": "Code Quality",
    "documentation": "Documentation",
}
_LINE, _RULE = "=" * 70, "-" * 70
_MARKS: Final = {GateState.PASS: "✅", GateState.FAIL: "❌", GateState.NOT_MEASURED: "❔"}

Say = Callable[[str], None]


def _silent(_text: str) -> None:
    """Say nothing: what a caller of the Python API hears."""


@dataclass
class ReleaseReadinessReport:
    """Whether the project may be released, and why."""

    approved: bool
    confidence: str
    """Of the measurement: ``high`` where every gate was measured and passed, ``medium`` where one warns or an agent
    gave no result, ``low`` else.  What agents find and nobody reproduced takes nothing from it."""
    quality_gates: list[QualityGate] = field(default_factory=list)
    agent_results: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By agent: ``success``, ``output``, ``confidence``, ``duration_seconds``, ``error``, ``agent`` (the CLI)."""
    blockers: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    summary: str = ""
    timestamp: str = field(default_factory=lambda: datetime.now(UTC).isoformat())
    total_duration: float = 0.0
    """Seconds."""
    session: str = ""
    """In which the agents looked; empty without agents."""
    measured: GateReport | None = None
    """All that the gates measured."""

    def to_dict(self) -> dict[str, Any]:
        """The report as values that JSON has."""
        return {
            "approved": self.approved,
            "confidence": self.confidence,
            "quality_gates": [gate.model_dump(mode="json") for gate in self.quality_gates],
            "agent_results": self.agent_results,
            "blockers": self.blockers,
            "warnings": self.warnings,
            "summary": self.summary,
            "timestamp": self.timestamp,
            "total_duration": self.total_duration,
            "session": self.session,
            "tree": self.measured.tree if self.measured is not None else "",
        }

    def format_console_output(self) -> str:
        """The report for people, as spec 001 shows it."""
        status = "✅ READY FOR RELEASE" if self.approved else "❌ NOT READY FOR RELEASE"
        lines = [_LINE, "RELEASE READINESS REPORT (Meta-Orchestrated)", _LINE, ""]
        lines += [f"Status: {status}", f"Confidence: {self.confidence.upper()}", f"Generated: {self.timestamp}"]
        lines += [f"Duration: {self.total_duration:.2f}s", "", _RULE, "QUALITY GATES", _RULE]
        lines += [_gate_line(gate) for gate in self.quality_gates]
        for heading, texts in (("BLOCKERS", self.blockers), ("WARNINGS", self.warnings)):
            if texts:
                lines += ["", _RULE, heading, _RULE, *(f"  • {text}" for text in texts)]
        lines += ["", _RULE, f"AGENTS EXECUTED ({len(self.agent_results)})", _RULE]
        for name, result in self.agent_results.items():
            mark, error = ("✅", "") if result["success"] else ("❌", f" ({result['error']})")
            lines.append(f"{mark} {name}: {result['duration_seconds']:.2f}s{error}")
        return "\n".join(lines)


class OrchestratedReleasePrepWorkflow:
    """Gates, and the agents of spec 001 beside them.

    Args:
        quality_gates: Thresholds other than :data:`DEFAULT_QUALITY_GATES`; one that is given blocks.
        agent_ids: Templates other than the four of spec 001; an empty list measures alone.

    Raises:
        ValueError: A threshold or an agent cannot be meant.
    """

    DEFAULT_QUALITY_GATES: ClassVar[dict[str, float]] = {
        "min_coverage": 80.0,
        "min_quality_score": 7.0,
        "max_critical_issues": 0.0,
        "min_doc_coverage": 100.0,
    }

    def __init__(self, quality_gates: dict[str, float] | None = None, agent_ids: list[str] | None = None) -> None:
        self._given = _checked_thresholds(quality_gates)
        self.quality_gates = {**self.DEFAULT_QUALITY_GATES, **self._given}
        self.agent_ids = None if agent_ids is None else list(agent_ids)
        self._templates = [_template(name) for name in self.agent_ids or ()]

    async def execute(self, path: str = ".", context: dict[str, Any] | None = None) -> ReleaseReadinessReport:
        """Measure the project, have the agents look at it, and say what follows.

        Args:
            context: As for a strategy's ``execute``: ``rehearse``, ``consent``, ``timeout_seconds``.

        Raises:
            ValueError: The path is no project, or the context cannot be meant.
            OrchestrateError: Nothing could be measured, or no session could be begun.
        """
        return await prepare_release(self, path, context or {}, ReleaseOptions(), _silent)


@value_class
class ReleaseOptions:
    """What a command line can say besides."""

    strict: bool = False
    allow_unmeasured: frozenset[str] = frozenset()
    trust_project: bool = False
    is_offline: bool = False
    python: Path | None = None
    sandbox: str = "default"
    osv_url: str = ""


async def prepare_release(
    workflow: OrchestratedReleasePrepWorkflow, path: str, context: Mapping[str, Any], options: ReleaseOptions, say: Say
) -> ReleaseReadinessReport:
    """What :meth:`OrchestratedReleasePrepWorkflow.execute` does, told what a command line can say besides."""
    target = project_folder(path)
    data = checked_context(dict(context))
    seconds_of("context['timeout_seconds']", data.get("timeout_seconds"))
    started = time.monotonic()
    request = _gate_request(target, workflow._given, options)
    report = await measure(request, say)
    templates = _agents(workflow, has_budget=bool(request.settings.budget))
    results: Sequence[AgentResult] = ()
    session, problems = "", list[str]()
    if templates:
        say(f"{len(templates)} agents look at what tools cannot see")
        try:
            session, results, problems = await _looked_at(target, templates, data, report)
        except OrchestrateError as error:
            # No agent, no login, no money left: it is for a person, and the gates have spoken without it.
            if error.exit_code != ExitCode.NEEDS_PERSON:
                raise
            problems = [one_line(f"no agent looked at what tools cannot see: {error.message}", 600)]
    files = _files(target) if results else frozenset[str]()
    tried, unfit = await _tried(request, results, files, say)
    found = _report(report, results, [*problems, *unfit], files=files, tried=tried)
    found.session, found.total_duration = session, time.monotonic() - started
    return found


async def _looked_at(
    target: Path, templates: Sequence[AgentTemplate], data: Mapping[str, Any], report: GateReport
) -> tuple[str, Sequence[AgentResult], list[str]]:
    # Nobody changes what has just been measured: here all of them read.
    asked = [replace(each, access="read", answer={**each.answer, **ANSWER}) for each in templates]
    plan = strategy_node(Strategy.PARALLEL, asked)
    figures = [_figure_words(gate) for gate in report.gates]
    order = order_of(plan, {"task": TASK, **data, "path": str(target), "measured": figures}, os.environ)
    timeout_s = seconds_of("context['timeout_seconds']", data.get("timeout_seconds"))
    try:
        with anyio.fail_after(timeout_s):
            done = await call_session(order, writes=False, environ=os.environ)
    except TimeoutError:
        return "", (), [f"the agents were stopped: their {timeout_s:g} s are over"]
    results = done.result.outputs if done.result is not None else done.partial
    problems = [] if done.outcome == "done" else [f"the agents' session {done.session}: {done.reason}"]
    problems += [f"{each.agent_id} gave no result: {each.error}" for each in results if not each.success]
    return done.session, results, problems


async def _tried(
    request: GateRequest, results: Sequence[AgentResult], files: Collection[str], say: Say
) -> tuple[Mapping[Point, Reproduction], list[str]]:
    """What came of the proofs of grave findings that no second vendor shares, and why none could be run."""
    points = [point for point in points_of(results) if is_there(point, files)]
    agreed = confirmed(points)
    grave = [point for point in points if point.severity in GRAVE and point not in agreed]
    proofs = [proof for each in results if each.success for proof in proofs_of(each)]
    wanted = [point for point in grave if proofs_for(point, proofs)]
    if not wanted:
        return {}, []
    say(f"running the proofs of {len(wanted)} findings")
    try:
        async with proof_runs(
            request.target,
            sandbox=request.sandbox,
            environ=request.environ,
            cache=request.cache,
            python=request.python,
            stated=request.stated,
        ) as runs:
            return await reproduced(Reproducer(runs, files), wanted, proofs), []
    except (EnvironmentUnfit, TimeoutError, OSError) as error:
        return {}, [f"no proof of a finding could be run: {error}"]


def _files(target: Path) -> frozenset[str]:
    """The project's files, as agents name them."""
    tree = in_time(lambda: look_at(target), within_s=LOOK_TIME_S, what="the look at the project")
    return frozenset(tree.names)


def _report(
    report: GateReport,
    results: Sequence[AgentResult],
    problems: Sequence[str],
    *,
    files: Collection[str],
    tried: Mapping[Point, Reproduction] | None = None,
) -> ReleaseReadinessReport:
    """Conclude: the gates decide; a grave finding blocks only where it was reproduced, or a second vendor shares it."""
    told, tried = points_of(results), tried or {}
    points = [point for point in told if is_there(point, files)]
    agreed = confirmed(points)
    proved = [point for point, found in tried.items() if found.is_reproduced]
    grave = [*agreed, *proved]
    nowhere = [point for point in told if point not in points]
    problems = [*problems, *(f"{point.words()} (the project has no such file)" for point in nowhere)]
    blockers = [
        *report.blockers,
        *(f"{point.words()} (another vendor points there, too)" for point in agreed),
        *(f"{point.words()} (reproduced: {tried[point].reason})" for point in proved),
    ]
    others = [point for point in points if point not in grave]
    unproved = [f"{point.words()} (nobody reproduced it{_why_not(tried.get(point))})" for point in others]
    warnings = [*report.warnings, *problems, *unproved]
    confidence: Confidence = report.confidence
    if problems and confidence == "high":
        confidence = "medium"
    passed = sum(gate.state is GateState.PASS for gate in report.gates)
    verdict = "ready for release" if not blockers else f"not ready: {len(blockers)} blockers"
    return ReleaseReadinessReport(
        approved=report.approved and not grave,
        confidence=confidence if not grave else "low",
        quality_gates=list(report.gates),
        agent_results={each.agent_id: agent_row(each) for each in results},
        blockers=blockers,
        warnings=warnings,
        summary=f"{verdict}; {passed} of {len(report.gates)} gates pass; {len(results)} agents looked",
        measured=report,
    )


def _why_not(found: Reproduction | None) -> str:
    return f": {found.reason}" if found is not None else ""


def agent_row(result: AgentResult) -> dict[str, Any]:
    """One agent's result, as reports hold it."""
    return {
        "success": result.success,
        "output": dict(result.output),
        "confidence": result.confidence,
        "duration_seconds": result.duration_s,
        "error": result.error,
        "agent": str(result.agent or ""),
    }


def _gate_request(target: Path, given: Mapping[str, float], options: ReleaseOptions) -> GateRequest:
    gates, problems = all_gates()
    sandbox = load_sandbox_policy(options.sandbox)
    trusted = in_time(
        lambda: trusted_settings(target, os.environ, trust=options.trust_project, policy=sandbox.name),
        within_s=SETTINGS_TIME_S,
        what="the look at the project's settings",
    )
    settings = load_settings(target if trusted.digest else None).gates
    thresholds = {name: value for key, value in given.items() for name in GATES_OF[key]}
    if settings.budget:
        # A budget is a threshold that somebody has set.
        thresholds.setdefault(PERFORMANCE.name, PERFORMANCE.threshold)
    return GateRequest(
        target=target,
        gates=tuple(gates.values()),
        sandbox=sandbox,
        environ=os.environ,
        cache=default_cache(),
        rules=Rules(thresholds=thresholds, strict=options.strict, allow_unmeasured=options.allow_unmeasured),
        python=options.python,
        stated=trusted.commands,
        settings=settings,
        osv_url=options.osv_url,
        is_offline=options.is_offline,
        is_whole=True,
        notes=(*trusted.warnings, *problems),
    )


def _agents(workflow: OrchestratedReleasePrepWorkflow, *, has_budget: bool) -> Sequence[AgentTemplate]:
    if workflow.agent_ids is not None:
        return workflow._templates
    return [_template(name) for name in (*AGENTS, *((WHERE_A_BUDGET_IS_STATED,) if has_budget else ()))]


def _template(name: str) -> AgentTemplate:
    template = get_template(name)
    if template is None:
        raise ValueError(f"there is no agent template {name!r}; orchestrate templates lists them")
    return template


def _checked_thresholds(given: object) -> dict[str, float]:
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise ValueError(f"quality_gates must be a dict of thresholds, not {type(given).__name__}")
    for key, value in given.items():
        if key not in GATES_OF:
            raise ValueError(f"there is no quality gate {key!r}; there are {', '.join(GATES_OF)}")
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise ValueError(f"quality_gates[{key!r}] must be a number, not {value!r}")
        if not 0 <= value <= _MOST.get(key, math.inf):
            raise ValueError(f"quality_gates[{key!r}] is out of range: {value}")
    return {key: float(value) for key, value in given.items()}


def project_folder(path: object) -> Path:
    """The project that a path names.

    Raises:
        ValueError: It names none.
    """
    if not isinstance(path, str | os.PathLike) or not str(path):
        raise ValueError(f"path must name a folder, not {path!r}")
    found = Path(os.path.realpath(Path(path).expanduser()))
    if not found.is_dir():
        raise ValueError(f"path is no folder: {found}")
    return found


def _figure_words(gate: QualityGate) -> str:
    if gate.actual is None:
        return f"{gate.name}: not measured ({gate.message})"
    bound = figure(gate.threshold, gate.direction)
    return f"{gate.name}: {gate.state} ({figure(gate.actual, gate.direction)}, {gate.direction} {bound})"


def _gate_line(gate: QualityGate) -> str:
    label = _LABELS.get(gate.name, gate.name.replace("-", " ").title())
    if gate.actual is None:
        return f"{_MARKS[gate.state]} {label}: NOT MEASURED ({gate.message})"
    figures = f"(actual: {gate.actual:.1f}, threshold: {gate.threshold:.1f})"
    if gate.state is GateState.FAIL and not gate.blocks:
        return f"⚠️  {label}: {'below' if gate.direction == 'at least' else 'above'} threshold {figures}"
    return f"{_MARKS[gate.state]} {label}: {str(gate.state).upper()} {figures}"


def as_json(report: ReleaseReadinessReport) -> str:
    """The report as one JSON document."""
    return json.dumps(report.to_dict(), ensure_ascii=False, indent=2)
