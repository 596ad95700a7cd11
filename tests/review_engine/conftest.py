from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from orchestrator.models.identity import AgentName, ReviewId, WorkerId
from orchestrator.models.reviews import PeerReview, ReviewRequest, Trigger, Verdict

NOW = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)


@pytest.fixture
def request_() -> ReviewRequest:
    """A review of claude's milestone by gemini and codex."""
    return ReviewRequest(
        id=ReviewId("001-milestone"),
        trigger=Trigger.MILESTONE,
        about=WorkerId("claude"),
        text="The validator is in place",
        reviewers=(AgentName("gemini"), AgentName("codex")),
        asked_at=NOW,
        deadline=NOW,
    )


@pytest.fixture
def said() -> Callable[..., PeerReview]:
    """Makes a reviewer's answer."""

    def make(verdict: Verdict, reviewer: str = "gemini", summary: str = "so it is") -> PeerReview:
        problem = "the reply is empty" if verdict is Verdict.ABSTAINED else None
        return PeerReview(ReviewId("001-milestone"), AgentName(reviewer), verdict, summary=summary, problem=problem)

    return make
