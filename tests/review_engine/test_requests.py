from __future__ import annotations

from orchestrator.models.identity import AgentName
from orchestrator.models.reviews import Trigger
from orchestrator.review_engine.requests import REPLY_SCHEMA, review_id, reviewers_for

GEMINI, CLAUDE, CODEX = AgentName("gemini"), AgentName("claude"), AgentName("codex")


def test_everyone_but_the_author_reviews() -> None:
    assert reviewers_for(CLAUDE, (GEMINI, CLAUDE, CODEX)) == (GEMINI, CODEX)


def test_without_an_author_everyone_reviews_once() -> None:
    assert reviewers_for(None, (GEMINI, CODEX, GEMINI)) == (GEMINI, CODEX)


def test_an_author_who_is_alone_has_no_reviewer() -> None:
    assert reviewers_for(CLAUDE, (CLAUDE,)) == ()


def test_reviews_are_numbered_and_named_for_what_asked() -> None:
    assert review_id(1, Trigger.MILESTONE) == "001-milestone"
    assert review_id(1234, Trigger.FINAL) == "1234-final"


def test_the_schema_requires_every_property_and_allows_no_other() -> None:
    properties = REPLY_SCHEMA["properties"]
    assert isinstance(properties, dict)
    assert REPLY_SCHEMA["required"] == list(properties)
    assert REPLY_SCHEMA["additionalProperties"] is False
