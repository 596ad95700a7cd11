"""Count what a panel agrees on.  Agreement is a structured answer, never the likeness of texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.models.plan_tree import StrategyResult
from orchestrator.value_class import value_class

POSITION = "position"
"""The key of an answer in which an agent states, in a few words, what it is for."""


@value_class
class Consensus:
    """What a panel came to."""

    agreeing: tuple[int, ...]
    """Who succeeded and holds the leading position or states none, by number in the panel."""
    dissenting: tuple[int, ...]
    """Who succeeded and holds another position."""
    total: int
    position: str
    """The leading position as its first holder states it; empty where nobody states one."""
    confidence: float
    """The mean over all, those who failed included."""

    @property
    def reached(self) -> bool:
        """More than half of the whole panel agree; who failed agrees with nobody."""
        return 2 * len(self.agreeing) > self.total

    @property
    def heard(self) -> int:
        """How many succeeded."""
        return len(self.agreeing) + len(self.dissenting)

    @property
    def unanimous(self) -> bool:
        """Everybody holds the same stated position."""
        return bool(self.position) and len(self.agreeing) == self.total

    def as_output(self) -> dict[str, Any]:
        """The figures as spec 002 names them."""
        return {
            "consensus_reached": self.reached,
            "success_votes": len(self.agreeing),
            "total_votes": self.total,
            "avg_confidence": self.confidence,
        }


def consensus_of(panel: Sequence[StrategyResult]) -> Consensus:
    """Count the panel.  The position that most hold leads; of several, the one that is stated first."""
    stated = {
        number: words
        for number, result in enumerate(panel)
        if result.success and (words := position_of(result.aggregated_output))
    }
    holders: dict[str, list[int]] = {}
    for number, words in stated.items():
        holders.setdefault(_folded(words), []).append(number)
    leading = max(holders.values(), key=len, default=[])
    dissenting = tuple(number for number in stated if number not in leading)
    agreeing = tuple(number for number, result in enumerate(panel) if result.success and number not in dissenting)
    confidence = sum(result.confidence for result in panel if result.success) / len(panel) if panel else 0.0
    return Consensus(agreeing, dissenting, len(panel), stated[leading[0]] if leading else "", confidence)


def position_of(output: Mapping[str, Any]) -> str:
    """The position that an answer states; empty where it states none."""
    words = output.get(POSITION)
    return words.strip() if isinstance(words, str) else ""


def _folded(words: str) -> str:
    return " ".join(words.casefold().split()).rstrip(".!")
