from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.models.effects import Outcome, StartWorker
from orchestrator.models.entries import Command, UserCommand
from orchestrator.models.events import ConversationStarted, EventType, Failed, FailureKind
from orchestrator.models.facts import PersonAsked
from orchestrator.models.identity import WorkerId
from orchestrator.models.workers import WorkerStatus
from tests.session.test_clock import pass_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.session.conftest import Play

CLAUDE = WorkerId("claude")


def begins(p: Play) -> None:
    p.start("claude")
    p.says("claude", ConversationStarted("c-1"), kind=EventType.STATUS)


def test_a_worker_that_dies_in_the_middle_is_continued_after_a_pause(play: Callable[..., Play]) -> None:
    p = play("claude", "codex")
    begins(p)
    p.exits("claude", 137)
    assert p.session.workers[CLAUDE].status is WorkerStatus.RELAUNCHING
    assert len(p.wanted(StartWorker)) == 1
    pass_time(p, 2)
    again = p.last(StartWorker)[1]
    assert (again.attempt, again.assignment.resume) == (2, "c-1")


def test_each_pause_is_longer_and_then_the_worker_is_parked_for_a_person(play: Callable[..., Play]) -> None:
    p = play("claude", "codex", interactive=True)
    for pause in (2, 16, 128):
        begins(p)
        p.exits("claude", 137)
        count = len(p.wanted(StartWorker))
        pass_time(p, pause - 1)
        assert len(p.wanted(StartWorker)) == count
        pass_time(p, 1)
        assert len(p.wanted(StartWorker)) == count + 1
    begins(p)
    p.exits("claude", 137)
    state = p.session.workers[CLAUDE]
    assert state.status is WorkerStatus.PARKED
    assert "after 3 restarts" in state.why
    assert len(p.wanted(PersonAsked)) == 1
    p.take(UserCommand(Command.ANSWER, by="terminal", text="go on"))
    assert p.last(StartWorker)[1].attempt == 5
    assert p.session.details[CLAUDE].restarts == 0


def test_without_a_person_a_parked_worker_ends_the_session_and_stays_parked(play: Callable[..., Play]) -> None:
    p = play("claude", "codex", max_restarts=0)
    begins(p)
    p.exits("claude", 137)
    assert p.session.ending is not None
    assert p.session.ending.outcome is Outcome.NEEDS_PERSON
    assert p.session.workers[CLAUDE].status is WorkerStatus.PARKED


def test_an_overloaded_provider_is_asked_again_later(play: Callable[..., Play]) -> None:
    p = play("claude", "codex")
    begins(p)
    p.says(
        "claude", Failed("Repeated 529 Overloaded errors.", FailureKind.OVERLOADED, final=True), kind=EventType.ERROR
    )
    assert p.session.workers[CLAUDE].status is WorkerStatus.RELAUNCHING
    pass_time(p, 60)
    assert len(p.wanted(StartWorker)) == 1, "not before its tree is gone"
    p.exits("claude", 1)
    assert p.last(StartWorker)[1].attempt == 2


def test_a_worker_that_never_began_would_fail_again_and_is_not_restarted(play: Callable[..., Play]) -> None:
    p = play("claude", "codex")
    p.start("claude")
    p.exits("claude", 1)
    assert p.session.workers[CLAUDE].status is WorkerStatus.FAILED


def test_a_worker_that_says_why_it_failed_is_not_restarted(play: Callable[..., Play]) -> None:
    p = play("claude", "codex")
    begins(p)
    p.says("claude", Failed("model is gone", FailureKind.UNKNOWN, final=True), kind=EventType.ERROR)
    p.exits("claude", 1)
    assert p.session.workers[CLAUDE].status is WorkerStatus.FAILED
