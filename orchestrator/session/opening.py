"""Open a session: the plan is made, and steps start as soon as all they depend on is settled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from orchestrator.agents.contract import Agent
from orchestrator.agents.registry import get_agent
from orchestrator.composition.next_steps import next_steps
from orchestrator.models.effects import MeasureBaseline, Outcome, RecordPlan
from orchestrator.models.entries import SessionOpened
from orchestrator.models.identity import AgentName, WorkerId
from orchestrator.models.plan_steps import AgentLeaf, Run
from orchestrator.models.plan_tree import ROOT, AgentNode, AgentResult, NodePath, Result, Strategy, StrategyNode
from orchestrator.models.reviews import Trigger
from orchestrator.models.work import Role, TaskStep
from orchestrator.models.workers import WorkerState, WorkerStatus
from orchestrator.safety.roles import WRITES_TARGET
from orchestrator.session.assignments import asked_last, assignment_for_step
from orchestrator.session.breakdown import plan_breakdown
from orchestrator.session.delayed_starts import launch
from orchestrator.session.draft import Draft
from orchestrator.session.follow_ups import give_work
from orchestrator.session.plan_progress import advance_plan, open_plan
from orchestrator.session.review_cycle import ask_for_review, is_accepted, reviews_about, usable_names
from orchestrator.session.state import is_alive

BRINGS_NEWS = frozenset(
    {"start_worker", "take_snapshot", "measure_work", "measure_baseline", "run_checks", "measure_gates", "merge_layers"}
)
"""Effects whose outcome may let another step begin."""


def on_opened(draft: Draft, body: SessionOpened) -> None:
    """Make the plan, and start what can start."""
    for finding in body.findings:
        draft.warn(finding)
    for found in body.found:
        if not found.usable and found.name in body.options.agents:
            draft.warn(f"{found.name} is left out: {found.problem}")
    if body.options.plan is None:
        make_plan(draft)
    else:
        open_plan(draft)
    if body.options.baseline_s is not None and draft.running:
        draft.do(MeasureBaseline(within_s=body.options.baseline_s))


def usable_agents(draft: Draft) -> Sequence[Agent]:
    """Agents that were found, are allowed and have not been lost."""
    return [get_agent(name) for name in usable_names(draft.session)]


def make_plan(draft: Draft) -> None:
    """Plan for the agents there are; steps of an earlier plan that are done stay done."""
    session = draft.session
    plan = plan_breakdown(
        session.options.task,
        usable_agents(draft),
        taken=tuple(session.workers),
        no_change=session.options.no_change,
    )
    kept = tuple(step for step in session.steps() if session.workers[step.worker].status is WorkerStatus.DONE)
    designed = any(step.role is Role.DESIGNER for step in kept)
    fresh = tuple(step for step in plan.steps if not (designed and step.role is Role.DESIGNER))
    names = {step.worker for step in (*kept, *fresh)}
    fresh = tuple(_without_missing(step, names) for step in fresh)
    plan = replace(plan, steps=(*kept, *fresh))
    draft.session.plan = plan
    for step in fresh:
        draft.session.workers = {**draft.session.workers, step.worker: WorkerState(step.worker, step.agent, step.role)}
    draft.do(RecordPlan(breakdown=plan))
    for note in plan.notes:
        draft.warn(note)
    if not fresh:
        draft.end(Outcome.NEEDS_PERSON, _why_nobody(draft))


def _why_nobody(draft: Draft) -> str:
    """Why no agent is left: what happened to those that there were, or how to get one."""
    lost = "; ".join(f"{agent}: {reason}" for agent, reason in draft.session.lost.items())
    if lost:
        return f"no agent is left to do the work: {lost}"
    return "no agent CLI is usable: orchestrate doctor says how to get one"


def advance(draft: Draft) -> None:
    """Start every step whose turn has come; end the session when all are settled."""
    if not draft.running or draft.session.plan is None:
        return
    if draft.session.options.plan is not None:
        advance_plan(draft)
        _end_if_stuck(draft)
        return
    for step in _steps_to_start(draft):
        start_step(draft, step)
    if all(settled(draft, step.worker) for step in draft.session.steps()):
        _finish(draft)
    else:
        _end_if_stuck(draft)


def _steps_to_start(draft: Draft) -> Sequence[TaskStep]:
    """The steps of a built-in team whose turn has come: the next of its sequence, and behind that the review."""
    waiting = {step.worker: step for step in draft.session.steps() if _waits(draft, step)}
    if not waiting:
        return ()
    # What no waiting step depends on holds up none: a part that is done stays so when others are planned anew.
    needed = {worker for step in waiting.values() for worker in step.depends_on}
    work = [step for step in draft.session.steps() if step.role is not Role.REVIEWER]
    results: dict[NodePath, Result] = {}
    for number, step in enumerate(work, start=1):
        if settled(draft, step.worker) or (step.worker not in needed and step.worker not in waiting):
            path, done = NodePath(f"{ROOT}.{number}"), draft.worker(step.worker).status is WorkerStatus.DONE
            results[path] = AgentResult(path, step.worker, success=done)
    answer = next_steps(_sequence_of(work), results)
    if isinstance(answer, Run):
        names = {leaf.node.id for leaf in answer.leaves if isinstance(leaf, AgentLeaf)}
        return [step for step in waiting.values() if step.worker in names]
    return [step for step in waiting.values() if step.role is Role.REVIEWER]


def _waits(draft: Draft, step: TaskStep) -> bool:
    return draft.worker(step.worker).status is WorkerStatus.WAITING


def _sequence_of(work: Sequence[TaskStep]) -> StrategyNode:
    """A built-in team as the tree that it is: one after the other; who is in it, the table of parts has said."""
    agents = (
        AgentNode(step.worker, access="write" if WRITES_TARGET[step.role] else "read", agent=step.agent)
        for step in work
    )
    return StrategyNode(Strategy.SEQUENTIAL, tuple(agents))


def _end_if_stuck(draft: Draft) -> None:
    if draft.session.options.interactive or not draft.running or not _is_stuck(draft):
        return
    open_steps = [step.worker for step in draft.session.steps() if not settled(draft, step.worker)]
    reasons = "; ".join(f"{name} is {draft.worker(name).status}: {draft.worker(name).why}" for name in open_steps)
    draft.end(Outcome.NEEDS_PERSON, f"nothing is left that could go on by itself ({reasons})")


def settled(draft: Draft, worker: WorkerId) -> bool:
    """Whether the step is done, or can be done without, and nobody has a question or a review open about it."""
    session = draft.session
    state = session.workers[worker]
    return (
        (state.status is WorkerStatus.DONE or (state.role is Role.DESIGNER and state.status is WorkerStatus.FAILED))
        and not any(review.decision is None for review in reviews_about(session, worker))
        and not any(question.about == worker for question in session.approvals.questions)
    )


def start_step(draft: Draft, step: TaskStep) -> None:
    """Start a step's first attempt; a reviewing step begins with a look at the change."""
    if step.role is Role.REVIEWER:
        if not any(review.request.trigger is Trigger.FINAL for review in draft.session.open_reviews()):
            ask_for_review(draft, Trigger.FINAL, about=implementer(draft), text=asked_last(draft.session))
        return
    add_worker(draft, step.worker, step)
    launch(draft, draft.detail(step.worker).assignment)


def add_worker(draft: Draft, worker: WorkerId, step: TaskStep) -> None:
    """Give a step's worker its assignment."""
    give_work(draft, worker, lambda account: assignment_for_step(draft.session, step, account=account))


def implementer(draft: Draft) -> WorkerId | None:
    """The worker whose change is reviewed at the end."""
    for step in draft.session.steps():
        if step.role is Role.IMPLEMENTER:
            return step.worker
    return None


def lose_agent(draft: Draft, agent: AgentName, reason: str) -> None:
    """An agent cannot be used any more: plan again with those that are left."""
    draft.session.lost = {**draft.session.lost, agent: reason}
    draft.warn(f"{agent} is lost: {reason}")
    if not draft.running:
        return
    if draft.session.options.plan is None:
        make_plan(draft)
    elif not usable_names(draft.session):
        draft.end(Outcome.NEEDS_PERSON, _why_nobody(draft))


def _finish(draft: Draft) -> None:
    plan = draft.session.plan
    if plan is None or not plan.steps:
        return
    if plan.reviews_itself and not is_accepted(draft.session):
        ask_for_review(draft, Trigger.FINAL, about=implementer(draft), text=asked_last(draft.session))
        return
    if not draft.session.open_reviews():
        draft.end(Outcome.DONE, "every step is done, with evidence")


def _is_stuck(draft: Draft) -> bool:
    """Whether no process, deadline, review or effect under way could ever bring the session further."""
    session = draft.session
    moving = any(is_alive(state) for state in session.workers.values())
    waiting = any(detail.start_at is not None for detail in session.details.values())
    waiting = waiting or session.plan_run.start_due is not None
    wanted = {*session.effects_open.values(), *(one.kind for one in draft.wanted)}
    return not (moving or waiting or session.open_reviews() or session.approvals.questions or wanted & BRINGS_NEWS)


def _without_missing(step: TaskStep, names: set[WorkerId]) -> TaskStep:
    return replace(step, depends_on=tuple(worker for worker in step.depends_on if worker in names))
