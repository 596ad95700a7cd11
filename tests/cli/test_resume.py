from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from orchestrator.journal.session_lock import hold_session_lock
from orchestrator.models.entries import Command

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Story


def test_a_session_that_runs_is_told_to_run_on(story: Story, orchestrate: Callable[..., Any]) -> None:
    story.write()

    with hold_session_lock(story.folder):
        assert orchestrate("resume").code == 0

    (command,) = story.dropped()
    assert command.command is Command.RESUME


def test_an_answer_goes_before_the_resume(story: Story, orchestrate: Callable[..., Any]) -> None:
    story.asks()
    story.write()

    with hold_session_lock(story.folder):
        assert orchestrate("resume", "--answer", "go on").code == 0

    assert [command.command for command in story.dropped()] == [Command.ANSWER, Command.RESUME]
    assert story.dropped()[0].text == "go on"


def test_a_session_that_runs_does_not_begin_to_share_its_target(story: Story, orchestrate: Callable[..., Any]) -> None:
    story.asks()
    story.write()

    with hold_session_lock(story.folder):
        ran = orchestrate("resume", "--answer", "go on", "--share-target")

    assert ran.code == 2
    assert "is running" in ran.err
    assert story.dropped() == []


def test_reports_of_a_session_that_runs_are_written_by_who_started_it(
    story: Story, orchestrate: Callable[..., Any], tmp_path: Path
) -> None:
    story.write()

    with hold_session_lock(story.folder):
        ran = orchestrate("resume", "--code-quality", str(tmp_path / "findings.json"))

    assert (ran.code, "without --code-quality" in ran.err) == (2, True)
    assert story.dropped() == []


def test_a_session_that_is_not_there_is_bad_usage(orchestrate: Callable[..., Any]) -> None:
    ran = orchestrate("resume", "20200101-000000-0000")

    assert ran.code == 2
    assert "no session" in ran.err
