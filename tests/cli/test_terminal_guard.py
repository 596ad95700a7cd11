from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from orchestrator.cli.terminal_guard import TerminalGuard

DRAWS = """
import sys
from rich.console import Console
from rich.text import Text
from orchestrator.cli.screen import Screen
screen = Screen(Console(file=sys.stderr, force_terminal=True, width=40, height=5))
screen.draw(Text("a picture"))
{then}
print("drawn", flush=True)
sys.stdin.read()
"""
FIRST_SCREEN = "\x1b[?1049l"


@contextmanager
def drawing(then: str = "") -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A program that has drawn a picture on a terminal and waits; and our end of the terminal."""
    ours, its = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", DRAWS.format(then=then)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=its
    ) as program:
        os.close(its)
        assert program.stdout is not None
        assert program.stdout.readline() == b"drawn\n"
        yield program, ours
    os.close(ours)


def all_that_was_sent(ours: int) -> str:
    """Up to the end of the last process that had the terminal open."""
    sent = b""
    try:
        while data := os.read(ours, 65536):
            sent += data
    except OSError:  # Linux says EIO when nobody has it open any more
        pass
    return sent.decode()


def test_a_killed_program_leaves_the_first_screen_and_a_cursor() -> None:
    with drawing() as (program, ours):
        program.kill()
        sent = all_that_was_sent(ours)

    assert sent.index("a picture") < sent.index(FIRST_SCREEN) < sent.rindex("\x1b[?25h")
    assert sent.rstrip().endswith("orchestrate was killed; this is the terminal as it was")


def test_a_program_that_is_killed_on_the_first_screen_leaves_it_alone() -> None:
    with drawing("screen.leave()") as (program, ours):
        program.kill()
        sent = all_that_was_sent(ours)

    assert sent.count(FIRST_SCREEN) == 1
    assert "was killed" not in sent


def test_a_program_that_ends_by_itself_takes_the_guard_along() -> None:
    with drawing("screen.close()") as (program, ours):
        assert program.stdin is not None
        program.stdin.close()
        sent = all_that_was_sent(ours)

    assert program.returncode == 0
    assert sent.count(FIRST_SCREEN) == 1
    assert "was killed" not in sent


def test_what_is_no_terminal_has_no_guard() -> None:
    guard = TerminalGuard(io.StringIO())
    guard.say(is_second=True)
    guard.close()
