"""Move every wait with a clock that was moved, so that none becomes longer or shorter."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from orchestrator.models.entries import ClockMoved
from orchestrator.models.identity import WorkerId
from orchestrator.safety.resources import ResourceMonitor
from orchestrator.session.draft import Draft
from orchestrator.session.state import ReviewState


def on_clock_moved(draft: Draft, body: ClockMoved) -> None:
    """Move all waits by time that no process experienced: the machine slept, or somebody set its clock."""
    _move_waits(draft, timedelta(seconds=body.seconds))


def on_away(draft: Draft, seconds: float) -> None:
    """Move the waits by time without a coordinator.

    The session's time limit does not count it, and a worker's own limit counts it only up to the grace, which no worker
    outlives.
    """
    if seconds < 0:  # It cannot have been: the clock was set back.
        _move_waits(draft, timedelta(seconds=seconds))
        return
    _move_time_limit(draft, timedelta(seconds=seconds))
    gone = timedelta(seconds=max(0.0, seconds - draft.session.options.orphan_grace_s))
    for worker, detail in draft.session.details.items():
        draft.change_attempt(worker).running_since = _moved(detail.current.running_since, gone)


def _move_waits(draft: Draft, by: timedelta) -> None:
    """Move what the session measures its waits from; what a CLI named as a time of day stays."""
    _move_time_limit(draft, by)
    draft.session.last_heard = _moved(draft.session.last_heard, by)
    if draft.session.feedback.waiting:
        run = draft.session.feedback
        draft.session.feedback = replace(run, asked_at=_moved(run.asked_at, by))
    draft.approvals.guards = {
        key: replace(guard, deadline=guard.deadline + by) for key, guard in draft.session.approvals.guards.items()
    }
    draft.assessment.reviews = {
        name: _moved_review(review, by) for name, review in draft.session.assessment.reviews.items()
    }
    if draft.session.options.plan is not None:
        draft.plan_run.ready_since = {path: at + by for path, at in draft.session.plan_run.ready_since.items()}
        draft.plan_run.starts = tuple(at + by for at in draft.session.plan_run.starts)
        draft.plan_run.start_due = _moved(draft.session.plan_run.start_due, by)
    for worker, state in list(draft.session.workers.items()):
        draft.change_worker(worker).last_heard = _moved(state.last_heard, by)
        if worker in draft.session.details:
            _move_detail(draft, worker, by)


def _move_time_limit(draft: Draft, by: timedelta) -> None:
    draft.session.timed_from = draft.session.timed_from + by
    if draft.session.watch.stretches:
        draft.watch.stretches = {
            key: replace(one, since=one.since + by) for key, one in draft.session.watch.stretches.items()
        }


def _move_detail(draft: Draft, worker: WorkerId, by: timedelta) -> None:
    detail = draft.detail(worker)
    limit = draft.session.limits.get(draft.worker(worker).agent)
    is_time_of_day = limit is not None and limit.until is not None
    kept = draft.change_detail(worker)
    kept.start_at = detail.start_at if is_time_of_day else _moved(detail.start_at, by)
    kept.monitor = _moved_monitor(detail.monitor, by)
    attempt = draft.change_attempt(worker)
    attempt.running_since = _moved(detail.current.running_since, by)
    attempt.frozen_since = _moved(detail.current.frozen_since, by)
    attempt.last_word_at = _moved(detail.current.last_word_at, by)
    attempt.pulse = replace(detail.current.pulse, active_at=_moved(detail.current.pulse.active_at, by))


def _moved_review(review: ReviewState, by: timedelta) -> ReviewState:
    if review.decision is not None:
        return review
    request = review.request
    return replace(review, request=replace(request, asked_at=request.asked_at + by, deadline=request.deadline + by))


def _moved_monitor(monitor: ResourceMonitor, by: timedelta) -> ResourceMonitor:
    return replace(monitor, cpu=tuple((at + by, percent) for at, percent in monitor.cpu))


def _moved(at: datetime | None, by: timedelta) -> datetime | None:
    return at + by if at is not None else None
