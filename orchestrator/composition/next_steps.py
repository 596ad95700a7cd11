"""Say what of a plan runs now, or what the plan came to, from the tree and the results so far.

The results are the only state: whoever takes over a session asks the same question and gets the same answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from orchestrator.composition.strategies.adaptive import adaptive
from orchestrator.composition.strategies.best_of import best_of
from orchestrator.composition.strategies.debate import debate
from orchestrator.composition.strategies.joined_results import of_agent, of_gates, of_merge
from orchestrator.composition.strategies.parallel import parallel
from orchestrator.composition.strategies.position import Advance, Position
from orchestrator.composition.strategies.refinement import refinement
from orchestrator.composition.strategies.repeat import repeat
from orchestrator.composition.strategies.sequential import sequential
from orchestrator.composition.strategies.teaching import teaching
from orchestrator.models.plan_steps import AgentLeaf, Finished, GateLeaf, MergeLeaf, Run
from orchestrator.models.plan_tree import (
    AgentNode,
    AgentResult,
    GateNode,
    GateResult,
    MergeResult,
    Node,
    NodePath,
    Result,
    Strategy,
    StrategyNode,
)

Pattern = Callable[[StrategyNode, Position, Advance], Run | Finished]

PATTERNS: Mapping[Strategy, Pattern] = MappingProxyType(
    {
        Strategy.SEQUENTIAL: sequential,
        Strategy.PARALLEL: parallel,
        Strategy.DEBATE: debate,
        Strategy.TEACHING: teaching,
        Strategy.REFINEMENT: refinement,
        Strategy.ADAPTIVE: adaptive,
        Strategy.REPEAT: repeat,
        Strategy.BEST_OF: best_of,
    }
)


def next_steps(node: Node, results: Mapping[NodePath, Result]) -> Run | Finished:
    """What runs now, given all results so far; or the result of the whole.

    A leaf stays in the answer until its result is there, so start only what has not been started.  No leaf of an
    answer is ever withdrawn by the result of another one, and each path is asked for once.

    Args:
        node: A plan that ``check_plan`` let through.
        results: By path of the leaf; the order in which they came does not matter.
    """

    def advance(node: Node | MergeLeaf, here: Position) -> Run | Finished:
        match node:
            case AgentNode():
                return _agent(node, here, results.get(here.path))
            case GateNode():
                measured = results.get(here.path)
                if isinstance(measured, GateResult):
                    return Finished(of_gates(measured))
                return Run((GateLeaf(here.path, node, here.layers),))
            case MergeLeaf():
                merged = results.get(node.path)
                return Finished(of_merge(merged)) if isinstance(merged, MergeResult) else Run((node,))
            case StrategyNode():
                return PATTERNS[node.strategy](node, here, advance)

    return advance(node, Position())


def _agent(node: AgentNode, here: Position, result: Result | None) -> Run | Finished:
    if isinstance(result, AgentResult):
        return Finished(of_agent(result))
    if here.reads_only and node.access == "write":
        node = replace(node, access="read")
    return Run((AgentLeaf(here.path, node, here.purpose, here.sees, here.layers),))
