"""Say who is asked for a review, in what form they answer, and what the review is called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from orchestrator.models.identity import AgentName, ReviewId
from orchestrator.models.reviews import Trigger, Verdict

ANSWERS: Final = (Verdict.APPROVED, Verdict.CONCERNS, Verdict.BLOCKER)
"""The verdicts a reviewer may give; an abstention is our reading of a reply, never one."""

MAX_REVIEW_WORDS: Final = 200
"""Spec 004, Token Management: 200 words a review."""

REPLY_SCHEMA: Final[Mapping[str, object]] = {
    "type": "object",
    "properties": {
        "verdict": {"type": "string", "enum": [str(verdict) for verdict in ANSWERS]},
        "summary": {"type": "string"},
        "points": {"type": "array", "items": {"type": "string"}},
    },
    # OpenAI's strict mode refuses a schema in which a property is optional or further ones are allowed.
    "required": ["verdict", "summary", "points"],
    "additionalProperties": False,
}
"""What each CLI's structured-output option is given."""


def reviewers_for(author: AgentName | None, agents: Sequence[AgentName]) -> tuple[AgentName, ...]:
    """Everyone but the author, each once, in the order given; ``None`` asks everyone."""
    return tuple(dict.fromkeys(agent for agent in agents if agent != author))


def review_id(number: int, trigger: Trigger) -> ReviewId:
    """The name of the session's ``number``-th review, counted from 1: ``001-milestone``."""
    return ReviewId(f"{number:03d}-{trigger.value}")
