from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.models.effects import CloseSession, Outcome, StopWorker
from orchestrator.models.entries import Command, UserCommand
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
