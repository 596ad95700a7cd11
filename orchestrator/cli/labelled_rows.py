"""Lay out rows of a label and a text for a terminal: each label once, lines broken between words."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

_LABEL = 11
_LEAST_ROOM = 20


def labelled_lines(rows: Iterable[tuple[str, str]], *, width: int | None) -> list[str]:
    """One line per row, or more where the terminal is narrower.

    Args:
        width: Of the terminal; ``None`` leaves lines whole.
    """
    return [
        f"{label:<{_LABEL}}{line}".rstrip()
        for shown, text in _once(rows)
        for label, line in _broken(shown, text, width)
    ]


def _broken(label: str, text: str, width: int | None) -> Iterator[tuple[str, str]]:
    if width is None or _LABEL + len(text) <= width:
        yield label, text
        return
    indent = " " * (len(text) - len(text.lstrip()) + 2)
    room = max(width - _LABEL, _LEAST_ROOM)
    for line in textwrap.wrap(text, room, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False):
        yield label, line
        label = ""


def _once(rows: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Keep each label where it first appears, and blank its repetitions."""
    before = ""
    for label, text in rows:
        yield ("" if label == before else label), text
        before = label or before
