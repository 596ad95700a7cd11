from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from orchestrator.models.identity import AgentName, ReviewId, SessionId
from orchestrator.models.lesson import Lesson

LESSON = Lesson(
    "Test the parser.", AgentName("codex"), SessionId("s"), ReviewId("r"), datetime(2026, 11, 30, tzinfo=UTC)
)


def test_one_text_has_one_name_whoever_says_it() -> None:
    again = replace(LESSON, text="test  the parser.", by=AgentName("gemini"), session=SessionId("t"))
    assert again.id == LESSON.id
    assert replace(LESSON, text="Test the printer.").id != LESSON.id


def test_half_a_surrogate_pair_has_a_name() -> None:
    assert len(replace(LESSON, text="\ud800").id) == 10
