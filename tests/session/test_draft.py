from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.models.effects import FreezeWorker, ThawWorker
from orchestrator.models.entries import Command, UserCommand
from orchestrator.models.events import EventType
from orchestrator.models.identity import WorkerId

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.session.conftest import Play


def test_freezing_twice_is_one_freeze_and_both_reasons_must_go(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex")
    p.finishes("gemini")
    p.start("claude")
    p.reports("claude", EventType.MILESTONE, "half of it stands")
    p.take(UserCommand(Command.PAUSE, by="terminal"))
    assert len(p.wanted(FreezeWorker)) == 1
    p.snapshot("a.py")
    p.reviews("review-001-gemini", "approved")
    p.reviews("review-001-codex", "approved")
    assert p.wanted(ThawWorker) == []
    p.take(UserCommand(Command.RESUME, by="terminal", worker=WorkerId("claude")))
    assert len(p.wanted(ThawWorker)) == 1
