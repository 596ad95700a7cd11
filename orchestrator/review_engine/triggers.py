"""Tell whether an agent's event triggers a review, and which."""

from __future__ import annotations

from orchestrator.models.events import AgentEvent, EventType, Reported
from orchestrator.models.reviews import Trigger

_BY_TYPE = {EventType.MILESTONE: Trigger.MILESTONE, EventType.BLOCKER: Trigger.BLOCKER}


def trigger_of(event: AgentEvent) -> Trigger | None:
    """Say what review the event asks for.

    Only events the agent reported itself count: a tool's output that looks like a milestone is none
    (spec 004, Triggers).  The manual, silent and final reviews come from the session, not from an event.
    """
    if not isinstance(event.payload, Reported):
        return None
    if event.type in _BY_TYPE:
        return _BY_TYPE[event.type]
    return Trigger.REQUEST if event.payload.review_requested else None
