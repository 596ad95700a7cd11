from __future__ import annotations

from datetime import UTC, datetime

import pytest

from orchestrator.models.events import AgentEvent, EventType, Payload, Reported, Said, ToolReturned
from orchestrator.models.identity import AgentName
from orchestrator.models.reviews import Trigger
from orchestrator.review_engine.triggers import trigger_of

PLAIN = Reported("something")
ASKING = Reported("something", review_requested=True)


@pytest.mark.parametrize(
    ("type_", "payload", "trigger"),
    [
        pytest.param(EventType.MILESTONE, PLAIN, Trigger.MILESTONE, id="a milestone is reviewed"),
        pytest.param(EventType.BLOCKER, PLAIN, Trigger.BLOCKER, id="a blocker is reviewed"),
        pytest.param(EventType.FINDING, ASKING, Trigger.REQUEST, id="any event may ask for a review"),
        pytest.param(EventType.MILESTONE, ASKING, Trigger.MILESTONE, id="a milestone that asks is a milestone"),
        pytest.param(EventType.FINDING, PLAIN, None, id="a finding is not reviewed by itself"),
        pytest.param(EventType.REVIEW, PLAIN, None, id="nor is a review"),
        pytest.param(EventType.MILESTONE, Said("done"), None, id="what the agent did not report is none"),
        pytest.param(EventType.BLOCKER, ToolReturned("1", ok=False), None, id="nor is a tool's output"),
    ],
)
def test_reported_events_ask_for_reviews(type_: EventType, payload: Payload, trigger: Trigger | None) -> None:
    event = AgentEvent(type_, AgentName("claude"), datetime(2026, 11, 21, tzinfo=UTC), payload)
    assert trigger_of(event) is trigger
