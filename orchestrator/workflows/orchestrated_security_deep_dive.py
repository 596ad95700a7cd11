"""Audit a project's security: tools measure, auditors of several vendors look and debate, and proofs are run.

The specification (000) names this composition and gives it no class; this one has the shape of the others of 002.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import anyio
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from orchestrator.coordinator.project_trust import SETTINGS_TIME_S, trusted_settings
from orchestrator.errors import EnvironmentUnfit, ExitCode, InvalidFile, OrchestrateError, UsageError
from orchestrator.files.time_limits import off_loop
from orchestrator.gates.gate_table import all_gates
from orchestrator.gates.gate_verdicts import MOST_FINDINGS, Rules, sentence
from orchestrator.measurement.gate_run import LOOK_TIME_S, GateRequest, measure
from orchestrator.measurement.project_tree import look_at, reader_of_lines
from orchestrator.measurement.proof_runs import proof_runs
from orchestrator.models.identity import AgentName
from orchestrator.models.plan_tree import AgentResult, StrategyNode
from orchestrator.models.quality_gates import GateReport, GateState, QualityGate
from orchestrator.orchestration.context_data import checked_context
from orchestrator.orchestration.execution_strategies import order_of
from orchestrator.orchestration.session_call import call_session, seconds_of
from orchestrator.quotation import one_line
from orchestrator.rehearsal.installing import default_cache
from orchestrator.safety.sandbox_policy_files import load_sandbox_policy
from orchestrator.toml_files import read_toml
from orchestrator.value_class import value_class
from orchestrator.workflows.agent_points import Point
from orchestrator.workflows.compliance_profile import (
    DEFAULT,
    ItemResult,
    Profile,
    held_against,
    load_profile,
    said_of_items,
)
from orchestrator.workflows.orchestrated_release_prep import agent_row, project_folder
from orchestrator.workflows.reproduction import (
    MOST_PROOFS,
    Proof,
    Reproducer,
    Reproduction,
    proofs_for,
    proofs_of,
    reproduced,
)
from orchestrator.workflows.security_agents import PROOF_TASK, SYNTHESIZER, TASK, agents_in, audit_plan, proof_plan
from orchestrator.workflows.weakness_kinds import kind_of
from orchestrator.workflows.weaknesses import (
    SEVERITIES,
    Acceptance,
    Dispute,
    Suppressed,
    Weakness,
    accepted,
    disputes_in,
    found_by_agents,
    found_by_tools,
    merged,
    sifted,
    vendor_of,
    with_reproduction,
)

__all__ = ["SecurityDeepDiveReport", "SecurityDeepDiveWorkflow"]

TOOL_GATES: Final = ("security", "secrets", "dependencies", "modules")
CRITICAL, COMPLIANT, PLANNED = "critical-findings", "compliance", "remediation-plan"
NOBODY_LOOKED: Final = "no agent gave a result, so the tools have spoken alone; --agents none says that this is meant"
_LINE, _RULE = "=" * 70, "-" * 70
_MARKS: Final = {GateState.PASS: "✅", GateState.FAIL: "❌", GateState.NOT_MEASURED: "❔"}
_IN_PLAN: Final = frozenset(SEVERITIES[:3])
"""What the plan has to name a step for."""

Say = Callable[[str], None]


def _silent(_text: str) -> None:
    """Say nothing: what a caller of the Python API hears."""


class AcceptedWord(BaseModel):
    """A person's word in a file that a weakness may stay."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(min_length=6, max_length=64)
    """As the report names the weakness."""
    who: str = Field(min_length=1, max_length=200)
    why: str = Field(min_length=1, max_length=1_000)
    until: date | None = None
    """The last day on which it counts."""


class AcceptedFile(BaseModel):
    """What people accepted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    accepted: tuple[AcceptedWord, ...] = ()


@value_class
class PlanStep:
    """One step of the remediation plan."""

    number: int
    severity: str
    kind: str
    places: tuple[str, ...]
    step: str
    ids: tuple[str, ...]


@dataclass
class SecurityDeepDiveReport:
    """What was found, what stands behind it, what is to be done, and whether the gates pass."""

    approved: bool
    confidence: str
    """``high`` where all tools were measured and at least two vendors looked, ``medium`` where one of both, ``low``
    else."""
    quality_gates: list[QualityGate] = field(default_factory=list)
    findings: list[Weakness] = field(default_factory=list)
    suppressed: list[Suppressed] = field(default_factory=list)
    compliance: list[ItemResult] = field(default_factory=list)
    profile: str = ""
    remediation_plan: list[PlanStep] = field(default_factory=list)
    agent_results: dict[str, dict[str, Any]] = field(default_factory=dict)
    blockers: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    needs_person: list[str] = field(default_factory=list)
    """Critical and high findings that nobody verified, for a person to mend or accept; and that no agent looked, where
    some were to."""
    vendors: list[str] = field(default_factory=list)
    """Whose models looked."""
    summary: str = ""
    timestamp: str = field(default_factory=lambda: datetime.now(UTC).isoformat())
    total_duration: float = 0.0
    sessions: list[str] = field(default_factory=list)
    measured: GateReport | None = None

    @property
    def exit_code(self) -> int:
        """0 where it passes, 1 where a gate blocks, 3 where a person has to decide."""
        return 1 if self.blockers else 3 if self.needs_person else 0

    def to_dict(self) -> dict[str, Any]:
        """The report as values that JSON has."""
        return {
            "approved": self.approved,
            "confidence": self.confidence,
            "quality_gates": [gate.model_dump(mode="json") for gate in self.quality_gates],
            "findings": [each.to_dict() for each in self.findings],
            "suppressed": [each.to_dict() for each in self.suppressed],
            "profile": self.profile,
            "compliance": [each.to_dict() for each in self.compliance],
            "remediation_plan": [_step_row(each) for each in self.remediation_plan],
            "agent_results": self.agent_results,
            "vendors": self.vendors,
            "blockers": self.blockers,
            "warnings": self.warnings,
            "needs_person": self.needs_person,
            "summary": self.summary,
            "timestamp": self.timestamp,
            "total_duration": self.total_duration,
            "sessions": self.sessions,
            "tree": self.measured.tree if self.measured is not None else "",
        }

    def format_console_output(self, *, show_suppressed: bool = False) -> str:
        """The report for people, in the manner of the release's."""
        status = "✅ PASSED" if self.approved else "❌ NOT PASSED" if self.blockers else "❔ A PERSON HAS TO DECIDE"
        lines = [_LINE, "SECURITY DEEP DIVE REPORT (Meta-Orchestrated)", _LINE, ""]
        lines += [f"Status: {status}", f"Confidence: {self.confidence.upper()}", f"Generated: {self.timestamp}"]
        lines += [f"Duration: {self.total_duration:.2f}s", *_headed("QUALITY GATES")]
        lines += [f"{_MARKS[gate.state]} {_title(gate.name)}: {gate.message}" for gate in self.quality_gates]
        lines += [*_headed(f"FINDINGS ({len(self.findings)})"), *(f"  • {line}" for line in self._finding_lines())]
        for heading, texts in (
            ("BLOCKERS", self.blockers),
            ("FOR A PERSON TO DECIDE", self.needs_person),
            ("WARNINGS", self.warnings),
        ):
            if texts:
                lines += [*_headed(heading), *(f"  • {text}" for text in texts)]
        if self.remediation_plan:
            lines += _headed("REMEDIATION PLAN")
            lines += [
                f"{each.number}. {each.severity}: {each.kind}: {each.step}\n   {', '.join(each.places)}"
                for each in self.remediation_plan
            ]
        lines += _headed(f"COMPLIANCE ({self.profile})")
        lines += [f"{_MARKS[each.state]} {each.id} {each.asks} ({each.why})" for each in self.compliance]
        lines += _headed(f"SUPPRESSED ({len(self.suppressed)})")
        if show_suppressed:
            lines += [f"  • {each.words()}" for each in self.suppressed]
        elif self.suppressed:
            lines.append("  --show-suppressed lists them: rule, who, evidence")
        lines += _headed(f"AGENTS EXECUTED ({len(self.agent_results)})")
        for name, result in self.agent_results.items():
            mark, error = ("✅", "") if result["success"] else ("❌", f" ({result['error']})")
            lines.append(f"{mark} {name}: {result['duration_seconds']:.2f}s{error}")
        return "\n".join(lines)

    def _finding_lines(self) -> Sequence[str]:
        found = []
        for each in self.findings:
            notes = [f"reproduced by {each.reproduced_by}"] if each.reproduced_by else []
            notes += [f"no proof held: {each.reproduction}"] if each.reproduction and not each.reproduced_by else []
            notes += (
                [f"disputed by {', '.join(dict.fromkeys(one.who for one in each.disputes))}"] if each.disputes else []
            )
            notes += [f"accepted by {each.accepted}"] if each.accepted else []
            found.append(each.words() + (f": {'; '.join(notes)}" if notes else ""))
        return found


class SecurityDeepDiveWorkflow:
    """Tools, three focused auditors, a debate, a synthesis, and proofs by another vendor.

    Args:
        agents: Whether agents look at all; without them the tools measure alone.
        profile: The compliance profile: a name of one that comes along, or a file that ends in ``.toml``.

    Raises:
        ValueError: The profile cannot be meant.
    """

    def __init__(self, agents: bool = True, profile: str = DEFAULT) -> None:
        self.agents = bool(agents)
        try:
            self.profile = load_profile(profile)
        except (InvalidFile, UsageError) as error:
            raise ValueError(f"{error.message}; {error.hint}" if error.hint else error.message) from error

    async def execute(self, path: str = ".", context: dict[str, Any] | None = None) -> SecurityDeepDiveReport:
        """Measure, have agents look, run their proofs, and say what follows.

        Args:
            context: As for a strategy's ``execute``: ``rehearse``, ``consent``, ``timeout_seconds``.

        Raises:
            ValueError: The path is no project, or the context cannot be meant.
            OrchestrateError: Nothing could be measured, or no session could be begun.
        """
        return await dive(self, path, context or {}, DiveOptions(), _silent)


@value_class
class DiveOptions:
    """What a command line can say besides."""

    accepted: Path | None = None
    """A file with what people accepted."""
    allow_unmeasured: frozenset[str] = frozenset()
    strict: bool = False
    """An item of the profile that was not measured blocks, too."""
    trust_project: bool = False
    is_offline: bool = False
    python: Path | None = None
    sandbox: str = "default"
    osv_url: str = ""


@dataclass(slots=True)
class Looked:
    """What agents brought."""

    results: list[AgentResult] = field(default_factory=list)
    sessions: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    was_asked: bool = False
    """Whether agents were to look at all."""

    @property
    def is_empty(self) -> bool:
        """Whether agents were to look, and none gave a result."""
        return self.was_asked and not any(each.success for each in self.results)


async def dive(
    workflow: SecurityDeepDiveWorkflow, path: str, context: Mapping[str, Any], options: DiveOptions, say: Say
) -> SecurityDeepDiveReport:
    """What :meth:`SecurityDeepDiveWorkflow.execute` does, told what a command line can say besides."""
    target = project_folder(path)
    data = checked_context(dict(context))
    seconds_of("context['timeout_seconds']", data.get("timeout_seconds"))
    words = accepted_in(options.accepted, datetime.now(UTC).date())
    started = time.monotonic()
    request = await off_loop(partial(_gate_request, target, options), within_s=SETTINGS_TIME_S, what="the settings")
    measured = await measure(request, say)
    tree = await off_loop(partial(look_at, target), within_s=LOOK_TIME_S, what="the look at the project")
    auditor = Auditor(target, data, request, frozenset(tree.names), say)
    looked = Looked(was_asked=workflow.agents)
    if workflow.agents:
        say("three auditors look, each by itself, and then answer one another")
        await auditor.ask(audit_plan(workflow.profile), TASK, looked)
    found = (*found_by_tools(measured.gates), *found_by_agents(looked.results))
    weaknesses: Sequence[Weakness] = merged(found, auditor.lines)
    if looked.results:
        weaknesses = await auditor.proved(weaknesses, looked)
    judged = Judged(accepted(weaknesses, words), disputes_in(looked.results), looked)
    report = concluded(measured, workflow.profile, judged, options, files=tree.names, lines=auditor.lines)
    report.total_duration = time.monotonic() - started
    return report


@dataclass(slots=True)
class Auditor:
    """Has agents look at one project, and runs what they prove."""

    target: Path
    context: Mapping[str, Any]
    request: GateRequest
    files: Collection[str]
    say: Say
    lines: Callable[[str], Sequence[str]] = field(init=False)

    def __post_init__(self) -> None:
        self.lines = reader_of_lines(self.target)

    async def ask(self, plan: StrategyNode, task: str, looked: Looked) -> None:
        """Run one session; what goes wrong with agents is a problem that the report tells, and no error."""
        order = order_of(plan, {"task": task, **self.context, "path": str(self.target)}, os.environ)
        timeout_s = seconds_of("context['timeout_seconds']", self.context.get("timeout_seconds"))
        try:
            with anyio.fail_after(timeout_s):
                done = await call_session(order, writes=False, environ=os.environ)
        except TimeoutError:
            looked.problems.append(f"the agents were stopped: their {timeout_s:g} s are over")
            return
        except OrchestrateError as error:
            # No agent, no login, no money left: the tools have spoken without it, and the report says so.
            if error.exit_code != ExitCode.NEEDS_PERSON:
                raise
            looked.problems.append(one_line(f"no agent looked: {error.message}", 600))
            return
        results = done.result.outputs if done.result is not None else done.partial
        looked.results += results
        looked.sessions.append(done.session)
        if done.outcome != "done":
            looked.problems.append(f"the agents' session {done.session}: {done.reason}")
        if done.result is not None:
            looked.problems += done.result.warnings
        looked.problems += [f"{each.agent_id} gave no result: {each.error}" for each in results if not each.success]

    async def proved(self, weaknesses: Sequence[Weakness], looked: Looked) -> Sequence[Weakness]:
        """The weaknesses, with what came of the proofs of those that are critical or high."""
        grave = [each for each in weaknesses if each.is_grave and each.file in self.files and each.line is not None]
        agents: Mapping[AgentName, str] = agents_in(looked.results)
        plan, left = proof_plan(grave, agents)
        if left:
            looked.problems.append(f"no agent of another vendor was there to prove {len(left)} findings")
        if plan is None:
            return weaknesses
        self.say(f"agents of other vendors prove {len(grave) - len(left)} findings")
        before = len(looked.results)
        await self.ask(plan, PROOF_TASK, looked)
        proofs = [proof for each in looked.results[before:] if each.success for proof in proofs_of(each)]
        if not proofs:
            return weaknesses
        self.say(f"running {len(proofs)} proofs")
        try:
            return await self._run(weaknesses, grave, proofs)
        except (EnvironmentUnfit, TimeoutError, OSError) as error:
            looked.problems.append(f"no proof could be run: {error}")
            return weaknesses

    async def _run(
        self, weaknesses: Sequence[Weakness], grave: Sequence[Weakness], proofs: Sequence[Proof]
    ) -> Sequence[Weakness]:
        request = self.request
        found: dict[str, Reproduction] = {}
        left = MOST_PROOFS
        async with proof_runs(
            request.target,
            sandbox=request.sandbox,
            environ=request.environ,
            cache=request.cache,
            python=request.python,
            stated=request.stated,
        ) as runs:
            reproducer = Reproducer(runs, self.files)
            for each in grave:
                finders = {source.vendor for source in each.sources}
                point = Point("", "", each.file, each.line, each.severity, each.kind)
                # Two kinds may be found at one line, and a proof is of one of them.
                same = [proof for proof in proofs_for(point, proofs) if kind_of(proof.kind) == each.kind]
                own = [proof for proof in same if proof.vendor not in finders]
                tried = await reproduced(reproducer, [point], own, most=left)
                left -= min(left, len(own))
                found |= {each.id: tried[point]} if point in tried else {}
        return [with_reproduction(each, found[each.id]) if each.id in found else each for each in weaknesses]


@value_class
class Judged:
    """All that a report is made of, besides what tools measured."""

    weaknesses: Sequence[Weakness]
    disputes: Sequence[Dispute]
    looked: Looked


def concluded(
    measured: GateReport,
    profile: Profile,
    judged: Judged,
    options: DiveOptions,
    *,
    files: Collection[str],
    lines: Callable[[str], Sequence[str]],
) -> SecurityDeepDiveReport:
    """What follows from all that was measured, found and proved."""
    kept, suppressed = sifted(judged.weaknesses, judged.disputes, files=files, lines=lines)
    results = judged.looked.results
    unmeasured = [gate for gate in measured.gates if gate.state is GateState.NOT_MEASURED]
    missing = [gate for gate in unmeasured if gate.name not in options.allow_unmeasured]
    names = {gate.name for gate in measured.gates} - {gate.name for gate in unmeasured}
    items = held_against(profile, kept, names, said_of_items(results, profile))
    steps = remediation(kept, _steps_of(results))
    gates = [
        _critical_gate(kept, missing, measured.tree),
        _compliance_gate(items, strict=options.strict, allowed="compliance" in options.allow_unmeasured),
        _plan_gate(kept, steps),
    ]
    doubtful = [each for each in kept if each.is_grave and not each.is_verified and not each.accepted]
    vendors = sorted({vendor_of(each) for each in results if each.success})
    warnings = [sentence(gate) for gate in unmeasured if gate not in missing] + judged.looked.problems
    warnings += [
        f"only the first {MOST_FINDINGS} findings of {gate.tool} were taken"
        for gate in measured.gates
        if len(gate.findings) == MOST_FINDINGS
    ]
    if results and len(vendors) < 2:
        warnings.append(f"one vendor only ({', '.join(vendors) or 'none'}): nobody else could confirm what it found")
    warnings += [
        f"{each.id} {each.asks} was not measured: {each.why}"
        for each in items
        if each.state is GateState.NOT_MEASURED and each.said
    ]
    blockers = [f"{gate.name}: {gate.message}" for gate in gates if gate.blocks]
    nobody = [NOBODY_LOOKED] if judged.looked.is_empty else []
    needs = [] if blockers else [*(each.words() for each in doubtful), *nobody]
    warnings += [f"unverified: {each.words()}" for each in doubtful] if blockers else []
    confidence = ("low", "medium", "high")[(not unmeasured) + (len(vendors) >= 2)]
    open_grave = sum(each.is_grave and not each.accepted for each in kept)
    return SecurityDeepDiveReport(
        approved=not blockers and not needs,
        confidence=confidence,
        quality_gates=gates,
        findings=list(kept),
        suppressed=list(suppressed),
        compliance=list(items),
        profile=profile.name,
        remediation_plan=list(steps),
        agent_results={_result_name(each): agent_row(each) for each in results},
        blockers=blockers,
        warnings=warnings,
        needs_person=needs,
        vendors=vendors,
        summary=f"{len(kept)} findings, {open_grave} of them critical or high; {len(suppressed)} suppressed",
        sessions=list(judged.looked.sessions),
        measured=measured,
    )


def _result_name(result: AgentResult) -> str:
    """The agent, and in which round of the debate it spoke."""
    _, again, time_ = result.path.partition("@")
    return f"{result.agent_id} (round {time_.partition('.')[0]})" if again else result.agent_id


def _critical_gate(kept: Sequence[Weakness], missing: Sequence[QualityGate], tree: str) -> QualityGate:
    grave = [each for each in kept if each.is_grave]
    count = sum(each.is_verified and not each.accepted for each in grave)
    accepted_count = sum(bool(each.accepted) for each in grave)
    message = f"{count} verified critical or high findings are open, {accepted_count} accepted"
    if missing and not count:
        return _gate(CRITICAL, None, 0, f"not measured: {'; '.join(sentence(gate) for gate in missing)}", tree=tree)
    if missing:
        message += f"; {', '.join(gate.name for gate in missing)} not measured"
    return _gate(CRITICAL, float(count), len(kept), message, tree=tree)


def _compliance_gate(items: Sequence[ItemResult], *, strict: bool, allowed: bool) -> QualityGate:
    failed = [each for each in items if each.state is GateState.FAIL]
    unmeasured = [each for each in items if each.state is GateState.NOT_MEASURED]
    count = len(items) - len(unmeasured)
    message = f"{len(failed)} of {len(items)} items fail, {count - len(failed)} pass, {len(unmeasured)} not measured"
    if not failed and (not count or (strict and unmeasured)):
        gate = _gate(COMPLIANT, None, count, f"not measured: {message}")
        return gate.model_copy(update={"blocks": not allowed})
    return _gate(COMPLIANT, float(len(failed)), count, message)


def _plan_gate(kept: Sequence[Weakness], steps: Sequence[PlanStep]) -> QualityGate:
    planned = {name for step in steps for name in step.ids}
    wanted = [each for each in kept if each.severity in _IN_PLAN and not each.accepted]
    without = [each for each in wanted if each.id not in planned]
    message = f"{len(steps)} steps for {len(wanted) - len(without)} of {len(wanted)} findings"
    return _gate(PLANNED, float(len(without)), len(wanted), message)


def _gate(name: str, value: float | None, counted: int, message: str, *, tree: str = "") -> QualityGate:
    state = GateState.NOT_MEASURED if value is None else GateState.PASS if value == 0 else GateState.FAIL
    return QualityGate(
        name=name,
        state=state,
        actual=value,
        threshold=0.0,
        direction="at most",
        blocks=state is not GateState.PASS,
        message=message,
        counted=counted,
        tree=tree,
    )


def remediation(kept: Sequence[Weakness], steps: Mapping[tuple[str, str], str]) -> tuple[PlanStep, ...]:
    """The plan: one step for each kind and way of mending it, the worst first.

    Args:
        steps: What whoever drew the findings together says, by file and kind.
    """
    groups: dict[tuple[str, str], list[Weakness]] = {}
    for each in kept:
        step = steps.get((each.file, each.kind), "") or each.step
        if step and not each.accepted and each.severity in _IN_PLAN:
            groups.setdefault((each.kind, step), []).append(each)
    ordered = sorted(groups.items(), key=lambda row: min(SEVERITIES.index(each.severity) for each in row[1]))
    return tuple(
        PlanStep(
            number,
            min((each.severity for each in own), key=SEVERITIES.index),
            kind,
            tuple(f"{each.file}:{each.line}" if each.line is not None else each.file for each in own),
            step,
            tuple(each.id for each in own),
        )
        for number, ((kind, step), own) in enumerate(ordered, start=1)
    )


def _steps_of(results: Sequence[AgentResult]) -> Mapping[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for result in results:
        rows = result.output.get("steps") if result.success and result.agent_id == SYNTHESIZER else None
        for row in rows[:200] if isinstance(rows, list) else ():
            if isinstance(row, Mapping) and isinstance(row.get("file"), str) and str(row.get("step", "")).strip():
                kind = kind_of(str(row.get("kind", "")))
                found[os.path.normpath(row["file"]), kind] = one_line(str(row["step"]), 500)
    return found


def _step_row(step: PlanStep) -> dict[str, Any]:
    return {
        "number": step.number,
        "severity": step.severity,
        "kind": step.kind,
        "places": list(step.places),
        "step": step.step,
        "ids": list(step.ids),
    }


def accepted_in(file: Path | None, today: date) -> tuple[Acceptance, ...]:
    """What people accepted and still counts.

    Raises:
        InvalidFile: The file cannot be read, or says something else.
    """
    if file is None:
        return ()
    read = read_toml(file.expanduser(), what="list of accepted findings")
    try:
        found = AcceptedFile.model_validate(read.data)
    except ValidationError as error:
        first = error.errors()[0]
        raise InvalidFile(file, f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}") from error
    return tuple(
        Acceptance(each.id, each.who, each.why) for each in found.accepted if each.until is None or today <= each.until
    )


def _gate_request(target: Path, options: DiveOptions) -> GateRequest:
    gates, problems = all_gates()
    sandbox = load_sandbox_policy(options.sandbox)
    trusted = trusted_settings(target, os.environ, trust=options.trust_project, policy=sandbox.name)
    return GateRequest(
        target=target,
        gates=tuple(gates[name] for name in TOOL_GATES),
        sandbox=sandbox,
        environ=os.environ,
        cache=default_cache(),
        rules=Rules(allow_unmeasured=options.allow_unmeasured),
        python=options.python,
        stated=trusted.commands,
        osv_url=options.osv_url,
        is_offline=options.is_offline,
        is_whole=True,
        notes=(*trusted.warnings, *problems),
    )


def _headed(heading: str) -> list[str]:
    return ["", _RULE, heading, _RULE]


def _title(name: str) -> str:
    return name.replace("-", " ").title()
