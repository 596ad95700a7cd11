"""These models describe peer reviews: who is asked, about what, and what they answered."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from orchestrator.models.field_marks import LEFT_OUT
from orchestrator.models.identity import AgentName, ReviewId, WorkerId
from orchestrator.value_class import value_class


class Verdict(StrEnum):
    """A reviewer's answer; a malformed or late one is an abstention, never approval."""

    APPROVED = "approved"
    CONCERNS = "concerns"
    BLOCKER = "blocker"
    ABSTAINED = "abstained"


class Trigger(StrEnum):
    """What asked for a review (spec 004, Triggers), and the review that ends a task."""

    MILESTONE = "milestone"
    BLOCKER = "blocker"
    REQUEST = "request"
    MANUAL = "manual"
    SILENCE = "silence"
    FINAL = "final"


@value_class
class ReviewRequest:
    """One review: a panel is asked about one event of one worker."""

    id: ReviewId
    trigger: Trigger
    about: Annotated[WorkerId | None, LEFT_OUT]
    """The worker whose work is reviewed; ``None`` for the session as a whole."""
    text: str
    """What the event said."""
    reviewers: tuple[AgentName, ...]
    asked_at: datetime
    deadline: datetime


@value_class
class PeerReview:
    """One reviewer's answer."""

    review: ReviewId
    reviewer: AgentName
    verdict: Verdict
    summary: str = ""
    points: tuple[str, ...] = ()
    words: int = 0
    over_length: bool = False
    """More than the 200 words of spec 004."""
    problem: str | None = None
    """Why it counts as an abstention."""
    unheard: bool = False
    """It could not be asked, or not be heard, however often that was tried: the abstention is none of its own."""
