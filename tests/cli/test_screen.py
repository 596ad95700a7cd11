from __future__ import annotations

import io

from rich.console import Console
from rich.text import Text

from orchestrator.cli.screen import Screen


def screen(width: int = 20, height: int = 4) -> tuple[Screen, Console, io.StringIO]:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=width, height=height, color_system=None)
    return Screen(console), console, out


def test_a_picture_goes_to_the_second_screen_and_is_cut_to_it() -> None:
    shown, _, out = screen(width=5)
    shown.draw(Text("\n".join(("abcdefgh", "b", "c", "d", "e", "f")), no_wrap=True), Text("foot"))

    drawn = out.getvalue()
    assert drawn.index("\x1b[?1049h") < drawn.index("abcde")
    assert "fgh" not in drawn
    assert drawn.count("\r\n") == 3  # four lines: nothing scrolls
    assert "foot" in drawn
    assert "d\x1b" not in drawn


def test_after_a_resize_nothing_of_the_old_picture_is_left() -> None:
    shown, console, out = screen()
    shown.draw(Text("one"))
    shown.draw(Text("two"))
    assert out.getvalue().count("\x1b[2J") == 1

    console.width = 10
    shown.draw(Text("three"))
    assert out.getvalue().count("\x1b[2J") == 2


def test_leaving_gives_the_first_screen_and_the_cursor_back_once() -> None:
    shown, _, out = screen()
    shown.leave()
    assert out.getvalue() == ""

    shown.draw(Text("one"))
    assert shown.is_shown
    shown.leave()
    shown.leave()
    assert out.getvalue().count("\x1b[?1049l") == 1
    assert out.getvalue().endswith("\x1b[?25h")
