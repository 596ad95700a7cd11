"""What one clause of a task says, and what the readers of all languages share."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from enum import StrEnum

from orchestrator.value_class import value_class


class Signal(StrEnum):
    """What one clause says."""

    CHANGE = "asks for a change"
    ANSWER = "asks for an answer"
    NO_CHANGE = "forbids any change"
    UNCLEAR = "says neither"


@value_class
class Hit:
    """One clause's signal, and the words it was read from."""

    words: str
    signal: Signal
    question: bool = False
    """The clause is a question by its form."""


def longest_head(words: Sequence[str], phrases: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """The longest of the phrases that the words begin with."""
    found = [tuple(phrase) for phrase in phrases if tuple(words[: len(phrase)]) == tuple(phrase)]
    return max(found, key=len, default=())


def folded(text: str) -> str:
    """Without accents, as people type."""
    if text.isascii():
        return text
    return "".join(char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char))
