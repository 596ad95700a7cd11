"""Bound the time before an attempt's first word: a CLI that says nothing at all does not start.

It may wait for a terminal, for a plugin that never returns, or for a name server, and while it does nobody is heard.
So it is ended with what it wrote to its standard error, and the plan goes on without it; no review is spent on it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from orchestrator.agents.registry import get_agent
from orchestrator.models.identity import WorkerId
from orchestrator.session.draft import Draft
from orchestrator.session.state import Session


def due_at(session: Session, worker: WorkerId) -> datetime | None:
    """When the attempt must have said something; ``None`` if it has, or if there is no bound.

    Whatever it writes beside its records, that it asks its model again say, gives it the same time once more.
    """
    state, current, wait_s = session.workers[worker], session.details[worker].current, session.options.first_word_s
    heard = current.spoke or current.reported or current.last_word_at is not None or state.exit is not None
    if wait_s is None or heard or current.running_since is None or get_agent(state.agent).stream_is_silent:
        return None
    return max(current.running_since, state.last_heard or current.running_since) + timedelta(seconds=wait_s)


def end_unheard(draft: Draft, worker: WorkerId) -> None:
    """End a worker whose CLI has said nothing at all in time."""
    due = due_at(draft.session, worker)
    if due is None or due > draft.at or draft.detail(worker).current.stopping_because is not None:
        return
    because = f"it said nothing at all within {draft.session.options.first_word_s:g} s"
    draft.warn(f"{worker} is ended: {because}", worker)
    draft.change_attempt(worker).outstayed = True
    draft.stop(worker, because=because)
