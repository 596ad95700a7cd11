from __future__ import annotations

import io
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from orchestrator.cli.decision_desk import DeskLine
from orchestrator.cli.key_reader import Wish
from orchestrator.cli.live_view import LiveView
from orchestrator.models import events
from orchestrator.models.money import Usage
from orchestrator.session.open_questions import OpenQuestion

if TYPE_CHECKING:
    from tests.cli.conftest import Story


def console(width: int = 100, height: int = 30) -> tuple[Console, io.StringIO]:
    out = io.StringIO()
    return Console(file=out, force_terminal=True, width=width, height=height, color_system="standard"), out


def fed(story: Story, on: Console) -> LiveView:
    view = LiveView(on)
    for entry in story.entries:
        view.observe(story.session, entry)
    return view


def words(out: io.StringIO) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", out.getvalue())


def test_observing_draws_nothing(story: Story) -> None:
    on, out = console()
    fed(story, on)

    assert out.getvalue() == ""


def test_a_second_without_news_redraws_once(story: Story) -> None:
    on, out = console()
    view = fed(story, on)
    at = story.at.replace(microsecond=0)
    view.refresh(at)
    once = len(out.getvalue())
    view.refresh(at + timedelta(milliseconds=125))
    assert len(out.getvalue()) == once

    view.refresh(at + timedelta(seconds=1))
    assert len(out.getvalue()) > once
    view.close(at)


def test_nothing_is_drawn_while_a_person_types(story: Story) -> None:
    on, out = console()
    view = fed(story, on)
    view.refresh(story.at)
    view.ask(OpenQuestion("q1", "keep it?", ("yes", "no"), None, "the guard"), None)
    asked = out.getvalue()
    view.refresh(story.at + timedelta(seconds=5))

    assert out.getvalue() == asked
    assert "1. yes" in words(out)
    assert "\a" in asked
    assert words(out).endswith("answer with yes or no, or with its number: ")
    view.go_on(typed=True)
    view.refresh(story.at + timedelta(seconds=6))
    assert len(out.getvalue()) > len(asked)
    view.close(story.at)


def test_what_is_announced_while_a_question_is_open_leaves_the_prompt_last(story: Story) -> None:
    on, out = console(width=40)
    view = fed(story, on)
    view.ask(OpenQuestion("q1", "keep it?", (), None, "claude"), None)
    address = f"dashboard: http://127.0.0.1:8000/?token={'x' * 43}"
    view.announce(address)
    view.tell("stopping")

    prompt = "answer in one line: "
    assert words(out).endswith(f"{prompt}\n{address}\n{prompt}\nstopping\n{prompt}")


def test_a_page_that_covers_an_open_question_tells_the_key_to_its_prompt(story: Story) -> None:
    story.asks()
    on, _ = console()
    view = fed(story, on)
    view.has_keys = True
    view.press("l")
    foot = view.foot()
    assert foot is not None
    assert foot.plain.startswith("waits for you · a answer · Esc back")


def test_what_a_key_was_answered_goes_after_a_while_and_what_was_said_of_an_answer_at_once(story: Story) -> None:
    on, out = console()
    view = fed(story, on)

    def drawn(after_s: int) -> str:
        out.truncate(0)
        out.seek(0)
        view.refresh(story.at + timedelta(seconds=after_s))
        return words(out)

    view.tell("a review has been asked for")
    assert "a review has been asked for" in drawn(1)
    assert "a review has been asked for" in drawn(10)
    assert "a review has been asked for" not in drawn(20)
    view.ask(OpenQuestion("q1", "keep it?", ("yes", "no"), None, "the guard"), None)
    view.tell("'maybe' is no answer")
    view.go_on(typed=True)
    assert "no answer" not in drawn(21)
    view.close(story.at)


def test_the_cursor_is_given_back_at_the_end(story: Story) -> None:
    on, out = console()
    view = fed(story, on)
    view.refresh(story.at)
    view.close(story.at)

    assert out.getvalue().rindex("\x1b[?25h") > out.getvalue().rindex("\x1b[?25l")


def test_agents_words_are_neither_markup_nor_escapes(story: Story) -> None:
    story.started("gemini")
    story.said("gemini", events.ToolCalled("Shell", "1", "[red]x[/red] [/nonsense] \x1b]0;title\x07"))
    on, out = console()
    view = fed(story, on)
    view.refresh(story.at)
    view.close(story.at)

    assert "[red]x[/red] [/nonsense]" in words(out)
    assert "\x1b]0;" not in out.getvalue()


def test_a_terminal_that_has_gone_does_not_stop_the_session(story: Story) -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(5, "Input/output error")

    view = fed(story, Console(file=Gone(), force_terminal=True, width=80, height=24))
    view.refresh(story.at)
    view.tell("more")
    view.close(story.at)


@pytest.mark.parametrize(("width", "height"), [(80, 24), (40, 10), (200, 60), (20, 5)])
def test_the_picture_keeps_within_the_terminal(story: Story, width: int, height: int) -> None:
    story.started("gemini")
    for number in range(20):
        story.said("gemini", events.Reported(f"step {number} " + "word " * 80, progress=number * 5))
        story.said("gemini", events.Failed("no " + "x" * 300, final=False))
    on, out = console(width, height)
    view = fed(story, on)
    now: datetime = story.at
    view.refresh(now)
    once = words(out).splitlines()
    view.close(now)

    assert len(once) <= height
    assert max(map(len, once)) <= width


def test_what_mattered_stays_on_the_first_screen_in_order_and_once(story: Story) -> None:
    on, out = console()
    view = fed(story, on)
    view.announce("dashboard: http://127.0.0.1:8000/?token=x")
    view.refresh(story.at)
    assert "dashboard: " in words(out)
    drawn = len(out.getvalue())
    view.close(story.at)
    after = out.getvalue()[drawn:]

    assert after.startswith("\x1b[?1049l")
    assert after.index("plan (tier 1)") < after.index("dashboard: ")
    assert after.count("plan (tier 1)") == 1


def test_keys_open_pages_and_ask_for_what_others_do(story: Story) -> None:
    story.started("gemini")
    story.said("gemini", events.Said("I read the parser."))
    on, out = console()
    view = fed(story, on)
    view.has_keys = True

    def shown() -> str:
        out.truncate(0)
        out.seek(0)
        view.refresh(story.at)
        return words(out)

    assert "gemini: I read the parser." in shown()
    assert view.press("?") is None
    assert "Esc back" in shown()
    assert view.press("l") is None
    assert view.followed == "gemini"
    assert "following gemini" in shown()
    view.press("l")
    view.press("l")
    followed = [view.followed, view.press("l"), view.followed]
    assert followed == ["codex", None, None]
    view.press("t")
    assert "gemini designs" in shown()
    assert view.press("d") is Wish.CHANGE
    assert "looking at the target" in shown()
    view.show_change([DeskLine("added", "+new")])
    assert "+new" in shown()
    assert view.press("d") is Wish.RECENT_CHANGE
    assert view.press("d") is None
    view.press("escape")
    assert [view.press(key) for key in "praq"] == [Wish.PAUSE, Wish.REVIEW, Wish.ANSWER, Wish.LEAVE]
    assert view.press("x") is None
    view.close(story.at)


def test_a_call_that_failed_names_the_command_however_much_was_called_since(story: Story) -> None:
    target = story.session.options.target
    story.started("gemini")
    story.said("gemini", events.ToolCalled("Shell", "1", f"cd {target} && grep -rn cart {target}/shop"))
    story.said("gemini", events.ToolReturned("1", ok=False, text="nothing found", exit_code=1))
    for number in range(30):
        story.said("gemini", events.ToolCalled("Shell", f"more {number}", "ls"))
        story.said("gemini", events.ToolReturned(f"more {number}", ok=True))
    on, out = console(80, 24)
    view = fed(story, on)
    view.refresh(story.at)

    assert "failed (exit code 1): Shell: grep -rn cart shop: nothing found" in words(out)
    view.close(story.at)


def test_what_was_there_before_somebody_looked_is_not_written_down(story: Story) -> None:
    on, out = console()
    view = fed(story, on)
    view.begin_transcript()
    view.refresh(story.at)
    view.suspend()
    drawn = len(out.getvalue())
    view.close(story.at)

    assert out.getvalue()[drawn:].strip() == ""


def test_the_pace_and_what_is_left_stand_in_the_second_line(story: Story) -> None:
    story.started("gemini")
    for count in (1000, 3000):
        story.said("gemini", events.UsageReported(Usage(input_tokens=count)))
    on, out = console()
    view = fed(story, on)
    story.said("gemini", events.UsageReported(Usage(input_tokens=4000)))
    view.observe(story.session, story.entries[-1])
    view.refresh(story.at)

    assert re.search(r"\d+\.\dk tokens/min   left: no limit was set", words(out))
    view.close(story.at)


def test_nothing_is_drawn_over_what_a_shell_shows(story: Story) -> None:
    """As after Ctrl-Z and bg."""
    on, out = console()
    is_ours = True
    view = LiveView(on, in_front=lambda: is_ours)
    for entry in story.entries:
        view.observe(story.session, entry)
    view.refresh(story.at)
    is_ours = False
    view.refresh(story.at + timedelta(seconds=1))
    assert out.getvalue().endswith("\x1b[?25h")
    length = len(out.getvalue())
    view.refresh(story.at + timedelta(seconds=2))
    assert len(out.getvalue()) == length

    is_ours = True
    view.refresh(story.at + timedelta(seconds=3))
    assert len(out.getvalue()) > length
    view.close(story.at)


def test_each_phase_of_the_start_is_shown_with_a_time_that_moves(story: Story) -> None:
    on, out = console()
    view = LiveView(on)
    view.refresh(story.at)
    view.progress("looking at the target")
    view.progress("proving that the sandbox holds")
    view.refresh(story.at + timedelta(seconds=3))

    shown = words(out)
    assert "starting  0:03" in shown
    assert "  looking at the target" in shown
    assert "> proving that the sandbox holds" in shown
    view.close(story.at)
