"""Cut chunks of bytes into whole lines with their byte offsets; this module knows no CLI and does no I/O."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from itertools import accumulate, repeat
from typing import NamedTuple

MAX_LINE_BYTES = 64 * 1024 * 1024
"""A 5 MB answer is one line in claude and codex; thirteen times that is a fault, not an answer."""

_COALESCE_BELOW = 64 * 1024
"""Pieces of an unfinished line are gathered up to this size, so that a million one-byte writes stay one buffer."""


class Line(NamedTuple):
    """One line of a stream.  A tuple rather than a dataclass: a million a second are made."""

    start: int
    """Byte offset of its first byte."""
    end: int
    """Offset after its newline: where reading goes on."""
    data: bytes | None
    """Without the newline; ``None`` for a line longer than the limit, which was skipped."""
    torn: bool = False
    """The stream ended without a newline."""


_new_line = partial(tuple.__new__, Line)
"""Skips the generated ``__new__``, a Python-level call a line."""

_PLUS_NEWLINE = (1).__add__


class LineFramer:
    """Cuts a stream of arbitrary chunks into lines, holding at most twice the longest line it keeps.

    Framing is on bytes, so a chunk may end inside a UTF-8 sequence or between CR and LF.

    Args:
        max_line_bytes: Longest line to keep, in bytes, newline excluded.  A longer one is reported with
            ``data=None`` when its newline arrives, and framing goes on.
        start: Byte offset of the first byte that will be fed.
    """

    __slots__ = ("_held", "_max", "_overlong", "_parts", "_position", "_start", "_tail")

    def __init__(self, max_line_bytes: int = MAX_LINE_BYTES, start: int = 0) -> None:
        self._max = max_line_bytes
        self._start = start
        self._position = start
        self._parts: list[bytes] = []
        self._tail = bytearray()
        self._held = 0
        self._overlong = False

    @property
    def position(self) -> int:
        """Offset after the last byte fed."""
        return self._position

    @property
    def pending(self) -> int:
        """Offset where the unfinished line begins; equal to :attr:`position` when there is none."""
        return self._start

    def feed(self, chunk: bytes) -> list[Line]:
        """The lines that this chunk completes, in order."""
        self._position += len(chunk)
        first, newline, rest = chunk.partition(b"\n")
        if not newline:
            self._hold(chunk)
            return []
        lines = [self._complete(first)]
        if not rest:
            return lines
        pieces = rest.split(b"\n")
        remainder = pieces.pop()
        lines.extend(self._whole(pieces))
        if remainder:
            self._hold(remainder)
        return lines

    def finish(self) -> list[Line]:
        """The unfinished last line, if there is one, marked as torn; the framer is empty afterwards."""
        if self._start == self._position:
            return []
        line = Line(self._start, self._position, self._joined(), True)
        self._start = self._position
        return [line]

    def _complete(self, last: bytes) -> Line:
        """The line whose last bytes are these, newline excluded."""
        end = self._start + self._held + len(last) + 1
        if not self._held:
            data = last if len(last) <= self._max else None
        else:
            self._hold(last)
            data = self._joined()
        line = Line(self._start, end, data)
        self._start = end
        return line

    def _whole(self, pieces: list[bytes]) -> Iterable[Line]:
        """Lines that lie whole inside one chunk: no loop in Python, for this is the hot path."""
        if not pieces:
            return ()
        starts = list(accumulate(map(_PLUS_NEWLINE, map(len, pieces)), initial=self._start))
        self._start = starts[-1]
        if max(map(len, pieces)) > self._max:
            kept: Iterable[bytes | None] = (piece if len(piece) <= self._max else None for piece in pieces)
        else:
            kept = pieces
        return map(_new_line, zip(starts, starts[1:], kept, repeat(False), strict=False))

    def _hold(self, data: bytes) -> None:
        self._held += len(data)
        if self._held > self._max:
            self._overlong = True
            self._parts.clear()
            self._tail.clear()
        elif len(data) >= _COALESCE_BELOW:
            self._seal()
            self._parts.append(data)
        else:
            self._tail += data
            if len(self._tail) >= _COALESCE_BELOW:
                self._seal()

    def _seal(self) -> None:
        if self._tail:
            self._parts.append(bytes(self._tail))
            self._tail = bytearray()

    def _joined(self) -> bytes | None:
        """What is held, whole; ``None`` if it was overlong.  Nothing is held afterwards."""
        self._seal()
        data = None if self._overlong else self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self._parts = []
        self._held = 0
        self._overlong = False
        return data
