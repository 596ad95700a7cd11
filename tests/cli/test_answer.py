from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from orchestrator.journal.session_lock import hold_session_lock
from orchestrator.models.entries import Command, GuardAsked, StorageShort, UserCommand
from orchestrator.models.identity import WorkerId

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


def test_where_one_of_several_questions_asks_for_consent_the_answer_names_one(
    story: Story, orchestrate: Callable[..., Any]
) -> None:
    story.started("gemini")
    for request in ("r1", "r2"):
        story.take(GuardAsked(WorkerId("gemini"), request, "executable", ("pip", "install", request), "/t"))
    story.write()

    with hold_session_lock(story.folder):
        refused = orchestrate("answer", "yes")
        assert orchestrate("answer", "yes", "--question", "q2").code == 0

    assert refused.code == 2
    assert "q1, q2 are open" in refused.err
    assert "pip install r1" in refused.err
    assert [command.question for command in story.dropped()] == ["q2"]


def test_an_answer_that_names_no_question_is_not_for_one_that_took_its_place(
    story: Story, orchestrate: Callable[..., Any]
) -> None:
    story.started("gemini")
    for request in ("r1", "r2"):
        story.take(GuardAsked(WorkerId("gemini"), request, "executable", ("pip", "install", request), "/t"))
        if request == "r1":
            story.take(UserCommand(Command.ANSWER, by="dashboard", text="no", question="q1"))
    story.write()

    with hold_session_lock(story.folder):
        refused = orchestrate("answer", "yes")
        assert orchestrate("resume", "--answer", "yes").code == 2
        assert orchestrate("answer", "yes", "--question", "q2").code == 0

    assert refused.code == 2
    assert "pip install r2" in refused.err
    assert [command.question for command in story.dropped()] == ["q2"]


def test_a_choice_names_its_question_where_several_are_open(story: Story, orchestrate: Callable[..., Any]) -> None:
    story.asks()
    story.take(StorageShort("size", used=100, free=100, bound=100))
    story.write()

    with hold_session_lock(story.folder):
        refused = orchestrate("answer", "1")
        assert orchestrate("answer", "1", "--question", "q2").code == 0

    assert refused.code == 2
    assert "q1, q2 are open, each with choices of its own" in refused.err
    assert [(command.question, command.text) for command in story.dropped()] == [("q2", "go on")]
