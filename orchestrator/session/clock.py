"""Time: which deadline comes next, and what each one means when it has come."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from orchestrator.models.effects import Outcome
from orchestrator.models.entries import Sampled
from orchestrator.models.identity import WorkerId
from orchestrator.models.reviews import Trigger
from orchestrator.models.workers import WorkerState, WorkerStatus
from orchestrator.review_engine.replies import abstention
from orchestrator.safety.resources import judge
from orchestrator.session.draft import Draft
from orchestrator.session.guarding import on_guard_late
from orchestrator.session.reviewing import ask_for_review, on_answered
from orchestrator.session.state import PendingGuard, ReviewState, Session

SILENT_AFTER = timedelta(seconds=60)
"""When a worker that writes nothing is shown as silent; up to five minutes are normal for all three (observed)."""


def next_deadline(session: Session) -> datetime | None:
    """When the session wants to be woken with :class:`TimePassed`, ``None`` for never."""
    if session.closed is not None or session.ending is not None:
        return None
    return min((when for when, _ in _deadlines(session)), default=None)


def on_time(draft: Draft) -> None:
    """Act on every deadline that has come."""
    session = draft.session
    if session.ending is not None:
        return
    for when, what in list(_deadlines(session)):
        if when > draft.at or draft.session.ending is not None:
            continue
        match what:
            case ReviewState():
                _review_is_late(draft, what)
            case WorkerState():
                _worker_deadline(draft, what)
            case PendingGuard():
                on_guard_late(draft, what)
            case "timeout":
                draft.end(Outcome.FAILED, f"the time limit of {session.options.timeout_s:g} s has passed")
            case "silence":
                _silence(draft)


def on_sampled(draft: Draft, body: Sampled) -> None:
    """Keep the measurement and hold it against the limits."""
    worker = body.worker
    if worker not in draft.session.workers or not draft.alive(worker):
        return
    detail = draft.detail(worker)
    draft.set_worker(worker, sample=body.sample)
    monitor, findings = judge(
        detail.monitor,
        body.sample,
        draft.at,
        draft.session.options.sandbox.limits,
        _ran_s(draft.session, worker, draft.at),
    )
    draft.set_detail(worker, monitor=monitor)
    for finding in findings:
        if finding.stop and detail.stopping_because is None:
            _over_limit(draft, worker, finding.text)
        elif not finding.stop:
            draft.warn(f"{worker}: {finding.text}", worker)


def _deadlines(session: Session) -> Iterator[tuple[datetime, ReviewState | WorkerState | PendingGuard | str]]:
    if session.options.timeout_s is not None:
        yield session.opened_at + timedelta(seconds=session.options.timeout_s), "timeout"
    yield from ((pending.deadline, pending) for pending in session.guards.values())
    asked_about = {question.about for question in session.questions}
    for review in session.open_reviews():
        missing = [worker for worker, answer in review.panel.items() if answer is None]
        # A reviewer that waits for a person (a usage limit, a permission) is not late.
        if missing and asked_about.isdisjoint(missing):
            yield review.request.deadline, review
    running = [
        worker for worker in session.workers.values() if worker.status in (WorkerStatus.RUNNING, WorkerStatus.SILENT)
    ]
    for worker in running:
        since = session.details[worker.id].running_since
        if since is not None:
            left = session.options.sandbox.limits.runtime_s - worker.ran_s
            yield since + timedelta(seconds=left), worker
        if worker.status is WorkerStatus.RUNNING and worker.last_heard is not None:
            yield worker.last_heard + SILENT_AFTER, worker
    if running and session.last_heard is not None and not session.open_reviews():
        yield session.last_heard + timedelta(seconds=session.options.silence_s), "silence"


def _worker_deadline(draft: Draft, state: WorkerState) -> None:
    worker = state.id
    limit = draft.session.options.sandbox.limits.runtime_s
    current = draft.worker(worker)
    if current.status not in (WorkerStatus.RUNNING, WorkerStatus.SILENT):
        return
    if _ran_s(draft.session, worker, draft.at) >= limit:
        _over_limit(draft, worker, f"the runtime limit of {limit:g} s is used up")
        return
    heard = current.last_heard
    if current.status is WorkerStatus.RUNNING and heard is not None and draft.at - heard >= SILENT_AFTER:
        sample = current.sample
        evidence = f"{sample.cpu_percent:.0f} % CPU, {sample.processes} processes" if sample else "not measured yet"
        draft.set_worker(worker, status=WorkerStatus.SILENT, why=f"nothing written for 60 s; {evidence}")


def _over_limit(draft: Draft, worker: WorkerId, text: str) -> None:
    draft.set_detail(worker, failure=text)
    draft.stop(worker, because=text)


def _ran_s(session: Session, worker: WorkerId, at: datetime) -> float:
    since = session.details[worker].running_since
    running = (at - since).total_seconds() if since is not None else 0.0
    return session.workers[worker].ran_s + running


def _review_is_late(draft: Draft, review: ReviewState) -> None:
    for worker, answer in review.panel.items():
        if answer is None:
            if draft.alive(worker) and draft.detail(worker).stopping_because is None:
                draft.stop(worker, because="its review is late")
            agent = draft.worker(worker).agent
            on_answered(draft, worker, abstention(review.request.id, agent, "it did not answer in time"))


def _silence(draft: Draft) -> None:
    minutes = draft.session.options.silence_s / 60
    text = f"no event from any worker for {minutes:g} minutes"
    draft.set(last_heard=draft.at)
    busiest = next((w.id for w in draft.session.living() if draft.session.is_main(w.id)), None)
    ask_for_review(draft, Trigger.SILENCE, about=busiest, text=text)
