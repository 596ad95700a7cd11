"""These models are a plan as a tree, and the results of its leaves.

Inner nodes are strategies over their children; leaves are agents and gates.  A plan never changes while it runs: what
happened stands in the results, each under the path of its leaf.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import Annotated, Any, Literal, NewType, TypeAlias

from orchestrator.models.field_marks import BY_KIND
from orchestrator.models.gate_states import Direction, GateState
from orchestrator.models.identity import AgentName
from orchestrator.value_class import value_class

NodePath = NewType("NodePath", str)
"""Where a node stands: ``1`` is the root, ``1.2`` its second child.

What runs more than once has its number behind ``@`` from the second time on: ``1.2@3`` is the third round of
``1.2``, ``1.2@3.1`` the first child in it.  The parts of a strategy that are no children have names: ``1.gate``,
``1.synthesis``, ``1.merge``; ``1.gate@2`` is the gate over the second round or the second candidate.
"""
ROOT = NodePath("1")

Access = Literal["read", "write"]


class Tier(StrEnum):
    """How strong a model is asked for; settings say which model that is.  From the cheapest up."""

    CHEAP = "CHEAP"
    CAPABLE = "CAPABLE"
    PREMIUM = "PREMIUM"


@value_class
class AgentLimits:
    """What one agent of a plan may take; ``None`` leaves it to the session's own limits."""

    timeout_s: float | None = None
    max_tokens: int | None = None
    """Tokens it may generate, thinking included."""
    memory_mb: int | None = None


@value_class
class AgentNode:
    """One agent at work."""

    id: str
    """Unique in the plan; names its worker and its result (``security_auditor``, ``code_reviewer-2``)."""
    template: str = ""
    """The template it was made from; empty where it has none."""
    title: str = ""
    """What it does, for people."""
    instructions: str = ""
    access: Access = "read"
    agent: AgentName | None = None
    """The CLI; ``None`` leaves the choice to whoever starts it."""
    model: str | None = None
    tier: Tier | None = None
    capabilities: tuple[str, ...] = ()
    answer_schema: Mapping[str, Any] | None = None
    """JSON schema of its answer; ``None`` is the one that every agent without its own has."""
    limits: AgentLimits = AgentLimits()
    priority: int = 0
    """Of several that wait for a place the one with the highest starts first; a policy says what raises it."""
    kind: Literal["agent"] = "agent"


@value_class
class GateNode:
    """Gates that are measured here.  One that does not pass ends the sequence it stands in."""

    gates: tuple[str, ...]
    thresholds: Mapping[str, float] = field(default_factory=dict)
    """By gate; a gate that is not named here keeps its own."""
    kind: Literal["gates"] = "gates"


class Strategy(StrEnum):
    """The patterns in which agents work together: the six of spec 002, and two that loop and choose by gates."""

    SEQUENTIAL = "sequential"
    PARALLEL = "parallel"
    DEBATE = "debate"
    TEACHING = "teaching"
    REFINEMENT = "refinement"
    ADAPTIVE = "adaptive"
    REPEAT = "repeat"
    BEST_OF = "best_of"


class Aggregator(StrEnum):
    """How parallel results become one."""

    ALL = "all"
    """Every child has to succeed."""
    WEIGHTED_SCORE = "weighted_score"
    """The weights of those who succeeded have to reach the threshold."""
    CONSENSUS = "consensus"
    """More than half have to succeed, and to hold the same position where they state one."""
    PRIORITY_LIST = "priority_list"
    """The first in order of priority that succeeded stands for all."""


@value_class
class StrategyNode:
    """One pattern over its children.  Children may be strategies again."""

    strategy: Strategy
    children: tuple[Annotated[AgentNode | GateNode | StrategyNode, BY_KIND], ...]
    title: str = ""
    threshold: float | None = None
    """Teaching: the junior's least confidence (.7); adaptive: what the classifier's has to exceed (.8); weighted
    score: the least share of the weights (.5)."""
    rounds: int = 1
    """Debate: how often each participant is heard, 1 to 3."""
    at_most: int = 1
    """Repeat: how often the child runs at the most."""
    gate: GateNode | None = None
    """Repeat: it ends the loop.  Best of: it chooses.  Adaptive: it sends the task on to the next child."""
    synthesizer: AgentNode | None = None
    """Debate: the agent that draws the conclusion; without one the consensus is counted."""
    aggregator: Aggregator = Aggregator.ALL
    weights: Mapping[str, float] = field(default_factory=dict)
    """Weighted score: by a child's name, 1 where it is not named."""
    priority: tuple[str, ...] = ()
    """Priority list: names of children, the most important first; the others follow in plan order."""
    kind: Literal["strategy"] = "strategy"


Node: TypeAlias = AgentNode | GateNode | StrategyNode


class Failure(StrEnum):
    """Why an agent has no usable result."""

    FAILED = "failed"
    """It could not be run to its end, or said itself that it failed; a refusal too."""
    TIMED_OUT = "timed_out"
    MALFORMED = "malformed"
    """Its answer does not keep to the schema."""


@value_class
class AgentResult:
    """The result of one agent."""

    path: NodePath
    agent_id: str
    success: bool
    output: Mapping[str, Any] = field(default_factory=dict)
    """Its answer; empty where it failed."""
    confidence: float = 0.0
    """By its own word, 0 to 1."""
    duration_s: float = 0.0
    error: str = ""
    failure: Failure | None = None
    """``None`` exactly where it succeeded.  A low confidence is no failure: strategies read the figure."""
    agent: AgentName | None = None
    """The CLI that ran."""
    vendor: str = ""
    """Whose model it was; empty where nobody knows, then its CLI stands for it."""


@value_class
class MeasuredGate:
    """What one gate measured, or why it did not, and how to measure it again."""

    name: str
    state: GateState
    actual: float | None = None
    threshold: float | None = None
    direction: Direction = "at least"
    message: str = ""
    """One clause that says why, for people."""
    tool: str = ""
    version: str = ""
    command: str = ""
    duration_s: float | None = None
    tree: str = ""
    """The hash of the tree that was measured."""


@value_class
class GateResult:
    """What gates measured at one point of a plan."""

    path: NodePath
    gates: tuple[MeasuredGate, ...] = ()
    error: str = ""
    """Why nothing was measured, where nothing was."""
    changed_lines: int | None = None
    """How many lines of the target differ from the snapshot in the tree that was measured; ``None``: unknown."""
    duration_s: float = 0.0
    snapshot: str = ""
    """The recorded tree that was measured; empty where the target changed meanwhile."""

    @property
    def state(self) -> GateState:
        """Passed if all gates pass, failed if one fails, else not measured."""
        states = {gate.state for gate in self.gates}
        if GateState.FAIL in states:
            return GateState.FAIL
        return GateState.PASS if states == {GateState.PASS} and not self.error else GateState.NOT_MEASURED


@value_class
class MergeResult:
    """The result of merging changes that were made side by side."""

    path: NodePath
    success: bool
    """They are in the target, without a conflict."""
    conflicts: tuple[str, ...] = ()
    """Each in one sentence: the file, and the two who changed it."""
    kept: tuple[str, ...] = ()
    """Patches of what did not go in, relative to the session's folder."""
    taken: tuple[NodePath, ...] = ()
    """Layers whose changes went in, but for what conflicts."""
    error: str = ""
    duration_s: float = 0.0


Result: TypeAlias = AgentResult | GateResult | MergeResult


@value_class
class StrategyResult:
    """The result of a node, with all the results that led to it."""

    path: NodePath
    success: bool
    outputs: tuple[AgentResult, ...] = ()
    """Each agent's own result, in plan order, a round after the other."""
    aggregated_output: Mapping[str, Any] = field(default_factory=dict)
    confidence: float = 0.0
    """Of what stands in the aggregated output."""
    total_duration_s: float = 0.0
    errors: tuple[str, ...] = ()
    gates: tuple[GateResult, ...] = ()
    dissent: tuple[AgentResult, ...] = ()
    """Opinions of a debate that the consensus does not hold."""
    warnings: tuple[str, ...] = ()
    """What a reader should know of how this came about; nothing failed by it."""
    kept: tuple[str, ...] = ()
    """Patches of changes that did not go in."""
