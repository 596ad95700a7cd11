"""Bound the time after an attempt's last word: a CLI that has said that it is done, or has failed, may not exit.

A final record, or a failure that no work follows, starts a wait.  When it is over the attempt is ended, and what it
said decides; nobody is asked because of it, and no review is spent on it.  Until then a failure is provisional.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from orchestrator.models.events import (
    BackgroundStarted,
    ConversationStarted,
    Payload,
    Reasoned,
    Reported,
    Retrying,
    Said,
    ToolCalled,
    ToolReturned,
    TurnEnded,
)
from orchestrator.models.identity import WorkerId
from orchestrator.session.draft import Draft
from orchestrator.session.recoveries import settle
from orchestrator.session.state import Session

WORK = (BackgroundStarted, ConversationStarted, Reasoned, Reported, Said, ToolCalled, ToolReturned)
"""After one of these the record before it was not the last."""


def on_work(draft: Draft, worker: WorkerId, payload: Payload) -> None:
    """Take back the last word of a worker that goes on, or gives its CLI's next try the same time once more."""
    if draft.detail(worker).current.last_word_at is None:
        return
    if isinstance(payload, WORK):
        draft.change_attempt(worker).last_word_at = None
    elif isinstance(payload, Retrying):
        draft.change_attempt(worker).last_word_at = draft.at


def on_turn_ended(draft: Draft, worker: WorkerId, ended: TurnEnded) -> None:
    """Take in a final record: it decides what becomes of the failures before it."""
    draft.change_worker(worker).answer = ended.text or draft.worker(worker).answer
    attempt = draft.change_attempt(worker)
    attempt.ended_cleanly = ended.ok
    attempt.ended_subtype = ended.subtype
    attempt.reply = ended.reply
    attempt.last_word_at = draft.at
    if draft.session.options.final_wait_s is None:
        return
    if ended.ok:
        attempt = draft.change_attempt(worker)
        attempt.doubtful = ()
        attempt.failure = None
        attempt.failure_kind = None
    else:
        settle(draft, worker)


def over_at(session: Session, worker: WorkerId) -> datetime | None:
    """When the time after the worker's last word is over; ``None`` where it has said none, or nothing bounds it.

    One that has exited is late for nothing, however long its work takes to be measured.
    """
    detail, options = session.details[worker], session.options
    has_exited = session.workers[worker].exit is not None
    if detail.current.last_word_at is None or options.final_wait_s is None or has_exited:
        return None
    wait_s = options.final_wait_s
    if detail.calls.open and options.final_wait_open_call_s is not None:
        wait_s = options.final_wait_open_call_s
    # What was frozen could not exit.
    begun = max(detail.current.last_word_at, detail.current.running_since or detail.current.last_word_at)
    return begun + timedelta(seconds=wait_s)


def end_overdue(draft: Draft, worker: WorkerId) -> None:
    """End a worker that did not exit in time after its last word."""
    due = over_at(draft.session, worker)
    if due is None or due > draft.at or draft.detail(worker).current.stopping_because is not None:
        return
    settle(draft, worker)
    detail = draft.detail(worker)
    if detail.current.stopping_because is not None:
        return
    since = (draft.at - (detail.current.last_word_at or draft.at)).total_seconds()
    said = "its final record" if detail.current.ended_subtype else "a failure"
    because = f"it did not exit within {since:.0f} s after {said}"
    draft.warn(f"{worker} is ended: {because}; what it said decides", worker)
    draft.change_attempt(worker).outstayed = True
    draft.stop(worker, because=because)
