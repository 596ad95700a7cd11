"""Put the questions of a running session to the person at the terminal, and send each answer back as a command."""

from __future__ import annotations

import os
import select
import stat
import termios
from contextlib import suppress
from typing import Final

import anyio

from orchestrator.late_pattern import late_pattern
from orchestrator.models.facts import Question
from orchestrator.session.consents import NO, YES
from orchestrator.session.open_questions import OpenQuestion

PAUSE_S: Final = 0.5
"""After a prompt appears nothing that is typed counts for so long: nobody reads a question faster."""

PASTE_S: Final = 0.05
"""What follows a line within so long was pasted with it: nobody types so fast."""


_KEY: Final = late_pattern(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1bO[ -~]|(?![\n\t])[\x00-\x1f\x7f]")
"""What a terminal sends for an arrow, PgUp, Esc and the like, which are meant for a view and never as words."""


def without_keys(text: str) -> str:
    """The text without the keys in it that are no letters; a person who pages at a prompt has said nothing."""
    return _KEY.sub("", text)


class LineReader:
    """Reads lines from a descriptor without a thread, so that waiting for one can be cancelled."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._pending = b""
        # epoll refuses regular files; those never block.
        self._waits = not stat.S_ISREG(os.fstat(descriptor).st_mode)
        self.is_terminal = os.isatty(descriptor)

    async def read_line(self) -> str | None:
        """The next line without its end; ``None`` at the end of input, or when the terminal has gone.

        Of what a person types at a terminal, a key that is no letter, such as an arrow, leaves nothing.
        """
        while b"\n" not in self._pending:
            try:
                if self._waits:
                    await anyio.wait_readable(self._descriptor)
                chunk = os.read(self._descriptor, 4096)
            except OSError:
                chunk = b""
            if not chunk:
                rest, self._pending = self._pending, b""
                return rest.decode(errors="replace") if rest else None
            self._pending += chunk
        line, _, self._pending = self._pending.partition(b"\n")
        text = line.decode(errors="replace").rstrip("\r")
        return without_keys(text) if self.is_terminal else text

    async def read_answer(self) -> str | None:
        """The next line, with all that came with it: several lines that are pasted at once are one answer."""
        line = await self.read_line()
        if line is None or not self.is_terminal:
            return line
        await anyio.sleep(PASTE_S)
        rest, self._pending = self._pending + self._begun(), b""
        more = rest.decode(errors="replace").strip()
        return f"{line}\n{without_keys(more)}" if more else line

    def _begun(self) -> bytes:
        """Read what has been typed so far, including an unfinished line, which a terminal must be told to hand out."""
        found = b""
        with suppress(OSError, ValueError, termios.error):
            usual = termios.tcgetattr(self._descriptor)
            at_once = [*usual[:3], usual[3] & ~termios.ICANON, *usual[4:]]
            try:
                termios.tcsetattr(self._descriptor, termios.TCSANOW, at_once)
                while select.select([self._descriptor], [], [], 0)[0] and (chunk := os.read(self._descriptor, 4096)):
                    found += chunk
            finally:
                termios.tcsetattr(self._descriptor, termios.TCSANOW, usual)
        return found

    async def discard_typed_ahead(self) -> None:
        """Forget what has come up to now and what comes in the next half second."""
        self._discard()
        await anyio.sleep(PAUSE_S)
        self._discard()

    def _discard(self) -> None:
        self._pending = b""
        if self.is_terminal:
            # Also the begin of a line, which cannot be read before its end.
            with suppress(termios.error):
                termios.tcflush(self._descriptor, termios.TCIFLUSH)
        with suppress(OSError, ValueError):
            while select.select([self._descriptor], [], [], 0)[0] and os.read(self._descriptor, 65_536):
                pass


def how_to_answer(question: Question | OpenQuestion) -> str:
    """What an answer may be, for a prompt."""
    if question.suggestions == (YES, NO):
        return "with yes or no, or with its number"
    return "in one line (or the number of a suggestion)" if question.suggestions else "in one line"
