"""Remember what a CLI itself said on its standard error, for the case that it dies and nothing else says why."""

from __future__ import annotations

import re
from typing import Final

from orchestrator.late_pattern import late_pattern

MOST_LINES: Final = 3
LINE_CHARS: Final = 240

_SAYS_NOTHING: Final = late_pattern(
    r"\s*(?:"
    r"at .*(?:file:|node:|\.[cm]?[jt]s:|<anonymous>).*"  # a frame of a stack
    r"|(?:node:internal|file:///)\S*:\d+"
    r"|Node\.js v[\d.]+"
    r"|[\^~\s{}()\[\];,]*"  # what points at a place, or closes a listing
    r"|Loaded cached credentials\.?"
    r"|[-=]{3,}[\w ]*[-=]{3,}"  # a heading without words of its own
    r"|stack backtrace:|note: run with .RUST_BACKTRACE.*"
    r")\s*"
)
"""Lines around an error that do not tell what it was."""
_TELLS: Final = late_pattern(r"\[?(?:\w*error|\w*exception|fatal|panic(?:ked)?)\b", re.IGNORECASE)
"""How a line begins that tells what it was; lists of details may follow it."""


def with_line(words: tuple[str, ...], line: str) -> tuple[str, ...]:
    """The last meaningful lines with one more; a line that repeats the one before it changes nothing.

    Of those, the one that names the error stays, however many details follow it.
    """
    if _SAYS_NOTHING.fullmatch(line[:2_000]):
        return words
    said = " ".join(line.split())
    said = said if len(said) <= LINE_CHARS else said[: LINE_CHARS - 1] + "…"
    if words and words[-1] == said:
        return words
    kept = (*words, said)
    if len(kept) > MOST_LINES:
        stays = _TELLS.match(kept[0]) and not any(_TELLS.match(line) for line in kept[1:])
        kept = (kept[0], *kept[2:]) if stays else kept[1:]
    return kept


def quoted(words: tuple[str, ...]) -> str:
    """The lines as a part of a sentence; empty where there are none."""
    return f"; it said: {' / '.join(words)}" if words else ""
