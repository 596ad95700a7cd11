"""Start the leaves of a session's own plan, within its bounds: what exceeds one waits, and that is said once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from orchestrator.composition.agent_choice import agent_for
from orchestrator.composition.leaf_priority import Waiting, in_order
from orchestrator.composition.strategies.position import agents_of
from orchestrator.models.effects import MeasureGates, MergeLayers, RecordPlan
from orchestrator.models.identity import AgentName, WorkerId
from orchestrator.models.plan_steps import AgentLeaf, GateLeaf, Leaf, MergeLeaf
from orchestrator.models.plan_tree import AgentNode, AgentResult, Failure, NodePath
from orchestrator.models.work import Assignment, Role, TaskStep
from orchestrator.models.workers import WorkerState, WorkerStatus
from orchestrator.session.assignments import assignment_for_leaf
from orchestrator.session.delayed_starts import launch
from orchestrator.session.draft import Draft
from orchestrator.session.follow_ups import give_work
from orchestrator.session.leaf_results import is_settled
from orchestrator.session.missing_layers import layers_of, why_not_without
from orchestrator.session.questions import ask
from orchestrator.session.review_cycle import usable_names, why_no_baseline
from orchestrator.session.state import Session, StartedLeaf

MINUTE: Final = timedelta(minutes=1)
ABOUT_WORKERS: Final = ("answer 'go on' to allow as many again", "stop; what is done stays")


def start_leaves(draft: Draft, leaves: Sequence[Leaf]) -> bool:
    """Start what may start now, the most urgent first, and say whether a leaf came to its result at once.

    One that may write has the target to itself, or a layer: readers see a tree that does not move under them.
    """
    draft.plan_run.start_due = None
    for wanted in _by_urgency(draft, leaves):
        run = draft.session.plan_run
        if wanted.path in run.results or wanted.path in run.started or wanted.path in run.measuring:
            continue
        leaf, problem = replace(wanted, layers=layers_of(draft.session, wanted)), why_not_without(draft.session, wanted)
        if problem is not None and isinstance(leaf, AgentLeaf):
            _note_unstarted(draft, leaf, problem)
            return True
        because = _why_wait(draft, leaf)
        if because is not None:
            _say_once(draft, leaf, because)
        elif isinstance(leaf, AgentLeaf):
            if not _start_agent(draft, leaf):
                return True
        elif isinstance(leaf, GateLeaf):
            draft.plan_run.measuring = draft.session.plan_run.measuring | {leaf.path}
            baseline = why_no_baseline(draft.session)
            effect = MeasureGates(path=leaf.path, node=leaf.node, without_baseline=baseline, layers=leaf.layers)
            draft.do(effect)
        else:
            draft.plan_run.measuring = draft.session.plan_run.measuring | {leaf.path}
            if not leaf.layers:
                draft.plan_run.merging = draft.session.plan_run.merging | {leaf.path}
            draft.do(MergeLayers(leaf=leaf, writers=_writers_on(draft.session, leaf)))
        if not draft.running:
            return False
    return False


def _by_urgency(draft: Draft, leaves: Sequence[Leaf]) -> Sequence[Leaf]:
    """All leaves, the most urgent first; it counts from now on how long those wait that are new."""
    session, options = draft.session, draft.session.options
    since = {leaf.path: session.plan_run.ready_since.get(leaf.path, draft.at) for leaf in leaves}
    draft.plan_run.ready_since = since
    left_s = None
    if options.timeout_s is not None:
        left_s = options.timeout_s - (draft.at - session.timed_from).total_seconds()
    ready: list[tuple[Leaf, Waiting]] = []
    for leaf in leaves:
        waited_s = (draft.at - since[leaf.path]).total_seconds()
        waiting = Waiting(waited_s=waited_s)
        if isinstance(leaf, AgentLeaf):
            node = leaf.node
            waiting = Waiting(node.priority, waited_s, leaf.purpose, node.limits.timeout_s, left_s)
        ready.append((leaf, waiting))
    return in_order(ready, options.sandbox.team)


def at_work(draft: Draft) -> Sequence[StartedLeaf]:
    """The agents of the plan that have begun and have no result yet."""
    return [one for one in draft.session.plan_run.started.values() if not is_settled(draft, one)]


def _why_wait(draft: Draft, leaf: Leaf) -> str | None:
    """What the leaf has to wait for; ``None`` if nothing."""
    run, bounds = draft.session.plan_run, draft.session.options.sandbox.team
    busy = at_work(draft)
    writers = [one.worker for one in busy if one.leaf.node.access == "write" and not one.leaf.layers]
    if writers:
        return f"{writers[0]} writes in the target"
    if run.merging and not leaf.layers:
        return "what was made side by side is being merged into the target"
    if isinstance(leaf, MergeLeaf):
        readers = ", ".join(one.worker for one in busy if not one.leaf.layers)
        moves = readers and not leaf.layers
        return f"changes are to be merged into the target, and {readers} read there" if moves else None
    if not isinstance(leaf, AgentLeaf):
        waits = draft.session.options.baseline_s is not None and draft.session.assessment.baseline is None
        return "the target's tests as they were before are still being run" if waits else None
    if leaf.node.access == "write" and not leaf.layers and (busy or run.measuring):
        others = ", ".join(one.worker for one in busy) or "the gates"
        return f"it writes in the target, and {others} read there"
    if len(busy) >= bounds.max_parallel:
        return f"{len(busy)} agents are at work (--max-parallel {bounds.max_parallel})"
    allowed = bounds.max_workers + run.raised
    if len(run.started) >= allowed:
        attended = draft.session.options.interactive
        if run.question is None and (attended or not (busy or run.measuring)):  # a question ends one that is not
            _ask_for_more(draft, leaf, allowed)
        return f"{len(run.started)} agents were started (--max-workers {allowed})"
    recent = [at for at in run.starts if draft.at - at < MINUTE]
    if len(recent) >= bounds.starts_per_minute:
        draft.plan_run.start_due = recent[-bounds.starts_per_minute] + MINUTE
        return f"{bounds.starts_per_minute} agents were started within a minute"
    return None


def _say_once(draft: Draft, leaf: Leaf, because: str) -> None:
    kind = because.rpartition("(")[2] if because.endswith(")") else ""
    key = (leaf.path, kind)
    if key not in draft.session.plan_run.said:
        draft.plan_run.said = draft.session.plan_run.said | {key}
        name = leaf.node.id if isinstance(leaf, AgentLeaf) else "a measurement"
        draft.warn(f"{name} ({leaf.path}) waits: {because}")


def _ask_for_more(draft: Draft, leaf: AgentLeaf, allowed: int) -> None:
    text = f"the plan has started {allowed} agents and wants more, next {leaf.node.id} ({leaf.path})"
    question = ask(draft, text, about=None, suggestions=ABOUT_WORKERS)
    draft.plan_run.question = question.id


def allow_more(draft: Draft, question: str) -> None:
    """A person has answered whether more agents may be started: as many again."""
    if draft.session.plan_run.question == question:
        draft.plan_run.question = None
        draft.plan_run.raised = draft.session.plan_run.raised + draft.session.options.sandbox.team.max_workers


def bring_to_target(draft: Draft, worker: WorkerId) -> bool:
    """Have a writer that worked on a layer of its own go on in the target, once the plan is over; says whether it does.

    What it made is in the target by then, and what it would still change on its layer nobody would merge.
    """
    run = draft.session.plan_run
    started = next((one for one in run.started.values() if one.worker == worker), None)
    if started is None or run.result is None or not started.leaf.layers:
        return False
    leaf, state = replace(started.leaf, layers=()), draft.worker(worker)
    draft.plan_run.started = {**run.started, leaf.path: replace(started, leaf=leaf)}
    assignment = assignment_for_leaf(draft.session, worker, leaf, agent=state.agent, role=state.role)
    kept = draft.change_detail(worker)
    kept.assignment = assignment
    kept.first_prompt = assignment.prompt
    return True


def _start_agent(draft: Draft, leaf: AgentLeaf) -> bool:
    """Start it, or put on record why nobody can run it; says whether it has begun, or waits for its turn."""
    session, node = draft.session, leaf.node
    again = _waiting_worker(session, leaf.path)
    agent = choose_agent(session, node) if again is None else again.agent
    if agent is None:
        wanted = node.agent or "any agent"
        why = draft.session.lost.get(node.agent) if node.agent else None
        _note_unstarted(draft, leaf, f"{wanted} cannot be used" + (f": {why}" if why else ""))
        return False
    role = Role.IMPLEMENTER if node.access == "write" else Role.ANALYST
    worker = again.id if again is not None else worker_name(session, node.id)
    if again is None:
        note_step(draft, TaskStep(worker, agent, role, node.title or node.id, path=leaf.path))
    draft.plan_run.started = {**draft.session.plan_run.started, leaf.path: StartedLeaf(worker, leaf)}
    recent = [at for at in session.plan_run.starts if draft.at - at < MINUTE]
    draft.plan_run.starts = (*recent, draft.at)

    def make(account: bool) -> Assignment:
        return assignment_for_leaf(draft.session, worker, leaf, agent=agent, role=role, account=account)

    launch(draft, give_work(draft, worker, make, moved=bool(leaf.layers)))
    return draft.worker(worker).status is not WorkerStatus.FAILED


def _waiting_worker(session: Session, path: NodePath) -> WorkerState | None:
    """The worker of a leaf that was to be started already, and had to wait for the target instead."""
    return next((session.workers[step.worker] for step in session.steps() if step.path == path), None)


def _note_unstarted(draft: Draft, leaf: AgentLeaf, error: str) -> None:
    """Put on record that nobody can do the leaf's work."""
    node, waiting = leaf.node, _waiting_worker(draft.session, leaf.path)
    result = AgentResult(leaf.path, node.id, success=False, error=error, failure=Failure.FAILED, agent=node.agent)
    draft.plan_run.results = {**draft.session.plan_run.results, leaf.path: result}
    if waiting is not None:
        draft.become(waiting.id, WorkerStatus.FAILED, error)
    draft.warn(f"{node.id} ({leaf.path}) is not started: {error}")


def note_step(draft: Draft, step: TaskStep) -> None:
    """Let the plan, as people see it, have one more worker."""
    plan = draft.session.plan
    assert plan is not None
    draft.session.plan = replace(plan, steps=(*plan.steps, step))
    draft.do(RecordPlan(breakdown=draft.session.plan))
    draft.session.workers = {**draft.session.workers, step.worker: WorkerState(step.worker, step.agent, step.role)}


def worker_name(session: Session, wanted: str) -> WorkerId:
    """The name itself, or with the first number behind it that neither a worker nor an agent of the plan has."""
    planned = agents_of(session.options.plan) if session.options.plan is not None else ()
    taken = {*session.workers, *(WorkerId(node.id) for node in planned if node.id != wanted)}
    if WorkerId(wanted) not in taken:
        return WorkerId(wanted)
    number = 2
    while WorkerId(f"{wanted}-{number}") in taken:
        number += 1
    return WorkerId(f"{wanted}-{number}")


def choose_agent(session: Session, node: AgentNode) -> AgentName | None:
    """The CLI that runs an agent of the plan in this session: the same one in each round, while it can be used."""
    usable, before = usable_names(session), session.plan_run.started.values()
    mine = [session.workers[one.worker].agent for one in before if one.leaf.node.id == node.id]
    if mine and node.agent is None and mine[-1] in usable:
        return mine[-1]
    had = [session.workers[one.worker].agent for one in session.plan_run.started.values()]
    preferred = session.options.tier_agents.get(node.tier, ()) if node.tier is not None else ()
    return agent_for(node, usable, had, preferred)


def _writers_on(session: Session, leaf: MergeLeaf) -> Mapping[NodePath, tuple[WorkerId, ...]]:
    """Who may have changed something on each of the layers that are merged or kept."""
    writers = [one for one in session.plan_run.started.values() if one.leaf.node.access == "write"]
    return {path: tuple(one.worker for one in writers if path in one.leaf.layers) for path in (*leaf.take, *leaf.keep)}
