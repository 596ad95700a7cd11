from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from orchestrator.cli.plain_view import PlainView
from orchestrator.coordinator.session_request import Phase
from orchestrator.models import events
from orchestrator.narration.notices import Weight
from orchestrator.session.open_questions import OpenQuestion

if TYPE_CHECKING:
    from tests.cli.conftest import Story


def shown(story: Story, least: Weight) -> str:
    out = io.StringIO()
    view = PlainView(out, least)
    for entry in story.entries:
        view.observe(story.session, entry)
    return out.getvalue()


def test_plain_lines_hold_no_control_characters(story: Story) -> None:
    story.started("gemini")
    story.said("gemini", events.ToolCalled("Shell", "1", "\x1b[2Jclear\r\x07"), events.Said("\x9b31mred"))

    lines = shown(story, Weight.DETAIL)

    assert not any(ord(character) < 32 and character != "\n" for character in lines)
    assert "\x9b" not in lines
    assert "gemini     Shell: clear" in lines


def test_quiet_leaves_out_all_but_the_important(story: Story) -> None:
    story.started("gemini")
    story.said("gemini", events.ToolCalled("Shell", "1", "ls"))

    assert "ls" in shown(story, Weight.NORMAL)
    quiet = shown(story, Weight.IMPORTANT)
    assert "ls" not in quiet
    assert "plan (tier 1)" in quiet


def test_a_reader_that_has_gone_does_not_stop_the_session(story: Story) -> None:
    class Broken(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    view = PlainView(Broken())
    for entry in story.entries:
        view.observe(story.session, entry)
    view.tell("still here")


def test_a_question_is_put_with_its_choices() -> None:
    out = io.StringIO()
    PlainView(out).ask(OpenQuestion("q1", "which?", ("a", "b"), None, "the guard"), None)

    told = ["question q1: the guard asks", "  which?", "  1. a", "  2. b"]
    assert out.getvalue().splitlines() == [*told, "answer q1 in one line (or the number of a suggestion):"]


def test_on_a_terminal_lines_of_a_question_break_between_words(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("COLUMNS", "30")
    out = Terminal()
    PlainView(out).ask(OpenQuestion("q1", "which of these words is at its end?", (), None, "the guard"), None)

    assert "  which of these words is at\n  its end?\n" in out.getvalue()


def test_what_is_done_before_there_is_a_session_is_told_to_who_wants_to_know_more() -> None:
    out = io.StringIO()
    for least in (Weight.NORMAL, Weight.DETAIL):
        PlainView(out, least).progress(Phase("looking at the target"))
    PlainView(out).progress("installing")

    assert out.getvalue() == "looking at the target\ninstalling\n"
