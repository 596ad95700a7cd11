from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from orchestrator.models import events

if TYPE_CHECKING:
    from tests.cli.conftest import Story


def test_logs_of_one_agent_leave_the_others_out(story: Story, orchestrate: Callable[..., Any]) -> None:
    story.started("gemini")
    story.said("gemini", events.Said("I look around"))
    story.write()

    assert "I look around" in orchestrate("logs", "gemini").out
    assert "I look around" not in orchestrate("logs", "claude").out
    assert "plan (tier 1)" in orchestrate("logs").out


def test_logs_of_somebody_who_is_not_there_are_an_error_that_says_who_is(
    story: Story, orchestrate: Callable[..., Any]
) -> None:
    story.write()

    ran = orchestrate("logs", "nobody")

    assert (ran.code, ran.out) == (2, "")
    assert "no worker 'nobody'" in ran.err
    assert "claude, codex, gemini" in ran.err


def test_raw_logs_are_the_agents_bytes_and_say_so(story: Story, orchestrate: Callable[..., Any]) -> None:
    story.write()
    (story.folder.path / "claude.jsonl").write_bytes(b'{"a": 1}\nnot json\n')

    ran = orchestrate("logs", "--raw", "claude")

    assert ran.out == '{"a": 1}\nnot json\n'
    assert "unredacted" in ran.err
