from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from orchestrator.journal.session_lock import hold_session_lock
from orchestrator.models.entries import Command, GuardAsked, UserCommand
from orchestrator.models.identity import WorkerId

if TYPE_CHECKING:
    from tests.cli.conftest import Story


def test_an_open_question_is_shown_with_the_command_that_answers_it(
    story: Story, orchestrate: Callable[..., Any]
) -> None:
    story.asks()
    story.write()

    with hold_session_lock(story.folder):
        ran = orchestrate("question")
    ended = orchestrate("question", str(story.folder.id))

    assert ran.code == ended.code == 3
    assert "question q1: the permission recovery asks about gemini" in ran.out
    assert "is told to gemini, which goes on" in ran.out
    assert f"orchestrate answer 1 --session {story.folder.id} --question q1" in ran.out
    assert f"orchestrate resume {story.folder.id} --answer 1" in ended.out


def test_a_question_for_programs_has_the_choices_and_what_they_do(
    story: Story, orchestrate: Callable[..., Any]
) -> None:
    story.started("gemini")
    story.take(GuardAsked(WorkerId("gemini"), "r1", "executable", ("pip", "install", "x"), "/t"))
    story.write()

    (question,) = json.loads(orchestrate("question", "--json").out)["questions"]

    assert question["suggestions"] == ["yes", "no"]
    assert question["effects"] == ["it runs, this once", "it is refused; gemini is told so, and goes on"]
    assert question["until"] is not None
    assert question["change"] is None


def test_a_question_that_is_settled_says_who_answered_what(story: Story, orchestrate: Callable[..., Any]) -> None:
    story.started("gemini")
    story.take(GuardAsked(WorkerId("gemini"), "r1", "executable", ("pip", "install", "x"), "/t"))
    story.take(UserCommand(Command.ANSWER, by="dashboard", text="no", question="q1", who="ada"))
    story.write()

    ran = orchestrate("question", "--question", "q1")
    second = orchestrate("answer", "yes", "--question", "q1")

    assert ran.code == 0
    assert "q1 was answered 'no' by ada from dashboard" in ran.out
    assert orchestrate("question").out.startswith(f"session {story.folder.id} asks nothing\nthe last question: q1")
    assert second.code == 1
    assert "q1 was answered 'no' by ada from dashboard" in second.err
    assert orchestrate("question", "--question", "q9").code == 1
