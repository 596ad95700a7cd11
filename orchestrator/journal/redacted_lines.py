"""Take the secrets out of lines of a session's files, also where one came in pieces."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeAlias

from orchestrator.safety.redaction import Redactor

MARK = "[redacted:"
_WINDOW = 400
"""Records looked at together: the pieces of one message lie near one another."""
_PIECE_CHARS = 2000
"""A longer text is no piece of a message."""
_PIECES = "[redacted:pieces]"
Path: TypeAlias = tuple[str | int, ...]


def without_secrets(text: str, redactor: Redactor) -> str:
    """A text, as JSON where it is JSON, redacted; byte for byte the same where there is nothing to redact."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return redactor.text(text)
    redacted = redactor.value(value)
    if redacted is value:
        return text
    indent = 2 if "\n" in text.strip() else None
    separators = None if indent else (",", ":")
    end = "\n" if text.endswith("\n") else ""
    return json.dumps(redacted, ensure_ascii=False, indent=indent, separators=separators) + end


def records_without_secrets(lines: Iterable[str], redactor: Redactor) -> Iterator[str]:
    """Lines of JSON records without the secrets that show when pieces are joined, and then each without its own."""
    window: list[str] = []
    for line in lines:
        window.append(line)
        if len(window) >= _WINDOW:
            window = _joined(window, redactor)
            yield from (without_secrets(line, redactor) for line in window[: _WINDOW // 2])
            del window[: _WINDOW // 2]
    yield from (without_secrets(line, redactor) for line in _joined(window, redactor))


def _joined(lines: Sequence[str], redactor: Redactor) -> list[str]:
    """Look at the texts that stand at the same place of one record after another as at one text."""
    values = [_record(line) for line in lines]
    places: dict[Path, list[tuple[int, str]]] = {}
    for number, value in enumerate(values):
        for path, text in _texts(value, ()):
            if 0 < len(text) <= _PIECE_CHARS:
                places.setdefault(path, []).append((number, text))
    changed: set[int] = set()
    for path, pieces in places.items():
        if len(pieces) > 1:
            for number, text in _without_pieces(pieces, redactor):
                _put(values[number], path, text)
                changed.add(number)
    return [
        json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n" if number in changed else lines[number]
        for number, value in enumerate(values)
    ]


def _without_pieces(pieces: Sequence[tuple[int, str]], redactor: Redactor) -> Iterator[tuple[int, str]]:
    """The pieces that change, with what is left of them."""
    text = "".join(piece for _, piece in pieces)
    spans = redactor.spans(text)
    if not spans:
        return
    at = 0
    for number, piece in pieces:
        kept, cut = "", 0
        for start, end in spans:
            first, last = max(start - at, 0), min(end - at, len(piece))
            if first < last:
                kept += piece[cut:first] + (_PIECES if start >= at else "")
                cut = last
        if cut:
            yield number, kept + piece[cut:]
        at += len(piece)


def _record(line: str) -> Any:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _texts(inner, (*path, index))


def _put(value: Any, path: Path, text: str) -> None:
    for step in path[:-1]:
        value = value[step]
    value[path[-1]] = text
