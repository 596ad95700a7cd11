"""Read single keys from a terminal, without a thread, and give the terminal back for lines and for the shell."""

from __future__ import annotations

import os
import re
import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from typing import Any, Final

import anyio

from orchestrator.late_pattern import late_pattern

_LOOK_AGAIN_S: Final = 1.0
"""A shell that takes the terminal, or gives it back, tells nobody."""
_NAMES: Final = {"\x1b": "escape", "\x1b[A": "up", "\x1b[B": "down", "\x1b[5~": "page up", "\x1b[6~": "page down"}
_SEQUENCE: Final = late_pattern(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|O.)?|.", re.DOTALL)
_LINE: Final = late_pattern(r"[^\r\n][\r\n]|[\r\n][^\r\n]")
_WORDS: Final = late_pattern(r"\w{2,} \w{2,}|\w{9,}")


class Wish(StrEnum):
    """What a key asks of whoever runs the view."""

    PAUSE = "pause"
    REVIEW = "review"
    CHANGE = "change"
    """Have the view's ``show_change`` called with what was changed."""
    RECENT_CHANGE = "recent change"
    """The same with what was changed since the last review."""
    ANSWER = "answer"
    """Put the questions once more whose prompt was left."""
    LEAVE = "leave"


def key_names(typed: str) -> list[str]:
    """What was typed as keys: a letter is itself, an arrow has a name, and what nobody asked for is left out.

    A line, or words that come all at once, were pasted, or meant for a prompt: none of their letters is a key.
    """
    if _LINE.search(typed) or _WORDS.search(typed):
        return []
    found = _SEQUENCE.findall(typed.replace("\x1bO", "\x1b["))
    return [_NAMES.get(one, one) for one in found if one in _NAMES or (len(one) == 1 and one.isprintable())]


class KeyReader:
    """Keys of one terminal, while it is not lent to somebody who reads lines.

    Args:
        descriptor: A terminal's; it gets its old settings back from :meth:`close`.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._usual: list[Any] | None = None
        self._waiting = anyio.CancelScope()
        self._lent = 0
        self._back = anyio.Event()

    async def read(self) -> list[str]:
        """The next keys; an empty list when the terminal has gone.  While it is lent, and while the shell has it,
        nothing is read.
        """
        while True:
            if self._lent:
                await self._back.wait()
                continue
            if not self._is_ours():
                self._usual = None  # whoever has it has settings of its own
                await anyio.sleep(_LOOK_AGAIN_S)
                continue
            try:
                self._take()
                with anyio.CancelScope() as self._waiting, anyio.move_on_after(_LOOK_AGAIN_S):
                    await anyio.wait_readable(self._descriptor)
                    if self._is_ours() and not self._lent:
                        typed = os.read(self._descriptor, 4096)
                        if not typed:
                            return []
                        if names := key_names(typed.decode(errors="replace")):
                            return names
            except (OSError, termios.error):
                return []

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Let somebody read lines meanwhile."""
        self._lent += 1
        self._waiting.cancel()
        self.close()
        try:
            yield
        finally:
            self._lent -= 1
            self._back.set()
            self._back = anyio.Event()

    def close(self) -> None:
        """Give the terminal its own settings back."""
        usual, self._usual = self._usual, None
        if usual is not None and self._is_ours():
            with suppress(OSError, termios.error):
                termios.tcsetattr(self._descriptor, termios.TCSADRAIN, usual)

    def _take(self) -> None:
        """No echo, and each key at once; Ctrl-C and Ctrl-Z stay signals."""
        if self._usual is not None:
            return
        usual = termios.tcgetattr(self._descriptor)
        at_once = [*usual[:3], usual[3] & ~(termios.ICANON | termios.ECHO), *usual[4:]]
        termios.tcsetattr(self._descriptor, termios.TCSANOW, at_once)
        self._usual = usual

    def _is_ours(self) -> bool:
        """Whether we are in the foreground: who reads in the background is stopped by the kernel."""
        try:
            return os.tcgetpgrp(self._descriptor) == os.getpgrp()
        except OSError:
            return True  # no terminal of a session of ours, as under some wrappers; reading says how it is
