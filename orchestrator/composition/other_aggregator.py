"""Decide a finished plan again with another aggregator: what it would have come to, and from where on it differs.

Only what is on record can be decided again: once another leaf would have run, or one would have been told something
else, nobody knows what it would have come to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from orchestrator.composition.next_steps import next_steps
from orchestrator.models.plan_steps import Finished, Run
from orchestrator.models.plan_tree import Aggregator, Node, NodePath, Result, Strategy, StrategyNode, StrategyResult
from orchestrator.value_class import value_class


@value_class
class OtherEnd:
    """What a plan comes to under another aggregator."""

    aggregator: Aggregator
    recorded: StrategyResult | None
    """``None`` where the plan had not ended."""
    result: StrategyResult | None
    """``None`` where it cannot be known."""
    differs_after: NodePath | None = None
    """After this leaf's result something else would have been run or told; ``None``: up to the end nothing would."""
    wanted: tuple[NodePath, ...] = ()
    """What would have run then, that did not so."""


def under_aggregator(plan: Node, results: Mapping[NodePath, Result], aggregator: Aggregator) -> OtherEnd:
    """Decide again, one recorded result after the other.

    Args:
        results: In the order in which they came.
    """
    other = with_aggregator(plan, aggregator)
    whole = next_steps(plan, results)
    recorded = whole.result if isinstance(whole, Finished) else None
    known: dict[NodePath, Result] = {}
    for path, result in results.items():
        known[path] = result
        was, now = next_steps(plan, known), next_steps(other, known)
        if isinstance(now, Finished) and isinstance(was, Finished):
            break
        if was != now:
            wanted = _new_leaves(was, now)
            return OtherEnd(aggregator, recorded, now.result if isinstance(now, Finished) else None, path, wanted)
    end = next_steps(other, results)
    return OtherEnd(aggregator, recorded, end.result if isinstance(end, Finished) else None)


def with_aggregator(plan: Node, aggregator: Aggregator) -> Node:
    """The plan with this aggregator in every place that has one."""
    if not isinstance(plan, StrategyNode):
        return plan
    children = tuple(with_aggregator(child, aggregator) for child in plan.children)
    if plan.strategy is Strategy.PARALLEL:
        return replace(plan, children=children, aggregator=aggregator)
    return replace(plan, children=children)


def _new_leaves(was: Run | Finished, now: Run | Finished) -> tuple[NodePath, ...]:
    if not isinstance(now, Run):
        return ()
    before = was.leaves if isinstance(was, Run) else ()
    return tuple(leaf.path for leaf in now.leaves if leaf not in before)
