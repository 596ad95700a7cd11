"""Aggregators say what results that were made side by side come to together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from math import fsum
from typing import Any

from orchestrator.composition.strategies.consensus import consensus_of
from orchestrator.models.plan_tree import AgentResult, Aggregator, StrategyNode, StrategyResult
from orchestrator.value_class import value_class

LEAST_SHARE = 0.5
"""Of the weights, where the node says nothing else."""
_ROUNDING = 1e-9

Named = Mapping[str, StrategyResult]
"""Results by the names of their nodes, in plan order."""


@value_class
class Verdict:
    """What an aggregator concluded."""

    success: bool
    confidence: float
    output: Mapping[str, Any] = field(default_factory=dict)
    chosen: str | None = None
    """The one that stands for all, where the rule takes one."""
    errors: tuple[str, ...] = ()
    dissent: tuple[AgentResult, ...] = ()


def aggregate(node: StrategyNode, named: Named) -> Verdict:
    """Apply the node's aggregator.  Every output stands in the result, whatever the rule makes of it."""
    return AGGREGATORS[node.aggregator](node, named)


def _all(node: StrategyNode, named: Named) -> Verdict:
    return Verdict(all(result.success for result in named.values()), _mean(named), _common(named))


def _weighted_score(node: StrategyNode, named: Named) -> Verdict:
    weights = {name: node.weights.get(name, 1.0) for name in named}
    share = fsum(weights[name] for name, result in named.items() if result.success) / (fsum(weights.values()) or 1.0)
    least = LEAST_SHARE if node.threshold is None else node.threshold
    success = share >= least - _ROUNDING
    return Verdict(
        success,
        fsum(weights[name] * result.confidence for name, result in named.items()) / (fsum(weights.values()) or 1.0),
        {**_common(named), "score": share, "threshold": least},
        errors=() if success else (f"the weights of those who succeeded are {share:.2f} of all, below {least:.2f}",),
    )


def _consensus(node: StrategyNode, named: Named) -> Verdict:
    panel = list(named.values())
    counted = consensus_of(panel)
    output = {**_common(named), "consensus": counted.as_output()}
    return Verdict(
        counted.reached,
        counted.confidence,
        {**output, "position": counted.position} if counted.position else output,
        errors=() if counted.reached else (f"no consensus: {len(counted.agreeing)} of {counted.total} agree",),
        dissent=tuple(each for number in counted.dissenting for each in panel[number].outputs),
    )


def _priority_list(node: StrategyNode, named: Named) -> Verdict:
    order = [*(name for name in node.priority if name in named), *(n for n in named if n not in node.priority)]
    chosen = next((name for name in order if named[name].success), None)
    if chosen is None:
        return Verdict(False, 0.0, {**_common(named), "selected": None, "final_output": {}})
    result = named[chosen]
    output = {**_common(named), "selected": chosen, "final_output": result.aggregated_output}
    return Verdict(True, result.confidence, output, chosen)


AGGREGATORS: Mapping[Aggregator, Callable[[StrategyNode, Named], Verdict]] = {
    Aggregator.ALL: _all,
    Aggregator.WEIGHTED_SCORE: _weighted_score,
    Aggregator.CONSENSUS: _consensus,
    Aggregator.PRIORITY_LIST: _priority_list,
}


def _common(named: Named) -> dict[str, Any]:
    return {
        "outputs": {name: result.aggregated_output for name, result in named.items()},
        "succeeded": sum(result.success for result in named.values()),
        "total": len(named),
    }


def _mean(named: Named) -> float:
    return fsum(result.confidence for result in named.values()) / len(named) if named else 0.0
