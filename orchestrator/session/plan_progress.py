"""Bring a session's own plan further: collect what its leaves came to, ask the plan what runs now, and end it.

The results are the whole state of a plan, so a coordinator that takes over, or a replay, derives each choice again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from orchestrator.agents.registry import get_agent
from orchestrator.composition.next_steps import next_steps
from orchestrator.models.effects import MeasureWork, Outcome, RecordPlan
from orchestrator.models.entries import GatesMeasured, LayersMerged
from orchestrator.models.facts import PlanFinished
from orchestrator.models.identity import AgentName, WorkerId
from orchestrator.models.plan_steps import AgentLeaf, Finished
from orchestrator.models.plan_tree import AgentResult, MergeResult, Result, StrategyResult
from orchestrator.models.reviews import Trigger
from orchestrator.models.work import Role, TaskBreakdown, TaskStep
from orchestrator.models.workers import WorkerStatus
from orchestrator.session.assignments import asked_last
from orchestrator.session.draft import Draft
from orchestrator.session.leaf_results import is_settled, result_of_leaf
from orchestrator.session.leaves import note_step, start_leaves, worker_name
from orchestrator.session.questions import ask
from orchestrator.session.review_cycle import ask_for_review, is_accepted, is_reviewed, usable_names
from orchestrator.session.state import Session

ABOUT_NOTHING: Final = (
    "answer with what is still to be done; it goes on in its own conversation",
    "look at what it said, and what it did: orchestrate show, orchestrate logs",
)
REVIEWER: Final = "reviewer"
"""Who reviews what the plan has changed is called so, unless an agent of the plan is."""


def open_plan(draft: Draft) -> None:
    """Put the plan on record before anything of it runs."""
    options = draft.session.options
    usable = usable_names(draft.session)
    plan = TaskBreakdown(task=options.task, tier=min(5, max(1, 4 - len(usable))), steps=())
    draft.session.plan = plan
    draft.do(RecordPlan(breakdown=plan))
    if not usable:
        draft.end(Outcome.NEEDS_PERSON, "no agent CLI is usable: orchestrate doctor says how to get one")


def advance_plan(draft: Draft) -> None:
    """Start every leaf whose turn has come; end the session when the plan has its result."""
    if draft.session.plan_run.result is None:
        _ask_the_plan(draft)
    else:
        _collect(draft)
    if draft.running and draft.session.plan_run.result is not None:
        _finish(draft, draft.session.plan_run.result)


def on_gates_measured(draft: Draft, body: GatesMeasured) -> None:
    """Take in the measurement of the gates at one point of the plan."""
    path = body.result.path
    draft.plan_run.measuring = draft.session.plan_run.measuring - {path}
    draft.plan_run.results = {**draft.session.plan_run.results, path: body.result}


def on_layers_merged(draft: Draft, body: LayersMerged) -> None:
    """Take in the merge of changes that were made side by side."""
    path = body.result.path
    draft.plan_run.merging = draft.session.plan_run.merging - {path}
    draft.plan_run.measuring = draft.session.plan_run.measuring - {path}
    draft.plan_run.results = {**draft.session.plan_run.results, path: body.result}


def _ask_the_plan(draft: Draft) -> None:
    """Ask until nothing comes to its result at once: what needs no worker is known as soon as it is asked for."""
    tree = draft.session.options.plan
    assert tree is not None
    while draft.running:
        _collect(draft)
        answer = next_steps(tree, draft.session.plan_run.results)
        if isinstance(answer, Finished):
            results = draft.session.plan_run.results
            draft.plan_run.result = answer.result
            draft.plan_run.good = frozenset(path for path, one in results.items() if _is_good(one))
            draft.tell(PlanFinished(result=answer.result))
            return
        if not start_leaves(draft, answer.leaves):
            return


def _collect(draft: Draft) -> None:
    """Keep the results of settled leaves; one that a person has sent on has none until it is settled again."""
    for path, started in draft.session.plan_run.started.items():
        results = draft.session.plan_run.results
        if not is_settled(draft, started):
            _look_at_failed(draft, started.worker)
            if path in results:
                draft.plan_run.results = {key: value for key, value in results.items() if key != path}
        elif path not in results:
            draft.plan_run.results = {**results, path: result_of_leaf(draft.session, started)}


def _look_at_failed(draft: Draft, worker: WorkerId) -> None:
    """Measure what a writer changed that failed all the same."""
    state, key = draft.worker(worker), (worker, draft.worker(worker).attempt)
    unknown = state.exit is not None and draft.detail(worker).current.work is None
    failed = state.status is WorkerStatus.FAILED and state.role is Role.IMPLEMENTER
    if failed and unknown and key not in draft.session.plan_run.looked_at:
        draft.plan_run.looked_at = draft.session.plan_run.looked_at | {key}
        draft.do(MeasureWork(worker=worker))


def _finish(draft: Draft, result: StrategyResult) -> None:
    """After a plan that changed the target somebody who did not write reviews it; then the session ends.

    Only a plan that has come to what it was for needs the review's consent: a failed one has failed.
    """
    session = draft.session
    if any(not is_settled(draft, one) for one in session.plan_run.started.values()):
        return
    lost = _lost_since(session)
    if result.success and lost is not None:
        draft.end(Outcome.FAILED, lost)
        return
    writers = [
        one.worker
        for one in session.plan_run.started.values()
        if one.leaf.node.access == "write" and _reaches_target(session, one.leaf)
    ]
    changed = [worker for worker in writers if _has_changed(draft, worker)]
    stands = is_accepted(session) if result.success else is_reviewed(session)
    if changed and not stands:
        _review(draft, changed)
    elif writers and not changed and result.success:
        text = f"the plan says that it is finished, but {', '.join(writers)} changed nothing in the target"
        ask(draft, text, about=writers[-1], suggestions=ABOUT_NOTHING)
    elif not session.open_reviews():
        _end(draft, result)


def _is_good(result: Result) -> bool:
    return isinstance(result, AgentResult) and result.success


def _lost_since(session: Session) -> str | None:
    """What failed of what the plan's result rests on, because somebody was sent on after it; ``None``: nothing."""
    if session.options.plan_rules < 2:
        return None
    run = session.plan_run
    for path in sorted(run.good):
        now = run.results.get(path)
        if isinstance(now, AgentResult) and not now.success:
            return f"the plan had come to its result, and {now.agent_id}, who was sent on, failed: {now.error}"
    return None


def _reaches_target(session: Session, leaf: AgentLeaf) -> bool:
    """Whether what the agent wrote is in the target: all layers it worked on have been taken."""
    merged = [one for one in session.plan_run.results.values() if isinstance(one, MergeResult)]
    taken = {path for one in merged for path in one.taken}
    return taken.issuperset(leaf.layers)


def _has_changed(draft: Draft, worker: WorkerId) -> bool:
    work = draft.detail(worker).current.work
    return work is not None and bool(work.files)


def _review(draft: Draft, changed: list[WorkerId]) -> None:
    """Ask for the review at the end, of an agent that wrote nothing where there is one, else by measuring alone."""
    session = draft.session
    assert session.plan is not None
    if session.open_reviews():
        return
    step = next((one for one in session.steps() if one.role is Role.REVIEWER), None)
    if step is None and not session.plan.reviews_itself:
        agent = _reviewing_agent(draft, changed)
        if agent is None:
            draft.session.plan = replace(session.plan, reviews_itself=True)
            draft.do(RecordPlan(breakdown=draft.session.plan))
        else:
            note_step(draft, TaskStep(worker_name(session, REVIEWER), agent, Role.REVIEWER, "Review the change"))
    elif step is not None and session.workers[step.worker].status is not WorkerStatus.WAITING:
        return
    ask_for_review(draft, Trigger.FINAL, about=changed[-1], text=asked_last(session))


def _reviewing_agent(draft: Draft, changed: list[WorkerId]) -> AgentName | None:
    """An agent that changed nothing, the one first that is best at reviews."""
    wrote = {draft.worker(worker).agent for worker in changed}
    others = [agent for agent in usable_names(draft.session) if agent not in wrote]
    strong = [agent for agent in others if Role.REVIEWER in get_agent(agent).role_strengths[:1]]
    return next(iter((*strong, *others)), None)


def _end(draft: Draft, result: StrategyResult) -> None:
    if result.success:
        draft.end(Outcome.DONE, "the plan has come to its result")
    else:
        why = "; ".join(result.errors) or "it has not come to what it was for"
        draft.end(Outcome.FAILED, f"the plan failed: {why}")
