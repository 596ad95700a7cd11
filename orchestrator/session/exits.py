"""Take the starts and ends of attempts, and judge what counts as done: evidence, never an exit code alone."""

from __future__ import annotations

from orchestrator.late_pattern import late_pattern
from orchestrator.models.effects import FreezeWorker, MeasureWork, Outcome, StopWorker
from orchestrator.models.entries import StartFailed, WorkerExited, WorkerStarted, WorkMeasured
from orchestrator.models.identity import WorkerId
from orchestrator.models.recorded_sentences import CHANGED, ENDED_CLEANLY
from orchestrator.models.work import Role
from orchestrator.models.workers import ExitRecord, WorkerState, WorkerStatus
from orchestrator.review_engine.replies import abstention, parse_reply
from orchestrator.session.assignments import assignment_to_continue
from orchestrator.session.calls import Calls
from orchestrator.session.delayed_starts import launch
from orchestrator.session.draft import Draft
from orchestrator.session.feedback import is_asked, on_feedback
from orchestrator.session.leaf_limits import was_limited
from orchestrator.session.leaf_results import judge_leaf
from orchestrator.session.missing_layers import do_without
from orchestrator.session.opening import lose_agent
from orchestrator.session.own_words import quoted
from orchestrator.session.questions import ask
from orchestrator.session.recoveries import settle
from orchestrator.session.restarts import died_by_itself, restart_later
from orchestrator.session.review_cycle import on_answered, on_unheard, review_waiting_for
from orchestrator.session.state import BY_USER, Work
from orchestrator.session.storage_limits import hold_if_short

ABOUT_DOUBTS = (
    "answer with what is still to be done; it goes on in its own conversation",
    "look at what it said, and what it did: orchestrate show, orchestrate logs",
)
NO_SANDBOX = late_pattern(r"bwrap: (?!execvp )|.*: Text file busy$")
"""Words of a sandbox that could not be set up, or of a CLI that was being written; one it cannot run is no such."""
KILLED_ABOVE = 128
"""A larger exit code may mean a signal: whoever killed it said nothing about whether the CLI can start."""
VISIBLY_WAITING = frozenset({WorkerStatus.LIMITED, WorkerStatus.PARKED})
"""What an ended attempt's worker is, whatever becomes of the session."""


def on_started(draft: Draft, body: WorkerStarted) -> None:
    """Take in that an attempt has started."""
    detail = draft.detail(body.worker)
    running = detail.current.stopping_because is None and not detail.current.holds
    changed = draft.change_worker(body.worker)
    changed.status = WorkerStatus.RUNNING if running else draft.worker(body.worker).status
    changed.why = body.sandbox if running else draft.worker(body.worker).why
    changed.shim = body.shim
    changed.argv = body.argv
    changed.started_at = draft.worker(body.worker).started_at or draft.at
    changed.last_heard = draft.at
    draft.change_attempt(body.worker).running_since = draft.at if running else None
    draft.session.last_heard = draft.at
    asked = is_asked(draft.session, body.worker)
    if draft.session.ending is not None and detail.current.stopping_because is None and not asked:
        draft.stop(body.worker, because=draft.session.ending.reason)
    elif detail.current.stopping_because is not None:
        draft.do(StopWorker(worker=body.worker, because=detail.current.stopping_because))
    elif detail.current.holds:
        draft.do(FreezeWorker(worker=body.worker, because=draft.worker(body.worker).why))
    if draft.session.crew_paused or body.worker in draft.session.paused:
        draft.hold(body.worker, BY_USER, "paused")
    hold_if_short(draft, body.worker)


def on_start_failed(draft: Draft, body: StartFailed) -> None:
    """Take in that an attempt could not be started at all."""
    record = ExitRecord(None, "nothing was started", note=body.problem)
    changed = draft.change_worker(body.worker)
    changed.status = WorkerStatus.FAILED
    changed.why = body.problem
    changed.exit = record
    changed.ended_at = draft.at
    draft.change_attempt(body.worker).failure = body.problem
    draft.change_detail(body.worker).next_assignment = None
    if is_asked(draft.session, body.worker):
        on_feedback(draft, body.worker, record)
        return
    if body.layer is not None:
        do_without(draft, body, body.layer)
        return
    is_main = draft.session.is_main(body.worker)
    if body.passing and is_main and draft.running:
        restart_later(draft, body.worker, body.problem)
        return
    is_lost = is_main and not body.passing
    on_unheard(draft, body.worker, f"it could not be started: {body.problem}", is_lost=is_lost)
    if is_lost:
        lose_agent(draft, draft.worker(body.worker).agent, body.problem)


def on_exited(draft: Draft, body: WorkerExited) -> None:
    """Take in that an attempt's process tree is proven gone and all its output is in the journal."""
    worker = body.worker
    if body.attempt != draft.worker(worker).attempt or draft.worker(worker).exit is not None:
        return
    draft.count_running_time(worker)
    detail = draft.detail(worker)
    changed = draft.change_worker(worker)
    changed.exit = body.exit
    changed.ended_at = draft.at
    changed.sample = None
    # A final record tells the rest; without one, even figures that came before it are not the last.
    untold = detail.current.spoke and (detail.current.asked_model or not detail.current.ended_subtype)
    attempt = draft.change_attempt(worker)
    attempt.holds = frozenset()
    attempt.frozen_since = None
    draft.change_detail(worker).untold = detail.untold + untold
    _tell_what_it_left(draft, worker, body.exit)
    if is_asked(draft.session, worker):
        on_feedback(draft, worker, body.exit)
        return
    if draft.running and not detail.current.ended_cleanly and detail.next_assignment is None:
        settle(draft, worker)
        detail = draft.detail(worker)
    if not draft.running:
        if draft.worker(worker).status not in VISIBLY_WAITING:
            why = detail.current.stopping_because or "the session ends"
            draft.become(worker, WorkerStatus.STOPPED, why)
    elif detail.next_assignment is not None:
        if detail.start_at is None or detail.start_at <= draft.at:
            launch(draft, detail.next_assignment)
    elif _was_cut_off(draft, worker, body.exit):
        _continue_lost(draft, worker)
    elif review_waiting_for(draft.session, worker) is not None:
        _reply(draft, worker)
    elif draft.worker(worker).status in VISIBLY_WAITING:
        pass
    elif detail.current.stopping_because is not None and not detail.current.outstayed:
        _stopped(draft, worker, detail.current.stopping_because)
    else:
        _judge(draft, worker)


def _tell_what_it_left(draft: Draft, worker: WorkerId, record: ExitRecord) -> None:
    """Report first what the user's programs would obey, then warn of what was not carried over."""
    if record.planted:
        newer = {planted.path for planted in record.planted}
        kept = (planted for planted in draft.session.planted if planted.path not in newer)
        draft.session.planted = (*kept, *record.planted)
    for text in record.said:
        draft.warn(f"{worker}: {text}", worker)


def on_measured(draft: Draft, body: WorkMeasured) -> None:
    """Take in what the worker really left behind, and judge whether its work is done or only claimed."""
    worker = body.worker
    state, detail = draft.worker(worker), draft.detail(worker)
    draft.change_attempt(worker).work = Work(body.files, body.insertions, body.deletions, body.scratch_files)
    if state.exit is None:
        return
    leaf = draft.session.leaf(worker)
    if leaf is not None:
        unmeasured = f"what it changed could not be measured: {body.problem}"
        if state.status is WorkerStatus.FAILED:
            if body.problem is not None:  # why it failed stands, and this is no more than a further loss
                draft.warn(f"{worker}: {unmeasured}", worker)
        elif body.problem is not None:
            fail(draft, worker, unmeasured)
        else:
            judge_leaf(draft, worker, leaf, draft.detail(worker).current.work)
        return
    if body.problem is not None:
        fail(draft, worker, f"what it changed could not be measured: {body.problem}")
        return
    doubt = _doubt_about(draft, worker, body)
    changed = CHANGED(files=len(body.files), more=body.insertions, less=body.deletions)
    if doubt is None:
        clean = ENDED_CLEANLY(well=detail.calls.returned, calls=state.tool_calls)
        draft.become(worker, WorkerStatus.DONE, f"{clean}, {changed}")
        return
    draft.become(worker, WorkerStatus.UNPROVEN, doubt)
    idle = state.tool_calls == 0 and not body.files and not body.scratch_files
    if idle and state.role is not Role.ANALYST and not draft.session.options.asks_about_doubts:
        draft.end(Outcome.FAILED, f"{worker}: {doubt}")
    else:
        ask(draft, f"{worker} says that it is finished, but {doubt}", about=worker, suggestions=ABOUT_DOUBTS)


def _doubt_about(draft: Draft, worker: WorkerId, body: WorkMeasured) -> str | None:
    """Explain why a worker with a clean last word is not done; ``None`` where its work is evident.

    Only calls that returned well are evidence, and for a task that asks for a change only the change itself is.
    """
    state, calls = draft.worker(worker), draft.detail(worker).calls
    unfinished = calls.unfinished()
    if unfinished:
        return f"what it began was never finished: {'; '.join(unfinished[:3])}"
    denied = draft.detail(worker).current.denied
    if denied:
        return f"{state.denials} of its calls were denied: {denied[0]}"
    if state.role is Role.ANALYST:
        return _doubt_about_answer(state, calls, body.files)
    if state.role is Role.DESIGNER:
        worked = bool(body.files or body.scratch_files or calls.returned or state.answer.strip())
        return None if worked else "it claims success with no tool call and no change"
    if not body.files:
        return (
            "nothing changed in the target" if state.tool_calls else "it claims success with no tool call and no change"
        )
    if calls.failed + calls.denied and not calls.returned:
        why = (*calls.failures, *calls.denials)[0]
        return f"none of its {state.tool_calls} tool calls returned well ({why})"
    return None


def _doubt_about_answer(state: WorkerState, calls: Calls, files: tuple[str, ...]) -> str | None:
    if files:
        return f"it changed {len(files)} files, and the task asks for no change"
    if not state.answer.strip():
        return "it gave no answer"
    return None if calls.returned else "its answer rests on nothing that it read: no tool call returned well"


def fail(draft: Draft, worker: WorkerId, why: str) -> None:
    """A worker of the plan has failed for good; a missing design can be done without, a missing change cannot."""
    draft.become(worker, WorkerStatus.FAILED, why)
    if draft.session.leaf(worker) is not None:
        draft.warn(f"{worker} failed: {why}", worker)  # the others stand, and the plan says what follows
        return
    if draft.worker(worker).role is Role.DESIGNER:
        draft.warn(f"{worker} failed ({why}); the work goes on without a design", worker)
        return
    draft.end(Outcome.FAILED, f"{worker}: {why}")


def _was_cut_off(draft: Draft, worker: WorkerId, record: ExitRecord) -> bool:
    """Whether it ended for a reason of ours before it had said its last word, and may be continued."""
    detail = draft.detail(worker)
    # A stop that is not on record was that of a coordinator that could no longer write the journal.
    ours = record.stopped_by in ("orphaned", "shim lost") or (
        record.stopped_by == "stop" and detail.current.stopping_because is None
    )
    return ours and not detail.current.ended_cleanly and detail.relaunches < draft.session.options.max_relaunches


def _continue_lost(draft: Draft, worker: WorkerId) -> None:
    """Continue the conversation of a worker that ended for a reason of ours."""
    detail = draft.detail(worker)
    because = "its supervisor was gone"
    then = assignment_to_continue(draft.session, detail.assignment, template="continue_", because=because)
    draft.warn(f"{worker} is continued: {because}", worker)
    draft.change_detail(worker).relaunches = detail.relaunches + 1
    launch(draft, then)


def _stopped(draft: Draft, worker: WorkerId, because: str) -> None:
    failure = draft.detail(worker).current.failure
    if failure is None and was_limited(draft.session, worker):
        fail(draft, worker, because)  # whatever it said while it was stopped came too late
    elif failure is None:
        draft.become(worker, WorkerStatus.STOPPED, because)
    elif draft.session.is_main(worker):
        fail(draft, worker, failure)
    else:
        draft.become(worker, WorkerStatus.FAILED, failure)


def _judge(draft: Draft, worker: WorkerId) -> None:
    state, detail = draft.worker(worker), draft.detail(worker)
    code = state.exit.code if state.exit else None
    note = f"; {state.exit.note}" if state.exit and state.exit.note else ""
    said = quoted(detail.current.own_words)
    if died_by_itself(draft, worker):
        why = detail.current.failure or f"it ended with exit code {code} and no final event{said}"
        restart_later(draft, worker, why + note)
    elif _stood_in_no_sandbox(draft, worker):
        restart_later(draft, worker, f"its sandbox could not be set up{said}{note}")
    elif _did_not_start(draft, worker):
        ended = (
            f"{detail.current.stopping_because}{said}"
            if detail.current.outstayed
            else f"it ended with exit code {code} and without a record{said}{note}"
        )
        why = f"it does not start: {ended}"
        draft.become(worker, WorkerStatus.FAILED, why)
        lose_agent(draft, state.agent, why)
    elif not detail.current.ended_cleanly:
        ended = (
            f"its last word was {detail.current.ended_subtype}"
            if detail.current.ended_subtype
            else "no final event came"
        )
        fail(draft, worker, (detail.current.failure or f"exit code {code}, and {ended}{said}") + note)
    elif (leaf := draft.session.leaf(worker)) is not None:
        if state.role is Role.IMPLEMENTER:
            draft.do(MeasureWork(worker=worker))
        else:
            judge_leaf(draft, worker, leaf, None)
    elif detail.current.denied and not draft.session.options.asks_about_doubts:
        fail(draft, worker, f"{state.denials} denied: {detail.current.denied[0]}")
    else:
        draft.do(MeasureWork(worker=worker))


def _did_not_start(draft: Draft, worker: WorkerId) -> bool:
    """Whether the attempt ended without a single record, by itself or for that: its CLI cannot do anything here."""
    detail, ended = draft.detail(worker), draft.worker(worker).exit
    if draft.session.options.final_wait_s is None or detail.current.spoke or detail.current.failure is not None:
        return False
    by_itself = (
        ended is not None and ended.stopped_by == "itself" and ended.code is not None and ended.code <= KILLED_ABOVE
    )
    return by_itself or detail.current.outstayed


def _stood_in_no_sandbox(draft: Draft, worker: WorkerId) -> bool:
    """Whether the sandbox, and not the CLI, failed for the first time: a folder that went meanwhile, a busy machine."""
    detail = draft.detail(worker)
    return (
        draft.session.options.retries_sandbox
        and detail.restarts == 0
        and _did_not_start(draft, worker)
        and bool(detail.current.own_words)
        and NO_SANDBOX.match(detail.current.own_words[-1]) is not None
    )


def _reply(draft: Draft, worker: WorkerId) -> None:
    review = review_waiting_for(draft.session, worker)
    if review is None:
        return
    state, detail = draft.worker(worker), draft.detail(worker)
    stopped = detail.current.stopping_because if not detail.current.outstayed else None
    if stopped is not None:
        draft.become(worker, WorkerStatus.FAILED, stopped)
        on_answered(draft, worker, abstention(review.request.id, state.agent, stopped))
    elif not detail.current.ended_cleanly:
        problem = detail.current.failure or f"it ended without a final event{quoted(detail.current.own_words)}"
        draft.become(worker, WorkerStatus.FAILED, problem)
        on_unheard(draft, worker, problem)
    else:
        answer = parse_reply(review.request.id, state.agent, text=state.answer, reply=detail.current.reply)
        draft.become(worker, WorkerStatus.DONE, answer.problem or f"answered: {answer.verdict}")
        on_answered(draft, worker, answer)
