"""A wait that could only end after the session's own limit ends the session at once, with the cause."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.models.effects import Outcome
from orchestrator.models.events import ConversationStarted, EventType, Failed, FailureKind, Retrying
from orchestrator.models.facts import PersonAsked
from orchestrator.models.identity import WorkerId
from tests.session.test_clock import pass_time

if TYPE_CHECKING:
    from tests.session.conftest import Play

LIMITED = {"final_wait_s": 30.0, "timeout_s": 100.0}


def begins(play: Play, worker: str) -> None:
    play.start(worker)
    play.says(worker, ConversationStarted("c-1"), kind=EventType.STATUS)


def test_a_usage_limit_that_outlasts_the_session_ends_it(play: Callable[..., Play]) -> None:
    p = play("claude", auto_resume=True, **LIMITED)
    begins(p, "claude")
    until = p.at + timedelta(hours=2)
    p.says("claude", Failed("usage limit", FailureKind.USAGE_LIMIT, resets_at=until, final=True), kind=EventType.ERROR)
    p.exits("claude", 1)
    assert p.session.ending is not None
    assert p.session.ending.outcome is Outcome.NEEDS_PERSON
    assert "would wait until" in p.session.ending.reason


def test_a_restart_that_outlasts_the_session_ends_it_with_the_cause(play: Callable[..., Play]) -> None:
    p = play("claude", **LIMITED)
    for _ in range(3):
        begins(p, "claude")
        p.later(20)
        p.says("claude", Failed("no route to host", FailureKind.NETWORK, final=True), kind=EventType.ERROR)
        p.exits("claude", 1)
        if p.session.ending is not None:
            break
        pass_time(p, 17)
    assert p.session.ending is not None
    assert "no route to host" in p.session.ending.reason


def test_the_time_limit_names_what_was_waited_for(play: Callable[..., Play]) -> None:
    p = play("claude", **LIMITED)
    begins(p, "claude")
    for number in range(4):
        pass_time(p, 25)
        p.says("claude", Retrying("no answer from the model", number, 10), kind=EventType.STATUS)
    pass_time(p, 5)
    assert p.session.ending is not None
    assert "no answer from the model" in p.session.ending.reason


def test_every_question_says_what_each_answer_does(play: Callable[..., Play]) -> None:
    p = play("claude", "codex", interactive=True, **LIMITED)
    p.start("claude")
    p.reports("claude", EventType.MILESTONE, "half")
    p.snapshot("a.py")
    p.reviews("review-001-codex", "blocker")
    q = play("claude", interactive=True)
    q.start("claude")
    q.reports("claude", EventType.BLOCKER, "cannot go on")
    for effect in (*p.wanted(PersonAsked), *q.wanted(PersonAsked)):
        assert effect.question.suggestions
    assert q.wanted(PersonAsked)
    assert WorkerId("claude") in q.session.workers
