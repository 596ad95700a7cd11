"""Questions of a running session put to the person at the terminal, whose answer goes back as a command."""

from __future__ import annotations

import os
import stat

import anyio

from orchestrator.models.effects import Question


class LineReader:
    """Reads lines from a descriptor without a thread, so that waiting for one can be cancelled."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._pending = b""
        # epoll refuses regular files; those never block.
        self._waits = not stat.S_ISREG(os.fstat(descriptor).st_mode)

    async def read_line(self) -> str | None:
        """The next line without its end; ``None`` at the end of input, or when the terminal has gone."""
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
        return line.decode(errors="replace").rstrip("\r")


def chosen(question: Question, line: str) -> str:
    """The answer a line means: a number takes the suggestion of that number, anything else stands for itself."""
    words = line.strip()
    if words.isascii() and words.isdigit() and 1 <= int(words) <= len(question.suggestions):
        return question.suggestions[int(words) - 1]
    return words
