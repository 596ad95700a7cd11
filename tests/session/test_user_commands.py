from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.models.effects import (
    CloseSession,
    FreezeWorker,
    Outcome,
    StartWorker,
    StopWorker,
    TakeSnapshot,
    ThawWorker,
)
from orchestrator.models.entries import Command, CoordinatorResumed, SessionClosed, UserCommand
from orchestrator.models.events import ConversationStarted, EventType
from orchestrator.models.identity import WorkerId
from orchestrator.models.workers import WorkerStatus

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.session.conftest import Play


def test_pause_and_resume_freeze_and_thaw_every_living_worker(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex")
    p.start("gemini")
    p.take(UserCommand(Command.PAUSE, by="terminal"))
    assert p.session.workers[WorkerId("gemini")].status is WorkerStatus.FROZEN
    p.later(7200)
    p.take(UserCommand(Command.RESUME, by="terminal"))
    assert [type(e).__name__ for _, e in p.effects[-1:]] == ["ThawWorker"]
    assert p.session.workers[WorkerId("gemini")].ran_s == 0.0


def test_stop_ends_everybody_and_the_session_is_interrupted(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex")
    p.start("gemini")
    p.take(UserCommand(Command.STOP, by="terminal"))
    p.done()
    assert p.wanted(CloseSession) == []
    p.exits("gemini", 143, by="stop")
    assert p.last(CloseSession)[1].outcome is Outcome.INTERRUPTED
    assert p.session.workers[WorkerId("gemini")].status is WorkerStatus.STOPPED


def test_a_kill_leaves_the_ladder_out(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex")
    p.start("gemini")
    p.take(UserCommand(Command.STOP, by="terminal"))
    p.take(UserCommand(Command.KILL, by="terminal"))
    assert [effect.hard for effect in p.wanted(StopWorker)] == [False, True]


CLAUDE = WorkerId("claude")


def test_a_pause_before_a_worker_has_started_freezes_it_as_soon_as_it_has(play: Callable[..., Play]) -> None:
    p = play("claude", interactive=True)
    p.take(UserCommand(Command.PAUSE, by="terminal"))
    assert p.wanted(FreezeWorker) == [], "there is nothing to freeze yet"
    p.start("claude")
    assert [frozen.worker for frozen in p.wanted(FreezeWorker)] == [CLAUDE]
    assert p.session.workers[CLAUDE].status is WorkerStatus.FROZEN
    p.take(UserCommand(Command.RESUME, by="terminal"))
    assert len(p.wanted(ThawWorker)) == 1
    assert p.session.workers[CLAUDE].status is WorkerStatus.RUNNING


def test_a_pause_that_is_taken_back_before_the_start_leaves_nothing_frozen(play: Callable[..., Play]) -> None:
    p = play("claude", interactive=True)
    p.take(UserCommand(Command.PAUSE, by="terminal"))
    p.take(UserCommand(Command.RESUME, by="terminal"))
    p.start("claude")
    assert p.wanted(FreezeWorker) == []
    assert p.session.workers[CLAUDE].status is WorkerStatus.RUNNING


def test_a_worker_whose_turn_has_not_come_can_be_paused(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex", interactive=True)
    p.take(UserCommand(Command.PAUSE, by="terminal", worker=CLAUDE))
    p.finishes("gemini")
    p.start("claude")
    assert p.session.workers[CLAUDE].status is WorkerStatus.FROZEN


def test_resuming_one_of_a_paused_crew_leaves_the_others_paused(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", interactive=True)
    p.take(UserCommand(Command.PAUSE, by="terminal"))
    p.take(UserCommand(Command.RESUME, by="terminal", worker=WorkerId("gemini")))
    p.finishes("gemini")
    p.start("claude")
    assert p.session.workers[CLAUDE].status is WorkerStatus.FROZEN


def test_a_worker_that_a_person_stopped_can_be_restarted(play: Callable[..., Play]) -> None:
    p = play("claude", "codex", interactive=True)
    p.start("claude")
    p.take(UserCommand(Command.STOP, by="terminal", worker=CLAUDE))
    p.exits("claude", 143, by="stop")
    stopped = p.session
    assert stopped.workers[CLAUDE].status is WorkerStatus.STOPPED
    assert stopped.ending is None
    p.take(UserCommand(Command.RESTART, by="terminal", worker=CLAUDE))
    assert p.last(StartWorker)[1].attempt == 2
    p.finishes("claude", "a.py")
    p.snapshot("a.py")
    p.reviews("codex", "approved")
    assert p.session.ending is not None
    assert p.session.ending.outcome is Outcome.DONE


def test_without_a_person_a_stopped_worker_leaves_nothing_to_wait_for(play: Callable[..., Play]) -> None:
    p = play("claude", "codex")
    p.start("claude")
    p.take(UserCommand(Command.STOP, by="dashboard", worker=CLAUDE))
    p.exits("claude", 143, by="stop")
    assert p.session.ending is not None
    assert p.session.ending.outcome is Outcome.NEEDS_PERSON
    assert "claude is stopped: stopped by dashboard" in p.session.ending.reason


def test_what_cannot_be_done_to_a_worker_is_said(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", interactive=True)
    p.take(UserCommand(Command.RESTART, by="terminal", worker=CLAUDE))
    assert "has not been started yet" in p.session.warnings[-1]
    p.take(UserCommand(Command.STOP, by="terminal", worker=CLAUDE))
    assert "is not running" in p.session.warnings[-1]


def test_a_review_whose_snapshot_came_too_late_begins_again_when_the_session_is_resumed(
    play: Callable[..., Play],
) -> None:
    p = play("gemini", "claude", "codex")
    p.finishes("gemini")
    p.start("claude")
    p.reports("claude", EventType.MILESTONE, "half of it stands")
    p.take(UserCommand(Command.STOP, by="terminal"))
    p.snapshot("a.py")
    p.exits("claude", 143, by="stop")
    p.done()
    name, close = p.last(CloseSession)
    p.take(SessionClosed(close.outcome, close.reason, name))
    p.take(CoordinatorResumed(pid=2))
    assert len(p.wanted(TakeSnapshot)) == 2
    p.snapshot("a.py")
    assert {effect.worker for effect in p.wanted(StartWorker)[-2:]} == {"review-001-codex", "review-001-gemini"}


def test_a_worker_whose_end_was_awaited_goes_on_when_it_has_ended(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex")
    p.start("gemini")
    p.says("gemini", ConversationStarted("g-1"), kind=EventType.STATUS)
    p.take(UserCommand(Command.STOP, by="terminal"))
    p.take(CoordinatorResumed(2, (WorkerId("gemini"),)))
    p.exits("gemini", 0, by="stop")
    again = p.last(StartWorker)[1]
    assert (again.worker, again.attempt, again.assignment.resume) == ("gemini", 2, "g-1")


def test_a_reviewer_whose_end_was_awaited_is_asked_again_and_has_not_abstained(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex")
    p.finishes("gemini")
    p.start("claude")
    p.reports("claude", EventType.MILESTONE, "half of it stands")
    p.snapshot("a.py")
    p.start("review-001-codex")
    p.take(UserCommand(Command.STOP, by="terminal"))
    p.take(CoordinatorResumed(2, (WorkerId("claude"), WorkerId("review-001-codex"))))
    p.exits("review-001-codex", 1, by="stop")
    again = p.last(StartWorker)[1]
    assert (again.worker, again.attempt) == ("review-001-codex", 2)
    [review] = p.session.assessment.reviews.values()
    assert review.panel[WorkerId("review-001-codex")] is None
