from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from orchestrator.journal.session_lock import hold_session_lock

if TYPE_CHECKING:
    from tests.cli.conftest import Story


def test_a_worker_that_is_not_there_is_refused_with_those_that_are(
    story: Story, orchestrate: Callable[..., Any]
) -> None:
    story.write()

    with hold_session_lock(story.folder):
        ran = orchestrate("pause", "aider")

    assert ran.code == 1
    assert "its workers: gemini, claude, codex" in ran.err
    assert story.dropped() == []
