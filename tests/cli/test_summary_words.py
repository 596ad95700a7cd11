from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from orchestrator.cli.summary_words import summary_text
from orchestrator.models import entries, events
from orchestrator.models.events import EventType

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Story


def test_a_session_nobody_runs_says_how_to_go_on(story: Story) -> None:
    story.started("gemini")

    text = summary_text(story.session, story.folder)

    assert f"orchestrate resume {story.folder.id}" in text
    assert f"--workspace {story.folder.workspace}" in text


def test_the_default_workspace_is_not_named_again(story: Story, monkeypatch: Any) -> None:
    monkeypatch.setenv("ORCHESTRATOR_WORKSPACE", str(story.folder.workspace))

    assert "--workspace" not in summary_text(story.session, story.folder)


def test_what_is_unknown_is_said_to_be_unknown(story: Story) -> None:
    story.started("gemini")

    assert "tokens and cost unknown" in summary_text(story.session, story.folder)


def test_what_was_not_measured_is_not_called_nothing(story: Story) -> None:
    story.started("gemini")

    text = summary_text(story.session, story.folder)

    assert "not measured for gemini" in text
    assert "nothing in the target" not in text


def test_a_recovery_is_told_with_what_changed(story: Story) -> None:
    story.started("gemini")
    denial = events.Denied("Path must be within one of the workspace directories: /etc")
    story.said("gemini", denial, type_=EventType.ERROR)

    text = summary_text(story.session, story.folder)

    assert "recovered" in text
    assert "error: Path must be within one of the workspace directories: /etc" in text
    assert "q1:" in text


def test_broken_lines_keep_within_the_width(story: Story) -> None:
    story.started("gemini")
    story.said("gemini", events.Denied("Path must be within one of the workspace directories: /etc"))

    lines = summary_text(story.session, story.folder, width=80).splitlines()

    assert all(len(line) <= 80 or " " not in line[11:].strip() for line in lines[1:])


def test_colours_come_only_when_asked_for(story: Story) -> None:
    from orchestrator.models.effects import Outcome

    story.take(entries.SessionClosed(Outcome.DONE, "all well"))

    assert "\x1b" not in summary_text(story.session, story.folder)
    assert summary_text(story.session, story.folder, colour=True).startswith("\x1b[1;32mdone\x1b[0m: all well")


def test_show_tells_the_state_from_the_journal(story: Story, orchestrate: Callable[..., Any], workspace: Path) -> None:
    story.started("gemini")
    story.write()

    ran = orchestrate("show")

    assert ran.code == 0
    assert "gemini designs: running" in ran.out
    assert "lost its coordinator" in ran.out
