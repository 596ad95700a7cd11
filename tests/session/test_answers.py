from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from orchestrator.models.decisions import Action
from orchestrator.models.effects import CloseSession, Outcome, StartWorker, StopWorker, ThawWorker
from orchestrator.models.entries import Command, CoordinatorResumed, TimePassed, UserCommand
from orchestrator.models.events import ConversationStarted, Denied, EventType
from orchestrator.models.facts import PersonAsked
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
    assert p.session.assessment.decisions[-1].action is Action.PAUSE_AND_CLARIFY
    assert p.session.workers[WorkerId("claude")].status is WorkerStatus.FROZEN
    assert p.wanted(ThawWorker) == []
    p.take(UserCommand(Command.ANSWER, by="terminal", text="the strict one"))
    assert p.last(StopWorker)[1].worker == WorkerId("claude")
    p.exits("claude", 143, by="stop")
    again = p.last(StartWorker)[1]
    assert (again.attempt, again.assignment.resume) == (2, "c-1")
    assert "the strict one" in again.assignment.prompt
    assert p.session.approvals.questions == ()


def test_without_a_person_at_hand_a_question_ends_the_session(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex")
    p.finishes("gemini")
    p.start("claude")
    p.reports("claude", EventType.MILESTONE, "half of it stands")
    p.snapshot("a.py")
    p.reviews("review-001-gemini", "concerns")
    p.reviews("review-001-codex", "concerns")
    assert len(p.wanted(PersonAsked)) == 1
    assert p.session.ending is not None
    assert p.session.ending.outcome is Outcome.NEEDS_PERSON
    p.exits("claude", None, by="stop")
    p.done()
    assert p.session.approvals.questions[0].about == WorkerId("claude")
    assert p.wanted(CloseSession)


def test_two_questions_about_one_worker_are_answered_together(play: Callable[..., Play]) -> None:
    p = play("claude", interactive=True)
    p.start("claude")
    for path in ("/srv/x/one", "/srv/y/two"):
        p.says("claude", Denied(f"bash: {path}: Permission denied", path=path), kind=EventType.ERROR)
    assert [question.id for question in p.session.approvals.questions] == ["q1", "q2"]
    p.take(UserCommand(Command.ANSWER, by="terminal", question="q2", text="leave two alone"))
    assert p.wanted(StopWorker) == [], "it stands still until the other one is answered too"
    assert p.session.workers[WorkerId("claude")].status is WorkerStatus.FROZEN
    p.take(UserCommand(Command.ANSWER, by="terminal", text="copy one"))
    p.exits("claude", 143, by="stop")
    prompt = p.last(StartWorker)[1].assignment.prompt
    assert "leave two alone" in prompt
    assert "copy one" in prompt


def test_an_answer_that_comes_while_the_session_ends_reaches_the_agent_when_it_is_resumed(
    play: Callable[..., Play],
) -> None:
    p = play("claude")
    p.start("claude")
    p.says("claude", ConversationStarted("c-1"))
    p.says("claude", Denied("bash: /etc/x: Permission denied", path="/etc/x"), kind=EventType.ERROR)
    assert p.session.ending is not None, "nobody is there to ask"
    p.take(UserCommand(Command.ANSWER, by="dashboard", text="leave it alone"))
    p.exits("claude", 143, by="stop")
    assert len(p.wanted(StartWorker)) == 1, "a session that ends starts nothing"
    p.take(CoordinatorResumed(1, ()))
    p.take(TimePassed())
    again = p.last(StartWorker)[1]
    assert (again.attempt, again.assignment.resume) == (2, "c-1")
    assert "leave it alone" in again.assignment.prompt


def test_an_answer_is_not_lost_when_the_session_is_stopped_before_it_was_given(play: Callable[..., Play]) -> None:
    p = play("claude", interactive=True)
    p.start("claude")
    p.says("claude", Denied("bash: /etc/x: Permission denied", path="/etc/x"), kind=EventType.ERROR)
    p.take(UserCommand(Command.ANSWER, by="terminal", text="leave it alone"))
    p.take(UserCommand(Command.STOP, by="Ctrl-C"))
    p.exits("claude", 143, by="stop")
    assert len(p.wanted(StartWorker)) == 1
    p.take(CoordinatorResumed(1, (), interactive=True))
    p.take(TimePassed())
    assert "leave it alone" in p.last(StartWorker)[1].assignment.prompt


@pytest.mark.parametrize("named", [True, False])
def test_an_answer_whose_attempt_ended_before_it_began_is_given_again(play: Callable[..., Play], named: bool) -> None:
    p = play("claude", interactive=True)
    p.start("claude")
    if named:
        p.says("claude", ConversationStarted("c-1"))
    p.says("claude", Denied("bash: /etc/x: Permission denied", path="/etc/x"), kind=EventType.ERROR)
    p.take(UserCommand(Command.ANSWER, by="terminal", text="leave it alone"))
    p.exits("claude", 143, by="stop")
    answered = p.start("claude").assignment
    p.exits("claude", None, by="shim lost")
    again = p.last(StartWorker)[1]
    assert (again.attempt, again.assignment) == (3, answered)
    assert "leave it alone" in again.assignment.prompt


def test_an_answer_to_a_question_that_is_not_open_is_said(play: Callable[..., Play]) -> None:
    p = play("claude", interactive=True)
    p.take(UserCommand(Command.ANSWER, by="terminal", question="q7", text="yes"))
    assert "no question is open" in p.session.warnings[-1]


def test_after_an_answer_the_workers_reviews_are_counted_anew(play: Callable[..., Play]) -> None:
    p = play("claude", "codex", interactive=True, max_review_rounds=1)
    p.start("claude")
    p.reports("claude", EventType.MILESTONE, "half")
    p.snapshot("a.py")
    p.reviews("review-001-codex", "approved")
    p.reports("claude", EventType.MILESTONE, "more than half")
    assert "has been reviewed 1 times" in p.session.approvals.questions[0].text
    p.take(UserCommand(Command.ANSWER, by="terminal", text="go on"))
    p.exits("claude", 143, by="stop")
    p.start("claude")
    p.reports("claude", EventType.MILESTONE, "nearly done")
    assert p.session.approvals.questions == ()
    assert len(p.session.assessment.reviews) == 2
