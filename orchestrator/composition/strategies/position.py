"""Where a node stands in a plan, and what its strategy hands down to the children."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from orchestrator.models.plan_steps import Finished, MergeLeaf, Purpose, Run, Seen
from orchestrator.models.plan_tree import (
    ROOT,
    AgentNode,
    GateNode,
    Node,
    NodePath,
    Strategy,
    StrategyNode,
    StrategyResult,
)
from orchestrator.value_class import value_class


@value_class
class Position:
    """A node's place, and what everything below it has from above."""

    path: NodePath = ROOT
    purpose: Purpose = Purpose.WORK
    sees: tuple[Seen, ...] = ()
    layers: tuple[NodePath, ...] = ()
    reads_only: bool = False
    """Nobody here writes, whatever the node says: opinions are asked for, not changes."""

    def child(self, number: int, *, time: int = 1, sees: tuple[Seen, ...] = ()) -> Position:
        """The position of a child, counted from 1, when it runs for this time; it sees ``sees`` besides."""
        return self.part(str(number), time=time, sees=sees)

    def part(self, name: str, *, time: int = 1, sees: tuple[Seen, ...] = ()) -> Position:
        """The position of what belongs to the strategy itself, its gate say."""
        path = NodePath(f"{self.path}.{name}" if time == 1 else f"{self.path}.{name}@{time}")
        return replace(self, path=path, sees=(*self.sees, *sees))

    def on_own_layer(self) -> Position:
        """The same, writing on a layer of its own over all that is here."""
        return replace(self, layers=(*self.layers, self.path))


Advance: TypeAlias = Callable[[Node | MergeLeaf, Position], Run | Finished]
"""What a node, or a merge, wants next at its position: ``next_steps`` with the results at hand."""


def name_of(node: Node, path: NodePath) -> str:
    """What a result of the node is called for other agents and for people."""
    match node:
        case AgentNode():
            return node.id
        case GateNode():
            return "gates"
        case StrategyNode():
            return node.title or f"{node.strategy} {path}"


def writes(node: Node, here: Position) -> bool:
    """Whether anybody below the node may change the target."""
    return any(agent.access == "write" for agent in agents_of(as_run(node, reads_only=here.reads_only)))


def as_run(node: Node, *, reads_only: bool = False) -> Node:
    """The node with the access that its agents have where they stand: nobody writes in a debate, nor does a classifier.

    Args:
        reads_only: It stands where nobody writes.
    """
    match node:
        case AgentNode():
            return replace(node, access="read") if reads_only else node
        case GateNode():
            return node
        case StrategyNode():
            reads = reads_only or node.strategy is Strategy.DEBATE
            classifies = node.strategy is Strategy.ADAPTIVE and node.gate is None
            children = (
                as_run(child, reads_only=reads or (classifies and n == 0)) for n, child in enumerate(node.children)
            )
            conclusion = node.synthesizer and replace(node.synthesizer, access="read")
            return replace(node, children=tuple(children), synthesizer=conclusion)


def agents_of(node: Node) -> tuple[AgentNode, ...]:
    """All agents below the node, in plan order."""
    match node:
        case AgentNode():
            return (node,)
        case GateNode():
            return ()
        case StrategyNode():
            below = tuple(agent for child in node.children for agent in agents_of(child))
            return below if node.synthesizer is None else (*below, node.synthesizer)


def seen(node: Node, result: StrategyResult) -> Seen:
    """A node's result as those after it get to see it."""
    output = result.aggregated_output if result.success or not isinstance(node, AgentNode) else {}
    return Seen(result.path, name_of(node, result.path), result.success, output, "; ".join(result.errors))
