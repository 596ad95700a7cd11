"""Find which deadline comes next, and what each one means when it has come."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import TypeAlias

from orchestrator.models.effects import Outcome
from orchestrator.models.entries import Sampled
from orchestrator.models.identity import ReviewId, WorkerId
from orchestrator.models.recorded_sentences import ANSWER_LATE, NO_MODEL_HEARD, NOBODY_HEARD
from orchestrator.models.reviews import ReviewRequest, Trigger
from orchestrator.models.workers import WorkerState, WorkerStatus
from orchestrator.review_engine.replies import abstention
from orchestrator.safety.resources import judge
from orchestrator.session.delayed_starts import wake
from orchestrator.session.draft import Draft
from orchestrator.session.feedback import end_late_answer, feedback_deadlines
from orchestrator.session.first_words import due_at, end_unheard
from orchestrator.session.guarded_commands import on_guard_late
from orchestrator.session.health import dead_at, look_dead, look_silent, on_sample, silent_at
from orchestrator.session.last_words import end_overdue, over_at
from orchestrator.session.leaf_limits import limits_of, note_limit
from orchestrator.session.metric_watch import act_on_stretch, due_stretches
from orchestrator.session.output import RETRIES
from orchestrator.session.review_cycle import ask_for_review, on_answered, on_unheard
from orchestrator.session.state import Session, is_alive

RUNS = (WorkerStatus.RUNNING, WorkerStatus.SILENT)
STANDS_STILL = (WorkerStatus.LIMITED, WorkerStatus.RELAUNCHING, WorkerStatus.FROZEN, WorkerStatus.PARKED)
"""A reviewer that is one of these is not late."""
Deadline: TypeAlias = tuple[datetime, Callable[[Draft], None]]


def next_deadline(session: Session) -> datetime | None:
    """When the session wants to be woken with :class:`TimePassed`, ``None`` for never."""
    if session.closed is not None:
        return None
    if session.ending is not None:
        return min((when for when, _ in feedback_deadlines(session)), default=None)
    return min((when for when, _ in _deadlines(session)), default=None)


def on_time(draft: Draft) -> None:
    """Act on every deadline that has come."""
    for when, worker in list(feedback_deadlines(draft.session)):
        if when <= draft.at:
            end_late_answer(draft, worker)
    if draft.session.ending is not None:
        return
    for when, act in list(_deadlines(draft.session)):
        if when <= draft.at and draft.session.ending is None:
            act(draft)


def on_sampled(draft: Draft, body: Sampled) -> None:
    """Keep the measurement and hold it against the limits."""
    worker = body.worker
    if worker not in draft.session.workers or not draft.alive(worker):
        return
    detail = draft.detail(worker)
    draft.change_worker(worker).sample = body.sample
    monitor, findings = judge(
        detail.monitor,
        body.sample,
        draft.at,
        limits_of(draft.session, worker),
        _ran_s(draft.session, worker, draft.at),
    )
    draft.change_detail(worker).monitor = monitor
    draft.change_attempt(worker).pulse = on_sample(detail.current.pulse, body.sample, draft.at)
    for finding in findings:
        if finding.stop and detail.current.stopping_because is None:
            note_limit(draft, worker, time=finding.kind == "runtime")
            _over_limit(draft, worker, finding.text)
        elif not finding.stop:
            draft.warn(f"{worker}: {finding.text}", worker)


def _deadlines(session: Session) -> Iterator[Deadline]:
    if session.options.timeout_s is not None:
        yield session.timed_from + timedelta(seconds=session.options.timeout_s), _time_is_up
    for pending in session.approvals.guards.values():
        yield pending.deadline, partial(on_guard_late, pending=pending)
    yield from ((due, partial(end_late_answer, worker=worker)) for due, worker in feedback_deadlines(session))
    yield from _review_deadlines(session)
    if session.watch.stretches:
        yield from ((due, partial(act_on_stretch, key=key)) for due, key in due_stretches(session))
    if session.plan_run.start_due is not None:
        yield session.plan_run.start_due, _start_is_due
    running = False
    for worker, detail in session.details.items():
        state = session.workers[worker]
        if detail.start_at is not None and detail.next_assignment is not None and not is_alive(state):
            yield detail.start_at, partial(wake, worker=worker)
        if state.status in RUNS:
            over = over_at(session, worker)
            running = running or over is None
            yield from _worker_deadlines(session, state, over)
    if running and session.last_heard is not None and not session.open_reviews():
        yield session.last_heard + timedelta(seconds=session.options.silence_s), _silence


def _review_deadlines(session: Session) -> Iterator[Deadline]:
    asked_about = {question.about for question in session.approvals.questions}
    for review in session.open_reviews():
        missing = [worker for worker, answer in review.panel.items() if answer is None]
        waits = any(w in asked_about or session.workers[w].status in STANDS_STILL for w in missing)
        if missing and not waits:
            given = _time_to_answer(session, review.request)
            begun = [
                session.details[worker].current.running_since or session.workers[worker].last_heard
                for worker in missing
            ]
            # One that had to wait before it was started gets its time all the same.
            due = max([review.request.deadline, *(at + given for at in begun if at is not None)])
            yield due, partial(_review_is_late, name=review.request.id)


def _time_to_answer(session: Session, request: ReviewRequest) -> timedelta:
    """The time limit of an attempt; in older journals a repeated review had longer each time."""
    if session.options.max_review_retries:
        return timedelta(seconds=session.options.review_timeout_s)
    return request.deadline - request.asked_at


def _worker_deadlines(session: Session, state: WorkerState, over: datetime | None) -> Iterator[Deadline]:
    since = session.details[state.id].current.running_since
    if since is not None:
        left = limits_of(session, state.id).runtime_s - state.ran_s
        yield since + timedelta(seconds=left), partial(_runtime_is_up, worker=state.id)
    if over is not None:  # it has said its last word, so silence is no news
        yield over, partial(end_overdue, worker=state.id)
        return
    due = due_at(session, state.id)
    if due is not None:
        yield due, partial(end_unheard, worker=state.id)
    silent, dead = silent_at(state), dead_at(session, state)
    if silent is not None:
        yield silent, partial(look_silent, worker=state.id)
    if dead is not None:
        yield dead, partial(look_dead, worker=state.id)


def _time_is_up(draft: Draft) -> None:
    text = f"the time limit of {draft.session.options.timeout_s:g} s has passed"
    waits = (WorkerStatus.LIMITED, WorkerStatus.RELAUNCHING, WorkerStatus.PARKED)
    kept = [f"{state.id}: {state.why}" for state in draft.session.workers.values() if state.status in waits]
    kept += [f"{state.id}: {state.doing}" for state in draft.session.living() if state.doing.startswith(RETRIES)]
    draft.end(Outcome.FAILED, f"{text}; {'; '.join(kept)}" if kept else text)


def _start_is_due(draft: Draft) -> None:
    """Note that an agent of the plan may be started now; the plan is asked after every deadline anyway."""
    draft.plan_run.start_due = None


def _runtime_is_up(draft: Draft, worker: WorkerId) -> None:
    limit = limits_of(draft.session, worker).runtime_s
    if draft.worker(worker).status in RUNS and _ran_s(draft.session, worker, draft.at) >= limit:
        note_limit(draft, worker, time=True)
        _over_limit(draft, worker, f"the runtime limit of {limit:g} s is used up")


def _over_limit(draft: Draft, worker: WorkerId, text: str) -> None:
    draft.change_attempt(worker).failure = text
    draft.stop(worker, because=text)


def _ran_s(session: Session, worker: WorkerId, at: datetime) -> float:
    since = session.details[worker].current.running_since
    running = (at - since).total_seconds() if since is not None else 0.0
    return session.workers[worker].ran_s + running


def _review_is_late(draft: Draft, name: ReviewId) -> None:
    review = draft.session.assessment.reviews[name]
    for worker, answer in review.panel.items():
        if answer is not None:
            continue
        if draft.alive(worker) and draft.detail(worker).current.stopping_because is None:
            draft.stop(worker, because="its review is late")
        if _was_heard(draft, worker) or draft.session.options.max_review_retries == 0:
            agent = draft.worker(worker).agent
            on_answered(draft, worker, abstention(review.request.id, agent, ANSWER_LATE()))
        else:
            on_unheard(draft, worker, NO_MODEL_HEARD())


def _was_heard(draft: Draft, worker: WorkerId) -> bool:
    """Whether the model behind this attempt said or did anything, so that it is only slow."""
    doing = draft.worker(worker).doing
    return bool(doing) and not doing.startswith(RETRIES)


def _silence(draft: Draft) -> None:
    minutes = draft.session.options.silence_s / 60
    text = NOBODY_HEARD(minutes=minutes)
    draft.session.last_heard = draft.at
    busiest = next((w.id for w in draft.session.living() if draft.session.is_main(w.id)), None)
    ask_for_review(draft, Trigger.SILENCE, about=busiest, text=text)
