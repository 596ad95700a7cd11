from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from orchestrator.models.effects import CloseSession, Outcome, StartWorker, StopWorker
from orchestrator.models.entries import Command, JournalEntry, SessionClosed, UserCommand
from orchestrator.models.identity import WorkerId
from orchestrator.models.workers import WorkerStatus
from orchestrator.session.fold import step

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.session.conftest import Play


def test_a_journal_begins_with_the_opening_of_its_session(play: Callable[..., Play]) -> None:
    entry = JournalEntry(1, play().at, UserCommand(Command.STOP, by="test"))
    with pytest.raises(ValueError, match="begins with session_opened"):
        step(None, entry)


def test_steps_start_one_after_another_and_a_finished_task_is_done(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex")
    assert [effect.worker for effect in p.wanted(StartWorker)] == ["gemini"]
    p.finishes("gemini", text="a design")
    assert [effect.worker for effect in p.wanted(StartWorker)] == ["gemini", "claude"]
    assert "a design" in p.last(StartWorker)[1].assignment.prompt
    p.finishes("claude", "signup.py")
    p.snapshot("signup.py")
    assert "+ one line" in p.last(StartWorker)[1].assignment.prompt
    p.reviews("codex", "approved")
    p.done()
    name, close = p.last(CloseSession)
    assert (close.outcome, p.session.workers[WorkerId("claude")].status) == (Outcome.DONE, WorkerStatus.DONE)
    p.take(SessionClosed(close.outcome, close.reason, name))
    assert p.session.closed is not None
    assert p.session.effects_open == {}


def test_a_worker_that_starts_into_an_ending_session_is_stopped(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex")
    p.take(UserCommand(Command.STOP, by="terminal"))
    assert p.wanted(CloseSession) == []
    p.start("gemini")
    assert p.last(StopWorker)[1].worker == WorkerId("gemini")


def test_output_of_an_earlier_attempt_changes_nothing(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex")
    p.start("gemini")
    before = p.session
    entry = p.entries[-1]
    assert entry.body.kind == "effect_intended" or entry.n == before.n
    assert p.says("gemini") == ()
    assert replace(p.session, n=before.n, now=before.now, last_heard=before.last_heard).plan == before.plan
