from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from orchestrator.journal.session_lock import hold_session_lock
from orchestrator.models.entries import Command

if TYPE_CHECKING:
    from tests.cli.conftest import Story


def test_an_answer_may_be_the_number_of_a_suggestion(story: Story, orchestrate: Callable[..., Any]) -> None:
    story.asks()
    story.write()

    with hold_session_lock(story.folder):
        assert orchestrate("answer", "2").code == 0

    (command,) = story.dropped()
    assert command.command is Command.ANSWER
    assert command.question == "q1"
    assert command.text == story.session.approvals.questions[0].suggestions[1]


def test_an_answer_without_a_question_is_refused(story: Story, orchestrate: Callable[..., Any]) -> None:
    story.write()

    with hold_session_lock(story.folder):
        ran = orchestrate("answer", "yes")

    assert ran.code == 1
    assert "no open question" in ran.err
    assert story.dropped() == []


def test_an_answer_to_a_session_nobody_runs_points_to_resume(story: Story, orchestrate: Callable[..., Any]) -> None:
    story.asks()
    story.write()

    ran = orchestrate("answer", "yes")

    assert ran.code == 1
    assert f"orchestrate resume {story.folder.id} --answer" in ran.err
