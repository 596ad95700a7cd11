from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.cli.conftest import Story


def test_commands_without_any_session_say_how_to_get_one(orchestrate: Callable[..., Any]) -> None:
    for name in ("show", "logs", "stop", "pause", "review", "resume", "replay"):
        ran = orchestrate(name)
        assert ran.code == 1, name
        assert "there is no session" in ran.err
        assert "hint: " in ran.err


def test_pause_and_review_need_a_running_session(story: Story, orchestrate: Callable[..., Any]) -> None:
    story.write()

    for name in ("pause", "review"):
        ran = orchestrate(name)
        assert ran.code == 1, name
        assert "running" in ran.err
