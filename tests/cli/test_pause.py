from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from orchestrator.journal.session_lock import hold_session_lock
from orchestrator.models.entries import Command

if TYPE_CHECKING:
    from tests.cli.conftest import Story


def test_a_pause_is_left_for_the_coordinator(story: Story, orchestrate: Callable[..., Any]) -> None:
    story.write()

    with hold_session_lock(story.folder):
        assert orchestrate("pause", "gemini").code == 0

    (command,) = story.dropped()
    assert (command.command, command.worker, command.by) == (Command.PAUSE, "gemini", "orchestrate pause")
