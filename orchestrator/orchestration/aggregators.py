"""Make one result of several, by the rules of the specification (000): weighted score, consensus, priority list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.composition.plan_checks import check_plan
from orchestrator.composition.strategies.aggregation import aggregate
from orchestrator.models import plan_tree
from orchestrator.models.plan_tree import AgentNode, Aggregator, NodePath, Strategy, StrategyNode
from orchestrator.orchestration.execution_strategies import AgentResult

__all__ = ["consensus", "priority_list", "weighted_score"]


def weighted_score(
    results: Sequence[AgentResult], weights: Mapping[str, float] | None = None, threshold: float = 0.5
) -> dict[str, Any]:
    """Whether the weights of those who succeeded reach the threshold; who is not named weighs 1.

    Raises:
        ValueError: There are no results, two of one agent, or weights and threshold that cannot be meant.
    """
    node = _node(results, Aggregator.WEIGHTED_SCORE, weights=dict(weights or {}), threshold=threshold)
    return _aggregated(node, results)


def consensus(results: Sequence[AgentResult]) -> dict[str, Any]:
    """Whether more than half succeeded and hold the same ``position``, where they state one.

    Raises:
        ValueError: There are no results, or two of one agent.
    """
    return _aggregated(_node(results, Aggregator.CONSENSUS), results)


def priority_list(results: Sequence[AgentResult], priority: Sequence[str] = ()) -> dict[str, Any]:
    """The first in order of priority that succeeded; those that are not named follow in their own order.

    Raises:
        ValueError: There are no results, two of one agent, or a name that nobody has.
    """
    return _aggregated(_node(results, Aggregator.PRIORITY_LIST, priority=tuple(priority)), results)


def _node(results: Sequence[AgentResult], aggregator: Aggregator, **fields: Any) -> StrategyNode:
    children = tuple(AgentNode(result.agent_id) for result in results)
    node = StrategyNode(Strategy.PARALLEL, children, aggregator=aggregator, **fields)
    check_plan(node)
    return node


def _aggregated(node: StrategyNode, results: Sequence[AgentResult]) -> dict[str, Any]:
    named = {}
    for number, result in enumerate(results, start=1):
        path, output = NodePath(f"1.{number}"), dict(result.output)
        leaf = plan_tree.AgentResult(path, result.agent_id, result.success, output, result.confidence)
        named[result.agent_id] = plan_tree.StrategyResult(path, result.success, (leaf,), output, result.confidence)
    verdict = aggregate(node, named)
    return {"success": verdict.success, "confidence": verdict.confidence, **verdict.output}
