from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.models.decisions import Action
from orchestrator.models.effects import AskPerson, CloseSession, Outcome, StartWorker, StopWorker, ThawWorker
from orchestrator.models.entries import Command, UserCommand
from orchestrator.models.events import ConversationStarted, EventType
from orchestrator.models.identity import WorkerId
from orchestrator.models.workers import WorkerStatus

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.session.conftest import Play


def test_two_concerns_ask_a_person_and_the_answer_continues_the_conversation(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex", interactive=True)
    p.finishes("gemini")
    p.start("claude")
    p.says("claude", ConversationStarted("c-1"))
    p.reports("claude", EventType.MILESTONE, "half of it stands")
    p.snapshot("a.py")
    p.reviews("review-001-gemini", "concerns", "which regex?")
    p.reviews("review-001-codex", "concerns", "which regex?")
    assert p.session.decisions[-1].action is Action.PAUSE_AND_CLARIFY
    assert p.session.workers[WorkerId("claude")].status is WorkerStatus.FROZEN
    assert p.wanted(ThawWorker) == []
    p.take(UserCommand(Command.ANSWER, by="terminal", text="the strict one"))
    assert p.last(StopWorker)[1].worker == WorkerId("claude")
    p.exits("claude", 143, by="stop")
    again = p.last(StartWorker)[1]
    assert (again.attempt, again.assignment.resume) == (2, "c-1")
    assert "the strict one" in again.assignment.prompt
    assert p.session.questions == ()


def test_without_a_person_at_hand_a_question_ends_the_session(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex")
    p.finishes("gemini")
    p.start("claude")
    p.reports("claude", EventType.MILESTONE, "half of it stands")
    p.snapshot("a.py")
    p.reviews("review-001-gemini", "concerns")
    p.reviews("review-001-codex", "concerns")
    assert len(p.wanted(AskPerson)) == 1
    assert p.session.ending is not None
    assert p.session.ending.outcome is Outcome.NEEDS_PERSON
    p.exits("claude", None, by="stop")
    p.done()
    assert p.session.questions[0].about == WorkerId("claude")
    assert p.wanted(CloseSession)
