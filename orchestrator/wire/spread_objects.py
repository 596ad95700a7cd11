"""Put the lines together over which one JSON object is spread; this module knows no CLI and does no I/O.

``jq``, and any printer with an indentation, writes an object on several lines.  What looks like the beginning of one is
held until its braces close: then it is one line.  If they do not, or what they hold is no JSON, the lines are given as
they came.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic_core import from_json

from orchestrator.late_pattern import late_pattern
from orchestrator.wire.lines import Line

MOST_LINES: Final = 100_000
MOST_BYTES: Final = 16 * 1024 * 1024
"""Of one object; what is longer is given as it came."""

_GOES_ON: Final = (b"{", b"[", b",", b"{\r", b"[\r", b",\r", b"{ ", b"[ ", b", ")
"""Printers break a line after one of these, and a line of noise or a whole record seldom ends so."""
_BEGINS: Final = late_pattern(rb'([ \t\x00]*\{)(?:\s*"|\s*$)')
_TOKEN: Final = late_pattern(
    rb'[ \t\r\x00]*(?:(?P<text>"[^"\\]*(?:\\.[^"\\]*)*")|(?P<mark>[{}\[\],:])'
    rb"|(?P<value>true|false|null|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.])|(?P<end>$))"
)
_VALUE: Final = frozenset({b"{", b"[", b"text", b"value"})
_AFTER_VALUE: Final = frozenset({b",", b"}", b"]"})
_FOLLOWS: Final[Mapping[bytes, frozenset[bytes]]] = {
    **{b"{": frozenset({b"text", b"}"}), b"[": _VALUE | {b"]"}, b",": _VALUE, b":": _VALUE},
    **{b"text": _AFTER_VALUE | {b":"}, b"value": _AFTER_VALUE, b"}": _AFTER_VALUE, b"]": _AFTER_VALUE},
}
"""What may stand after what in JSON: of a line of noise, and of an object that begins anew, that is seldom true."""


class SpreadObjects:
    """Takes the lines of a stream and gives them, an object that is spread over several as one."""

    __slots__ = ("_bytes", "_depth", "_from", "_held", "_last")

    def __init__(self) -> None:
        self._held: list[Line] = []
        self._from = 0
        """Where in the first of the held lines the object begins; what stands before it is a line of its own."""
        self._bytes = 0
        self._depth = 0
        self._last = b""
        """The last token that was read of the object."""

    @property
    def is_open(self) -> bool:
        """Whether an object has begun whose end has not come."""
        return bool(self._held)

    def feed(self, line: Line) -> Sequence[Line]:
        """The lines that are whole with this one, in order; none while an object is open."""
        data = line.data
        if not self._held:
            if data is None or not data.endswith(_GOES_ON) or not self._begins(data):
                return (line,)
            self._held, self._bytes = [line], len(data)
            return ()
        if len(self._held) == MOST_LINES or self._bytes > MOST_BYTES:
            return (*self._given_up(), *self.feed(line))
        end = None if data is None or self._is_of_its_own(data) else self._end_in(data)
        if data is None or end is None:
            return (*self._given_up(), *self.feed(line))
        self._held.append(line)
        self._bytes += len(data)
        return () if self._depth > 0 else self._closed(line, data, end)

    def finish(self) -> Sequence[Line]:
        """Return what is still held, as it came."""
        return self._given_up()

    def _begins(self, data: bytes) -> bool:
        """Whether an object begins on this line and is open at its end."""
        begun = _BEGINS.match(data)
        starts = [begun.end(1) - 1] if begun is not None else []
        if data.rstrip().endswith(b"{"):
            starts.append(data.rindex(b"{"))
        for self._from in starts:
            self._depth, self._last = 0, b":"
            if self._end_in(data, self._from) is not None and self._depth > 0:
                return True
        return False

    def _is_of_its_own(self, data: bytes) -> bool:
        """Whether another object begins on this line.

        It stands as far left as the open one began, and what is inside that does not, or it is a whole record.
        """
        left = _indentation(self._held[0].data or b"")
        if data.lstrip()[:1] != b"{" or _indentation(data) > left:
            return False
        is_indented = len(self._held) > 1 and _indentation(self._held[1].data or b"") > left
        return is_indented or "type" in _object(data)

    def _end_in(self, data: bytes, at: int = 0) -> int | None:
        """Where on this line the object closes, or the line's length; ``None`` if the object cannot go on so."""
        while (found := _TOKEN.match(data, at)) is not None and found["end"] is None:
            kind = b"text" if found["text"] is not None else found["mark"] or b"value"
            if kind not in _FOLLOWS[self._last]:
                return None
            self._last, at = kind, found.end()
            self._depth += (kind in (b"{", b"[")) - (kind in (b"}", b"]"))
            if self._depth <= 0:
                return at
        return None if found is None else len(data)

    def _closed(self, line: Line, data: bytes, end: int) -> Sequence[Line]:
        """The object as one line, what stood before it on its first line, and what follows on its last."""
        first = self._held[0]
        parts = [(first.data or b"")[self._from :], *(one.data or b"" for one in self._held[1:-1]), data[:end]]
        found = Line(first.start + self._from, line.end, b"\n".join(parts), line.torn)
        if not _object(found.data or b""):
            return self._given_up()
        self._held = []
        given = [Line(first.start, found.start, (first.data or b"")[: self._from])] if self._from else []
        if not data[end:].strip():
            return (*given, found)
        cut = line.start + end
        return (*given, found._replace(end=cut, torn=False), *self.feed(Line(cut, line.end, data[end:], line.torn)))

    def _given_up(self) -> Sequence[Line]:
        held, self._held = self._held, []
        return held


def _indentation(data: bytes) -> int:
    return len(data) - len(data.lstrip(b" \t\x00"))


def _object(data: bytes) -> Mapping[str, Any]:
    """The JSON object; an empty one where there is none, or nothing in it."""
    try:
        value = from_json(data.strip(b" \t\r\n\x00"), allow_inf_nan=False)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
