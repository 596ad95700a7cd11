"""Children that write side by side do so on layers, which a merge brings together when all have ended."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.composition.strategies.position import Position, writes
from orchestrator.models.plan_steps import MergeLeaf
from orchestrator.models.plan_tree import Node, NodePath


def positions_of(children: Sequence[Node], here: Position) -> tuple[Position, ...]:
    """The positions of children that run at once.

    A child that writes has a layer of its own, also where it is the only one that does: the others then read a target
    that does not move under them.
    """
    places = tuple(here.child(number) for number in range(1, len(children) + 1))
    if len(children) == 1:
        return places
    return tuple(
        place.on_own_layer() if writes(child, here) else place for child, place in zip(children, places, strict=True)
    )


def merge_of(here: Position, take: Sequence[NodePath], keep: Sequence[NodePath]) -> MergeLeaf:
    """The merge at the end of a strategy, into whatever that strategy itself works on."""
    return MergeLeaf(here.part("merge").path, tuple(take), tuple(keep), here.layers)
