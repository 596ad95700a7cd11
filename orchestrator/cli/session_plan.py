"""Lay out what a run would do, as a tree, for people and for programs; nothing is started to find it out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.agents.contract import Agent
from orchestrator.agents.registry import AGENTS, TEAM, get_agent
from orchestrator.cli.build_request import (
    allowed_agents,
    asked_lessons,
    find_policy,
    models_by_agent,
    on_path,
    own_team,
    prompts_of,
    sandbox_of,
    team_of,
)
from orchestrator.cli.earlier_lessons import shown_words
from orchestrator.cli.labelled_rows import labelled_lines
from orchestrator.cli.meant_workflow import plan_words
from orchestrator.cli.proven_teams import candidates_for
from orchestrator.composition.agent_choice import agent_for
from orchestrator.composition.memory_floors import below_floors
from orchestrator.composition.strategies.position import agents_of, as_run
from orchestrator.composition.task_analysis import TaskAnalysis, analyse_task, as_document
from orchestrator.composition.team_choice import ProvenTeam, Team, TeamChoice, solo_agents, team_words
from orchestrator.composition.team_files import TeamFile
from orchestrator.composition.team_tree import tree_document, tree_rows
from orchestrator.coordinator.project_files import ProjectFiles, stated_in
from orchestrator.coordinator.project_trust import trusted_settings
from orchestrator.coordinator.stated_parameters import stated_parameters
from orchestrator.coordinator.task_criticality import Stake, meaningless, stake_of
from orchestrator.coordinator.tier_choices import tier_options
from orchestrator.errors import UsageError
from orchestrator.journal.last_probes import LastProbe, last_probes
from orchestrator.models.decisions import Policy
from orchestrator.models.identity import AgentName
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.models.work import Role, TaskBreakdown, TaskStep
from orchestrator.quotation import one_line
from orchestrator.safety.budget import Budget, unpriced
from orchestrator.session.breakdown import plan_breakdown
from orchestrator.store.expected_figures import ExpectedFigures, expected_figures, in_rows, recorded_outcomes
from orchestrator.store.expected_figures import as_document as as_estimates
from orchestrator.suites.detection import detect
from orchestrator.suites.suite import Detection
from orchestrator.tuning.criticality import within_criticality
from orchestrator.tuning.parameters import BASELINE, PARAMETERS, Value
from orchestrator.value_class import value_class

if TYPE_CHECKING:
    from orchestrator.models.lesson import Lesson
    from orchestrator.orchestration.proposed_reading import ProposedReading
    from orchestrator.store.reuse import Candidate

ACCESS = {Role.IMPLEMENTER: "write", Role.DESIGNER: "read", Role.REVIEWER: "read", Role.ANALYST: "read"}
_DOES = {
    Role.DESIGNER: "designs the change",
    Role.IMPLEMENTER: "makes the change",
    Role.REVIEWER: "reviews the change",
    Role.ANALYST: "answers",
}
_WIDEST = 300
_MOST_COMPOSITIONS = 3


@value_class
class SessionPlan:
    """Everything that is shown of a run that has not begun."""

    task: str
    target: Path
    choice: TeamChoice
    analysis: TaskAnalysis
    breakdown: TaskBreakdown
    own: TeamFile | None
    """The team of somebody's own, whose tree is the plan."""
    allowed: tuple[AgentName, ...]
    tiers: Mapping[str, Any]
    """What settings say of the tiers, where there is a team of its own (see ``coordinator.tier_choices``)."""
    on_path: frozenset[AgentName]
    left_out: Mapping[AgentName, str]
    """Why an agent that is allowed has no part, where that is for a lack of its CLI."""
    probes: Mapping[str, LastProbe]
    models: Mapping[AgentName, str]
    suites: Detection
    policy: str
    sandbox: SandboxConfig
    asked: Mapping[str, Any]
    """The options of the command line."""
    reuse: Sequence[Candidate] = ()
    """Compositions that have worked on this kind of task here, the best first."""
    lessons: tuple[Lesson, ...] = ()
    """What reviewers taught in earlier sessions, and writers would be shown."""
    figures: ExpectedFigures = ExpectedFigures()
    stake: Stake = Stake()
    stake_because: str = ""
    """Who says what is at stake, and what follows from it; empty where nobody does."""
    parameters: Mapping[str, tuple[Value, str]] = field(default_factory=dict)
    """Those that a person holds at a value, and where that is said."""


def plan_session(
    task: str, target: Path, workspace: Path, options: Mapping[str, Any], environ: Mapping[str, str]
) -> SessionPlan:
    """The plan of the run that this command line would begin.  Blocks, and starts nothing.

    Raises:
        UsageError: An option names something that is not there, or does not go with another.
    """
    analysis = analyse_task(task)
    own = own_team(options, target)
    records = recorded_outcomes(environ)
    reuse = candidates_for(task, target, workspace, options, environ, records)
    allowed = allowed_agents(options["agents"], options["without"]) or TEAM
    there = frozenset(on_path(allowed, environ))
    choice = team_of(task, options, reading=analysis.outcome, own=own, proven=_proven(reuse), there=there)
    refuse_unpriced(options, allowed)
    project, policy = _trusted(target, options, environ), find_policy(options["policy"])
    if options.get("prompts"):
        prompts_of(options["prompts"])  # nothing of it is shown; a run refuses what is wrong in it
    stake = stake_of(options.get("criticality"), project)
    missing = {name: "its CLI is not on PATH" for name in allowed if name not in there}
    # Without any, the tree still shows who would do what.
    taking_part: Sequence[Agent] = [get_agent(name) for name in allowed if not there or name in there]
    if choice.reuses is not None:
        proven = {agent for agent, _ in choice.reuses.versions}
        taking_part = [agent for agent in taking_part if agent.name in proven]
    elif choice.team is Team.SOLO:
        taking_part = [get_agent(name) for name in solo_agents(taking_part)]
    if own is not None:
        _refuse_missing(own, allowed)
        breakdown = TaskBreakdown(task=task, tier=1, steps=())
    else:
        breakdown = plan_breakdown(task, taking_part, no_change=choice.team is Team.ANSWER)
    return SessionPlan(
        task=task,
        target=target,
        choice=choice,
        analysis=analysis,
        breakdown=breakdown,
        own=own,
        allowed=tuple(allowed),
        tiers=tier_options(project),  # of whatever team: settings that are written wrongly end a run
        on_path=there,
        left_out=missing if there else {},
        probes=last_probes(workspace),
        models=models_by_agent(options["models"]),
        suites=detect(ProjectFiles(target), stated=stated_in(target)),
        policy=policy.name,
        sandbox=sandbox_of(options),
        asked=options,
        reuse=reuse,
        lessons=asked_lessons(task, target, options, team=choice.team),
        figures=expected_figures(
            task,
            target,
            records,
            team=choice.team,
            no_change=choice.team is Team.ANSWER or (own is not None and not own.writes),
            agents={step.agent for step in breakdown.steps},
            solo=solo_agents([get_agent(name) for name in allowed if not there or name in there]),
            plan=None if own is None else own.plan,
        ),
        stake=stake,
        stake_because=_stake_because(stake, policy, options, has_plan=own is not None),
        parameters=_said_parameters(stake, options),
    )


def _refuse_missing(own: TeamFile, allowed: Sequence[AgentName]) -> None:
    """Refuse a team that names a CLI which may not be used.

    Raises:
        UsageError: The team names a CLI that may not be used.
    """
    for agent in agents_of(as_run(own.plan)):
        if agent.agent is not None and agent.agent not in allowed:
            raise UsageError(f"the team {own.name} names {agent.agent} for {agent.id}, which is left out")


def _proven(found: Sequence[Candidate]) -> ProvenTeam | None:
    if not found:
        return None
    from orchestrator.store.reuse import proven_team

    return proven_team(found)


def _stake_because(stake: Stake, policy: Policy, options: Mapping[str, Any], *, has_plan: bool) -> str:
    if not stake.by:
        return ""
    values = within_criticality({**BASELINE, **stated_parameters()}, stake.level)
    return stake.because(values, but={*_by_hand(options)} | meaningless(policy, has_plan=has_plan))


def _by_hand(options: Mapping[str, Any]) -> Mapping[str, Value]:
    """The parameters that the command line says, by options of their own or not."""
    own = {name: options[name] for name in PARAMETERS if options.get(name) is not None}
    return {**own, **(options.get("parameters") or {})}


def _shown(value: Value) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _said_parameters(stake: Stake, options: Mapping[str, Any]) -> Mapping[str, tuple[Value, str]]:
    stated, by_hand = stated_parameters(), _by_hand(options)
    bounded = within_criticality({**BASELINE, **stated}, stake.level)
    found = {name: (bounded[name], "your settings") for name in stated}
    for name, value in stated.items():
        if bounded[name] != value:
            found[name] = bounded[name], f"your settings say {value}; bounded by what is at stake"
    return {**found, **{name: (value, "as asked") for name, value in by_hand.items() if name != "team"}}


def _trusted(target: Path, options: Mapping[str, Any], environ: Mapping[str, str]) -> Path | None:
    """The project where its own settings would count."""
    sandbox = sandbox_of(options)
    trusted = trusted_settings(target, environ, trust=options["trust_project"], policy=sandbox.name)
    return target if trusted.digest else None


def refuse_unpriced(options: Mapping[str, Any], allowed: Sequence[AgentName]) -> None:
    """Refuse a limit of costs that a run could not keep, as the run would.

    Raises:
        UsageError: Not all agents tell what they cost.
    """
    silent = [name for name in allowed if AGENTS[name].reports_cost == "no"]
    reason = unpriced(Budget(options["max_cost_usd"], options["max_tokens"]), silent)
    if reason is not None:
        raise UsageError(reason, hint="give --max-tokens as well, or leave the agent out with --without")


def plan_document(plan: SessionPlan) -> Mapping[str, Any]:
    """The plan for programs."""
    steps = plan.breakdown.steps
    leaves = [_leaf(plan, step, path) for path, step in _numbered(steps)]
    return {
        "task": plan.task,
        "target": str(plan.target),
        "workflow": plan_words(plan.task, plan.asked) or None,
        "team": {"name": plan.choice.team, "because": plan.choice.because, "by_name": plan.choice.by_name},
        "analysis": as_document(plan.analysis),
        "reuses": plan.choice.reuses.composition if plan.choice.reuses is not None else None,
        "compositions": [
            {
                "id": one.composition.id,
                "gated": one.proof.gated,
                "successes": one.proof.successes,
                "rate": one.proof.rate,
                "interval": list(one.proof.interval),
                "proven": one.proof.is_proven,
                "differs": list(one.differs),
                "because": one.proof.because,
            }
            for one in plan.reuse
        ],
        "tree": tree_document(plan.own.plan, chosen=_chosen(plan, plan.own))
        if plan.own is not None
        else {"path": "", "kind": "sequence", "children": leaves}
        if len(leaves) != 1
        else leaves[0],
        "reviewed_by_measured_checks": _is_changed(plan),
        "left_out": dict(plan.left_out),
        "notes": list(plan.breakdown.notes),
        "gates": [
            {
                "gate": "tests",
                "suites": [
                    {"name": suite.name, "command": suite.command, "folder": suite.cwd or ".", "found": suite.found}
                    for suite in plan.suites.suites
                ],
                "not_run": [{"what": left.what, "why": left.why} for left in plan.suites.not_taken],
            }
        ],
        "lessons": [{"id": one.id, "by": one.by, "text": one.text} for one in plan.lessons],
        "policy": plan.policy,
        "criticality": {"level": plan.stake.level, "because": plan.stake_because},
        "parameters": {name: {"value": value, "because": why} for name, (value, why) in plan.parameters.items()},
        "sandbox": plan.sandbox.name,
        "limits": _limits(plan),
        "budgets": {name: plan.asked[name] for name in ("max_cost_usd", "max_tokens", "timeout_s")},
        "estimates": as_estimates(plan.figures),
    }


def _leaf(plan: SessionPlan, step: TaskStep, path: str) -> Mapping[str, Any]:
    probe = plan.probes.get(step.agent)
    return {
        "path": path,
        "kind": "agent",
        "worker": step.worker,
        "agent": step.agent,
        "role": step.role,
        "title": step.title,
        "access": _access(plan, step),
        "model": plan.models.get(step.agent),
        "on_path": step.agent in plan.on_path,
        "version": probe.version if probe else None,
        "probed_at": probe.at if probe else None,
        "usable_when_probed": probe.usable if probe else None,
    }


def _numbered(steps: Sequence[TaskStep]) -> Iterator[tuple[str, TaskStep]]:
    for number, step in enumerate(steps, start=1):
        yield str(number), step


def _access(plan: SessionPlan, step: TaskStep) -> str:
    """What the worker may do in the target: a policy may let nobody write."""
    return "read" if plan.sandbox.target == "read" else ACCESS[step.role]


def _limits(plan: SessionPlan) -> Mapping[str, float]:
    """The limits of each worker, from the sandbox policy and ``--limit``."""
    limits = plan.sandbox.limits
    return {
        "cpu_percent": limits.cpu_percent,
        "memory_mib": limits.memory_mib,
        "runtime_s": limits.runtime_s,
        "disk_mib": limits.disk_mib,
    }


def plan_lines(plan: SessionPlan, *, width: int | None, proposed: ProposedReading | None = None) -> Iterator[str]:
    """The plan for people.

    Args:
        width: Of the terminal, where lines are to be broken between words; ``None`` leaves them whole.
    """
    chosen = team_words(plan.choice).removeprefix("team ")
    workflow = plan_words(plan.task, plan.asked)
    first = [*([("workflow", one_line(workflow, _WIDEST))] if workflow else [])]
    first += [("team", one_line(chosen, _WIDEST)), *_read(plan.analysis)]
    first += _reuse(plan)
    if proposed is not None:
        first += _proposed(plan, proposed)
    first += [("lessons" if not index else "", words) for index, words in enumerate(shown_words(plan.lessons))]
    yield from labelled_lines(first, width=width)
    yield ""
    yield from labelled_lines(_tree(plan), width=width)
    yield ""
    yield from labelled_lines([*_around(plan), *_gates(plan), *_bounds(plan), *in_rows(plan.figures)], width=width)


def _reuse(plan: SessionPlan) -> Iterator[tuple[str, str]]:
    """Say which composition has worked on this kind of task here, and why it is reused or not."""
    for index, one in enumerate(plan.reuse[:_MOST_COMPOSITIONS]):
        yield "" if index else "known here", one_line(one.words, _WIDEST)


def _read(analysis: TaskAnalysis) -> Iterator[tuple[str, str]]:
    words = list(dict.fromkeys(f'"{hit.word}"' for hit in analysis.domain_hits if hit.domain is analysis.domain))
    domain = f"{analysis.domain} (by {', '.join(words[:3])})" if words else f"{analysis.domain} (no word of another)"
    yield "read as", f"{domain}; {analysis.complexity} ({analysis.complexity_because}); {analysis.outcome.language}"
    yield "", f"takes {', '.join(analysis.capabilities)}"
    side = "yes" if analysis.parallelizable else "no"
    yield "", f"checks that can be made side by side: {side} ({analysis.parallelizable_because})"


def _proposed(plan: SessionPlan, proposed: ProposedReading) -> Iterator[tuple[str, str]]:
    """Say what an agent takes the task for, and where the tables say otherwise."""
    analysis = plan.analysis
    read = (proposed.outcome, proposed.domain, proposed.complexity)
    tables = (str(analysis.outcome.outcome), str(analysis.domain), str(analysis.complexity))
    differs = ", ".join(
        f"{mine} where the tables say {theirs}" for mine, theirs in zip(read, tables, strict=True) if mine != theirs
    )
    said = f"{proposed.outcome}; {proposed.domain}; {proposed.complexity}; {proposed.pattern}"
    yield "proposed", f"by {proposed.agent}: {said}"
    yield "", f"takes {', '.join(proposed.capabilities) or 'nothing in particular'}"
    yield "", f"because: {one_line(proposed.why, _WIDEST)}"
    yield "", f"differs: {differs}" if differs else "the tables say the same"
    yield "", f"nothing is decided by it; session {proposed.session}"


def _is_changed(plan: SessionPlan) -> bool:
    """Whether anybody of the team may change the target, so that the change is reviewed."""
    if plan.own is not None:
        return plan.own.writes
    return plan.choice.team is not Team.ANSWER and bool(plan.breakdown.steps)


def _tree(plan: SessionPlan) -> Iterator[tuple[str, str]]:
    steps = plan.breakdown.steps
    if plan.own is not None:
        yield from tree_rows(plan.own.plan, who=_likely(plan, plan.own))
    if len(steps) > 1:
        yield "sequence", f"{len(steps)} agents, one after the other"
    for path, step in _numbered(steps):
        branch = "" if len(steps) == 1 else "└─ " if step is steps[-1] else "├─ "
        may = "writes in the target" if _access(plan, step) == "write" else "reads"
        model = f"model {one_line(plan.models[step.agent], 80)}" if step.agent in plan.models else "its own model"
        does = f"{step.worker} {_DOES[step.role]}, {may}"
        yield f"{branch}{path}", f"{does}; {_state(plan, step.agent)}, {model}"
    if not plan.on_path:
        yield "!", "no CLI of these is on PATH: `orchestrate doctor` says how to get one, and --rehearse needs none"


def _likely(plan: SessionPlan, own: TeamFile) -> Mapping[str, str]:
    """Name the CLI that would run each agent of the team, and its model."""
    found: dict[str, str] = {}
    chosen = _chosen(plan, own)
    for node in agents_of(as_run(own.plan)):
        if node.id not in chosen:
            found[node.id] = f"{node.agent} is not there"
            continue
        agent, model = chosen[node.id]
        tier = f", {node.tier}" if node.tier else ""
        shown = f"model {one_line(model, 80)}" if model else "its own model"
        found[node.id] = f"{agent}{tier}; {_state(plan, agent)}, {shown}"
    return found


def _chosen(plan: SessionPlan, own: TeamFile) -> Mapping[str, tuple[AgentName, str | None]]:
    """By id, the CLI that would run each agent if all of them are started in this order, and its model."""
    usable = [name for name in plan.allowed if not plan.on_path or name in plan.on_path]
    found: dict[str, tuple[AgentName, str | None]] = {}
    had: list[AgentName] = []
    for node in agents_of(as_run(own.plan)):
        preferred = plan.tiers.get("tier_agents", {}).get(node.tier, ())
        agent = agent_for(node, usable, had, preferred)
        if agent is not None:
            had.append(agent)
            by_tier = plan.tiers.get("tier_models", {}).get(node.tier, {}).get(agent)
            found[node.id] = agent, node.model or plan.models.get(agent) or by_tier
    return found


def _floors(plan: SessionPlan) -> Iterator[str]:
    """Where an agent of the team is allowed less memory than CLIs need to start."""
    for node in agents_of(plan.own.plan) if plan.own is not None else ():
        limit = node.limits.memory_mb
        agents = [get_agent(name) for name in ((node.agent,) if node.agent else plan.allowed)]
        said = below_floors(limit, agents) if limit is not None else None
        if said is not None:
            yield f"{node.id}: {said}"


def _state(plan: SessionPlan, agent: AgentName) -> str:
    """Describe the CLI as it was when a session last began."""
    title = AGENTS[agent].title
    missing = "" if agent in plan.on_path else ", not on PATH"
    probe = plan.probes.get(agent)
    if probe is None:
        return f"{title}{missing}, not probed"
    usable = "" if probe.usable else ", could not be used then"
    return f"{title} {one_line(probe.version or 'of unknown version', 40)}{missing} (probed {probe.at[:10]}{usable})"


def _around(plan: SessionPlan) -> Iterator[tuple[str, str]]:
    for name, why in plan.left_out.items():
        yield "left out", f"{name}: {why}"
    yield from (("note", one_line(said, _WIDEST)) for said in _floors(plan))
    for note in plan.breakdown.notes:
        yield "note", one_line(note, _WIDEST)
    if plan.stake_because:
        yield "at stake", one_line(f"{plan.stake.level} ({plan.stake_because})", _WIDEST)
    if plan.parameters:
        said = ", ".join(f"{name} {_shown(value)} ({why})" for name, (value, why) in plan.parameters.items())
        yield "parameters", one_line(said, _WIDEST)
    if plan.own is not None and plan.own.writes:
        who = "an agent that wrote nothing, if there is one, and the orchestrator"
        yield "review", f"{who} by what it measures; the policy {one_line(plan.policy, 60)} decides"
    elif _is_changed(plan):
        who = "the orchestrator alone" if plan.breakdown.reviews_itself else "the reviewer, and the orchestrator"
        yield "review", f"{who} by what it measures; the policy {one_line(plan.policy, 60)} decides"


def _gates(plan: SessionPlan) -> Iterator[tuple[str, str]]:
    if not _is_changed(plan):
        yield "gates", "none: nothing is changed, so no test is run"
        return
    for suite in plan.suites.suites:
        shown = f"{suite.name}, in {suite.cwd or '.'} (found in {suite.found})"
        yield "gates", f"tests: {one_line(shown, _WIDEST)}"
    if not plan.suites.suites:
        yield "gates", "tests: no suite was found, so tests say nothing about the change"
    elif plan.asked["no_baseline"]:
        yield "gates", "run at the final review alone, since --no-baseline was given"
    else:
        yield "gates", "run before anybody works, and at the final review"
    not_run = Counter(f"{left.what}: {left.why}" for left in plan.suites.not_taken)
    for words, times in not_run.items():
        yield "gates", f"not run: {one_line(words, _WIDEST)}{f' ({times} times)' if times > 1 else ''}"


def _bounds(plan: SessionPlan) -> Iterator[tuple[str, str]]:
    limits = plan.sandbox.limits
    yield (
        "limits",
        f"each worker {limits.cpu_percent:g} % of a core, {limits.memory_mib:,} MiB of memory, "
        f"{limits.disk_mib:,} MiB of disk, {limits.runtime_s / 60:g} min; "
        f"sandbox policy {one_line(plan.sandbox.name, 60)}",
    )
    if plan.own is not None:
        team = plan.sandbox.team
        yield (
            "",
            f"{team.max_parallel} agents at work at once, {team.max_workers} in all, "
            f"{team.starts_per_minute} first starts a minute; what exceeds that waits",
        )
    asked = plan.asked
    cost = "no --max-cost" if asked["max_cost_usd"] is None else f"${asked['max_cost_usd']:g}"
    tokens = "no --max-tokens" if asked["max_tokens"] is None else f"{asked['max_tokens']:,} tokens"
    time = "no --timeout" if asked["timeout_s"] is None else f"{asked['timeout_s'] / 60:g} min in all"
    yield "budgets", f"{cost}, {tokens}, {time}"
