"""Cut a task into clauses of lower-case words; what is quoted or code is no word of the task's own."""

from __future__ import annotations

import re

from orchestrator.late_pattern import late_pattern
from orchestrator.value_class import value_class

QUOTED = "\N{REPLACEMENT CHARACTER}"
"""Stands in the place of a text in quotes and of code: it is spoken about, not said."""

MOST_WORDS = 400
"""Words of one clause that are kept; whoever must have read them all looks whether there are so many."""

_FENCED = late_pattern(r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)", re.DOTALL)
_QUOTES = late_pattern(
    r"`[^`\n]*`|\"[^\"\n]{0,300}\"|\u201c[^\u201d\n]{0,300}\u201d|\u201e[^\u201c\u201d\n]{0,300}[\u201c\u201d]"
    r"|\u00ab[^\u00bb\n]{0,300}\u00bb|\u300c[^\u300d\n]{0,300}\u300d|(?<![\w\u2019'])'[^'\n]{1,300}'(?!\w)"
)
_ENDS = late_pattern(r"(?<=[.!?;:\u2026])[\"')\]]*\s+|[\u3002\uff01\uff1f\uff1b\uff1a\n]+|\s[\u2013\u2014-]\s|(?<=\?)")
_BULLET = late_pattern(r"^\s*(?:[-*+\u2022]|\d{1,3}[.)]|\[[ x]\]|#{1,6}|>)+\s*")
_WORD = late_pattern(r"[^\W_][\w./\u2019'-]*[\w)]|[^\W_]|[,&+]|\N{REPLACEMENT CHARACTER}")
_ASKS = late_pattern(r"[?\uff1f]|^\u00bf")


@value_class
class Clause:
    """One sentence, line or part of a sentence."""

    text: str
    """As it was written, lower case, quotes and code replaced."""
    words: tuple[str, ...]
    """Its words, and its commas."""
    asks: bool
    """It ends as a question does."""

    def after(self, count: int) -> Clause:
        """The clause without its first words."""
        return Clause(self.text, self.words[count:], self.asks)


def clauses_of(task: str) -> tuple[Clause, ...]:
    """The clauses of a task, in order; empty ones are left out."""
    text = _FENCED.sub(f" {QUOTED} ", task)
    found: list[Clause] = []
    for line in text.splitlines():
        line = _QUOTES.sub(f" {QUOTED} ", _BULLET.sub("", line))
        for part, asks in _parts(line.lower().replace("\u2019", "'")):
            words = tuple(_WORD.findall(part)[:MOST_WORDS])
            if any(word not in (",", "&", "+") for word in words):
                found.append(Clause(part.strip(), words, asks))
    return tuple(found)


def _parts(line: str) -> list[tuple[str, bool]]:
    """The pieces between ends of sentences, each with whether a question mark ends (or, in Spanish, begins) it."""
    pieces: list[tuple[str, bool]] = []
    begin = 0
    for end in [*_ENDS.finditer(line), None]:
        piece = line[begin : end.start() if end else len(line)]
        mark = end.group() if end else ""
        if piece.strip():
            pieces.append((piece, bool(_ASKS.search(piece + mark))))
        begin = end.end() if end else len(line)
    return pieces
