from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from orchestrator.journal.session_lock import hold_session_lock
from orchestrator.models.entries import Command

if TYPE_CHECKING:
    from tests.cli.conftest import Story


def test_a_review_is_left_for_the_coordinator_with_what_to_look_at(
    story: Story, orchestrate: Callable[..., Any]
) -> None:
    story.write()

    with hold_session_lock(story.folder):
        assert orchestrate("review", "look at the tests", "--worker", "gemini").code == 0

    (command,) = story.dropped()
    assert (command.command, command.worker, command.text) == (Command.REVIEW, "gemini", "look at the tests")
