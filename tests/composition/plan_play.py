"""Play a plan without any agent: each leaf comes to what the test says of its path."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from orchestrator.composition.next_steps import next_steps
from orchestrator.models.plan_steps import AgentLeaf, Finished, GateLeaf, Leaf, Run
from orchestrator.models.plan_tree import (
    AgentNode,
    AgentResult,
    Failure,
    GateNode,
    GateResult,
    MeasuredGate,
    MergeResult,
    Node,
    NodePath,
    Result,
    StrategyResult,
)
from orchestrator.models.quality_gates import GateState

TESTS = GateNode(("tests",))

Says = Mapping[str, Any]
"""By path: for an agent its confidence, a failure, an output or both of the first (``(.5, {…})``); for gates their
state, or state and changed lines."""


def agent(name: str, **fields: Any) -> AgentNode:
    return AgentNode(name, **fields)


def writer(name: str, **fields: Any) -> AgentNode:
    return AgentNode(name, access="write", **fields)


class Play:
    """A plan on its way, with what was asked for in each step."""

    def __init__(self, plan: Node, says: Says | None = None) -> None:
        self.plan = plan
        self.says = dict(says or {})
        self.results: dict[NodePath, Result] = {}
        self.asked: list[tuple[Leaf, ...]] = []

    def step(self) -> Run | Finished:
        return next_steps(self.plan, self.results)

    def end(self, first: Callable[[tuple[Leaf, ...]], Leaf] = lambda leaves: leaves[0]) -> StrategyResult:
        """Give one result after the other, ``first`` saying which of those that run comes first."""
        while isinstance(step := self.step(), Run):
            if {leaf.path for leaf in step.leaves} - {leaf.path for leaves in self.asked for leaf in leaves}:
                self.asked.append(step.leaves)
            leaf = first(step.leaves)
            self.results[leaf.path] = self.result_of(leaf)
        return step.result

    def leaf(self, path: str) -> Leaf:
        """The leaf that was asked for under this path."""
        return next(leaf for leaves in self.asked for leaf in leaves if leaf.path == path)

    def agent(self, path: str) -> AgentLeaf:
        leaf = self.leaf(path)
        assert isinstance(leaf, AgentLeaf)
        return leaf

    @property
    def paths(self) -> list[str]:
        """All that ran, in the order in which it was asked for."""
        return list(dict.fromkeys(str(leaf.path) for leaves in self.asked for leaf in leaves))

    def result_of(self, leaf: Leaf) -> Result:
        said = self.says.get(leaf.path)
        match leaf:
            case AgentLeaf():
                return _answer(leaf, said)
            case GateLeaf():
                state, lines = said if isinstance(said, tuple) else (said or GateState.PASS, None)
                return GateResult(leaf.path, (MeasuredGate("tests", state),), changed_lines=lines, duration_s=1.0)
            case _:
                conflicts = tuple(said or ())
                return MergeResult(leaf.path, not conflicts, conflicts, tuple(f"{path}.patch" for path in leaf.keep))


def _answer(leaf: AgentLeaf, said: Any) -> AgentResult:
    if isinstance(said, Failure):
        return AgentResult(leaf.path, leaf.node.id, success=False, failure=said, error="so it is", duration_s=2.0)
    confidence, output = said if isinstance(said, tuple) else (said, None)
    if isinstance(confidence, Mapping):
        confidence, output = None, confidence
    return AgentResult(
        leaf.path,
        leaf.node.id,
        success=True,
        output=output or {"text": f"by {leaf.path}"},
        confidence=0.9 if confidence is None else confidence,
        duration_s=2.0,
        agent=leaf.node.agent,
    )
