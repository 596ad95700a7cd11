"""Parallel: all children at once, none sees another; an aggregator says what they came to together."""

from __future__ import annotations

from orchestrator.composition.strategies.aggregation import aggregate
from orchestrator.composition.strategies.joined_results import joined
from orchestrator.composition.strategies.position import Advance, Position, name_of
from orchestrator.composition.strategies.side_by_side import merge_of, positions_of
from orchestrator.models.plan_steps import Finished, Run
from orchestrator.models.plan_tree import StrategyNode, StrategyResult


def parallel(node: StrategyNode, here: Position, advance: Advance) -> Run | Finished:
    """Run all children side by side.  The changes of those that succeeded are merged when all have ended."""
    positions = positions_of(node.children, here)
    steps = [advance(child, position) for child, position in zip(node.children, positions, strict=True)]
    running = tuple(leaf for step in steps if isinstance(step, Run) for leaf in step.leaves)
    if running:
        return Run(running)
    ended = [step.result for step in steps if isinstance(step, Finished)]
    names = [name_of(child, position.path) for child, position in zip(node.children, positions, strict=True)]
    verdict = aggregate(node, dict(zip(names, ended, strict=True)))
    taken = {
        position.path: result.success and verdict.chosen in {None, name}
        for name, position, result in zip(names, positions, ended, strict=True)
        if position.layers != here.layers
    }
    merged: tuple[StrategyResult, ...] = ()
    if taken:
        layers = [path for path, take in taken.items() if take]
        step = advance(merge_of(here, layers, [path for path, take in taken.items() if not take]), here)
        if isinstance(step, Run):
            return step
        merged = (step.result,)
    return joined(
        here.path,
        [*ended, *merged],
        success=verdict.success and all(result.success for result in merged),
        output=verdict.output,
        confidence=verdict.confidence,
        duration_s=max((result.total_duration_s for result in ended), default=0.0)
        + sum(result.total_duration_s for result in merged),
        errors=verdict.errors,
        dissent=verdict.dissent,
    )
