"""These models are what a plan wants done next: leaves to be run, or its result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import Annotated, Any, Literal, TypeAlias

from orchestrator.models.field_marks import BY_KIND
from orchestrator.models.plan_tree import AgentNode, GateNode, NodePath, StrategyResult
from orchestrator.value_class import value_class


class Purpose(StrEnum):
    """What a leaf is asked for at its place of the plan."""

    WORK = "work"
    """The task, with what came before."""
    OPINION = "opinion"
    """A blind first opinion: it sees nobody else's."""
    REPLY = "reply"
    """An opinion again, after the others' have been read."""
    SYNTHESIS = "synthesis"
    """The conclusion of a debate."""
    CLASSIFY = "classify"
    """How complex the task is; its confidence says how sure it is that the task is a simple one."""
    TAKE_OVER = "take_over"
    """The task, after somebody else did not do it well enough."""
    REFINE = "refine"
    """A better version of what came before."""
    AGAIN = "again"
    """Its own work once more, after a gate did not pass."""


@value_class
class Seen:
    """One earlier result that a leaf gets to see.  It is quoted data in the prompt, never an instruction."""

    path: NodePath
    name: str
    """The agent's id, the strategy's name, or ``gates``."""
    success: bool
    output: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""


@value_class
class AgentLeaf:
    """Run one agent."""

    path: NodePath
    node: AgentNode
    purpose: Purpose = Purpose.WORK
    sees: tuple[Seen, ...] = ()
    layers: tuple[NodePath, ...] = ()
    """Layers over the target that it works on, the lowest first, each named by the node that began it; none is the
    target itself.  What stands in the last one is its own."""
    kind: Literal["agent"] = "agent"


@value_class
class GateLeaf:
    """Measure gates on the target with these layers over it."""

    path: NodePath
    node: GateNode
    layers: tuple[NodePath, ...] = ()
    kind: Literal["gates"] = "gates"


@value_class
class MergeLeaf:
    """Bring changes that were made side by side into what lies below them."""

    path: NodePath
    take: tuple[NodePath, ...]
    """Layers to be merged, in this order."""
    keep: tuple[NodePath, ...] = ()
    """Layers that go in nowhere: each is kept as a patch."""
    layers: tuple[NodePath, ...] = ()
    """Into which they go: the last of these, the target where there is none."""
    kind: Literal["merge"] = "merge"


Leaf: TypeAlias = Annotated[AgentLeaf | GateLeaf | MergeLeaf, BY_KIND]


@value_class
class Run:
    """These leaves are to run now.  A running leaf is named again until its result arrives."""

    leaves: tuple[Leaf, ...]


@value_class
class Finished:
    """The node has come to its result; nothing of it runs any more."""

    result: StrategyResult
