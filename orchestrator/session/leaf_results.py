"""Say what one agent of a session's own plan came to: derived from its final answer and from what was measured."""

from __future__ import annotations

from orchestrator.agents.model_vendors import vendor_of
from orchestrator.agents.registry import get_agent
from orchestrator.models.identity import WorkerId
from orchestrator.models.plan_steps import AgentLeaf
from orchestrator.models.plan_tree import AgentResult, Failure
from orchestrator.models.work import Role
from orchestrator.models.workers import WorkerStatus
from orchestrator.session.draft import Draft
from orchestrator.session.leaf_answers import LeafAnswer, read_answer, schema_of
from orchestrator.session.state import Session, StartedLeaf, Work


def answer_of(session: Session, worker: WorkerId, leaf: AgentLeaf) -> LeafAnswer | str:
    """What the worker answered, or in words why that does not count."""
    reply = session.details[worker].current.reply
    text, is_long = session.workers[worker].answer, session.options.plan_rules > 1
    return read_answer(text=text, reply=reply, schema=schema_of(leaf), is_long=is_long)


def judge_leaf(draft: Draft, worker: WorkerId, leaf: AgentLeaf, work: Work | None) -> None:
    """Say whether an agent that ended well by its own word is done.

    Its answer has to fit its schema, and something has to have been done for it by one that may write: a call that
    returned well, or a change.  Denied and unfinished calls are shown, and are for those to weigh who read the answer.

    Args:
        work: What it changed; ``None`` for an agent that may only read.
    """
    state, detail = draft.worker(worker), draft.detail(worker)
    answer = answer_of(draft.session, worker, leaf)
    if isinstance(answer, str):
        draft.become(worker, WorkerStatus.FAILED, answer)
        return
    calls = f"{detail.calls.returned} of {state.tool_calls} tool calls returned well"
    if work is not None and not (work.files or work.scratch_files or detail.calls.returned):
        draft.become(worker, WorkerStatus.FAILED, "it claims success with no tool call and no change")
        return
    changed = "" if work is None else f", {len(work.files)} files changed (+{work.insertions} -{work.deletions})"
    if work is not None and not work.files:
        draft.warn(f"{worker} changed nothing in the target", worker)
    if detail.current.denied:
        draft.warn(f"{worker} was denied {state.denials} calls: {detail.current.denied[0]}", worker)
    why = f"answered with confidence {answer.confidence:g}, {calls}{changed}"
    draft.become(worker, WorkerStatus.DONE, why)


def result_of_leaf(session: Session, started: StartedLeaf) -> AgentResult:
    """The result of a settled leaf."""
    worker, leaf = started.worker, started.leaf
    state = session.workers[worker]
    vendor = vendor_of(get_agent(state.agent), state.model or session.details[worker].assignment.model)
    answer = answer_of(session, worker, leaf) if state.status is WorkerStatus.DONE else state.why
    if isinstance(answer, str):
        ended_cleanly = session.details[worker].current.ended_cleanly
        failure = Failure.FAILED
        if (worker, state.attempt) in session.plan_run.timed_out:
            failure = Failure.TIMED_OUT
        elif ended_cleanly and isinstance(answer_of(session, worker, leaf), str):
            failure = Failure.MALFORMED
        return AgentResult(
            path=leaf.path,
            agent_id=leaf.node.id,
            success=False,
            duration_s=round(state.ran_s, 3),
            error=answer,
            failure=failure,
            agent=state.agent,
            vendor=vendor,
        )
    return AgentResult(
        path=leaf.path,
        agent_id=leaf.node.id,
        success=True,
        output=answer.output,
        confidence=answer.confidence,
        duration_s=round(state.ran_s, 3),
        agent=state.agent,
        vendor=vendor,
    )


def is_settled(draft: Draft, started: StartedLeaf) -> bool:
    """Whether the leaf has its result: its worker is done or has failed, what it changed is known, and nobody has a
    question or a review open about it.
    """
    session, worker = draft.session, started.worker
    state = session.workers[worker]
    if state.status not in (WorkerStatus.DONE, WorkerStatus.FAILED):
        return False
    if state.role is Role.IMPLEMENTER and state.exit is not None and session.details[worker].current.work is None:
        return False
    open_reviews = any(review.request.about == worker for review in session.open_reviews())
    return not open_reviews and not any(question.about == worker for question in session.approvals.questions)
