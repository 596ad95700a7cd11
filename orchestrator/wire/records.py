"""Decode the lines of a stream into records and noise; this module knows no CLI and never raises."""

from __future__ import annotations

import json
import re
from collections.abc import Container, Mapping, Sequence
from typing import Any

from pydantic_core import from_json

from orchestrator.late_pattern import late_pattern
from orchestrator.wire.raw_records import Noise as Noise
from orchestrator.wire.raw_records import RawRecord as RawRecord
from orchestrator.wire.raw_records import Stream as Stream

MAX_NOISE_CHARACTERS = 8_000

# CSI and OSC sequences, and the two-character escapes.
_ANSI = late_pattern(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")

_PADDING = b" \t\r\x00"

_OBJECT = late_pattern(r'\{\s*"')
_OBJECT_IN_A_CUT_STRING = late_pattern(r'\{\s*"\s*$')
_NEAR = 64
"""Characters before an error in which the object that caused it may begin."""
_MARKS = late_pattern(r'\\.|[{}"]', re.DOTALL)
_MOST_MARKS = 100_000
"""Braces and quotes of one line that are counted to find the end of text that only looks like an object."""
_MOST_TRIES = 10_000
"""Places of one line at which an object is looked for; a text made to look like objects must not stall the reader."""


def decode_line(
    data: bytes, stream: Stream = "stdout", known: Container[str] | None = None
) -> Sequence[RawRecord | Noise]:
    """Decode one line into what stands on it, in order; empty for a blank line.  Never raises.

    A CLI means to write one object a line, but other code in its process writes to the same stream: before an object,
    after it, in the middle of it, without a newline between two of them.  So a line that is one object is that record,
    whatever its type.  From any other line the complete objects of known types are taken, and the rest is noise.
    Objects inside an object are never records of their own.

    NUL padding, a trailing CR and ANSI sequences are dropped first.  A record whose strings hold broken UTF-8 or half a
    surrogate pair (node writes those where it cuts a text) is kept, with replacement characters in their place.

    Args:
        known: What the ``type`` of an object may be that shares its line; ``None`` for any text.
    """
    if stream != "stderr":
        try:
            value = from_json(data, allow_inf_nan=False)
        except ValueError:
            pass  # the slow way below sees what can be saved
        else:
            if type(value) is dict:
                return (RawRecord(value),)
    data = data.strip(_PADDING)
    if not data:
        return ()
    text = without_ansi(data.decode("utf-8", "replace")).replace("\x00", " ").strip()
    if not text:
        return ()
    if stream == "stderr" or "{" not in text:
        return (_noise(text, stream),)
    if text[0] == "{" and (record := _lenient(text)) is not None:
        return (RawRecord(record),)
    return _mixed(text, stream, known)


def whole_record(data: bytes) -> RawRecord | None:
    """The record, where the line is one JSON object and nothing else; ``None`` where :func:`decode_line` has to look.

    On a stream that a CLI writes, that is nearly every line.
    """
    if not data.endswith(b"}"):
        return None
    try:
        value = from_json(data, allow_inf_nan=False)
    except ValueError:
        return None
    return RawRecord(value) if type(value) is dict else None


def without_ansi(text: str) -> str:
    """The text without terminal control sequences."""
    return _ANSI.sub("", text) if "\x1b" in text else text


def _noise(text: str, stream: Stream) -> Noise:
    return Noise(text[:MAX_NOISE_CHARACTERS], stream)


def _mixed(text: str, stream: Stream, known: Container[str] | None) -> Sequence[RawRecord | Noise]:
    """The complete objects of known types on a line that holds something else, too."""
    found: list[RawRecord | Noise] = []
    done, position = 0, 0
    search = _ObjectSearch(text)
    while (start := search.next(position)) is not None:
        value, position = search.at(start)
        if value is None or not _is_known(value.get("type"), known):
            continue
        if before := text[done:start].strip():
            found.append(_noise(before, stream))
        found.append(RawRecord(value))
        done = position
    if rest := text[done:].strip():
        found.append(_noise(rest, stream))
    return found


def _is_known(kind: object, known: Container[str] | None) -> bool:
    return isinstance(kind, str) and (known is None or kind in known)


class _ObjectSearch:
    """Looks for whole objects in one text, in time that is linear in its length."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tries_left = _MOST_TRIES
        self._marks_left = _MOST_MARKS

    def next(self, position: int) -> int | None:
        """Where the next object that names anything may begin; ``None`` if there is none, or too many were none."""
        found = _OBJECT.search(self._text, position) if self._tries_left else None
        self._tries_left -= 1
        return None if found is None else found.start()

    def at(self, start: int) -> tuple[Mapping[str, Any] | None, int]:
        """The object that begins here, or ``None``; and where to look on."""
        refused: list[str] = []
        try:
            value, end = json.JSONDecoder(parse_constant=refused.append).raw_decode(self._text, start)
        except json.JSONDecodeError as error:
            return None, self._after_failure(start, error)
        except (ValueError, RecursionError):  # a number of a million digits, a depth of a million
            return None, len(self._text)
        clean = None if refused else _scrubbed(value) if "\\u" in self._text else value
        return clean, end

    def _after_failure(self, start: int, error: json.JSONDecodeError) -> int:
        if error.msg.startswith("Unterminated string"):
            return len(self._text)  # no further quote, so no further object that names its type
        # Another object may have begun within a string that was cut off: its first quote then ended that string.
        cut = _OBJECT_IN_A_CUT_STRING.search(self._text, max(start + 1, error.pos - _NEAR), error.pos)
        if cut is not None:
            return cut.start()
        if error.pos >= len(self._text.rstrip()):
            return len(self._text)  # cut off at its end: what it holds is of its own inside
        return self._closing_brace(start) or max(start + 1, error.pos)

    def _closing_brace(self, start: int) -> int | None:
        """Where braces that are no JSON close again (``{foo}``); ``None`` where they do not."""
        depth, in_string = 0, False
        for mark in _MARKS.finditer(self._text, start):
            self._marks_left -= 1
            if self._marks_left < 0:
                return None
            match mark[0]:
                case '"':
                    in_string = not in_string
                case "{" if not in_string:
                    depth += 1
                case "}" if not in_string:
                    depth -= 1
                    if depth == 0:
                        return mark.end()
        return None


def _lenient(text: str) -> Mapping[str, Any] | None:
    """The JSON object that a slower, more forgiving parser finds; ``None`` if there is none."""
    try:
        value = json.loads(text, parse_constant=_refuse)
        clean: object = _scrubbed(value) if "\\u" in text else value
    except (ValueError, RecursionError):
        return None
    return clean if isinstance(clean, dict) else None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _scrubbed(value: Any) -> Any:
    """The value with every lone surrogate replaced: those cannot be written to a file again."""
    match value:
        case str():
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        case dict():
            return {_scrubbed(key): _scrubbed(item) for key, item in value.items()}
        case list():
            return [_scrubbed(item) for item in value]
        case _:
            return value
