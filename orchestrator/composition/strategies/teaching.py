"""Teaching: the junior tries, and the expert takes over where it is not sure enough."""

from __future__ import annotations

from dataclasses import replace

from orchestrator.composition.strategies.joined_results import joined
from orchestrator.composition.strategies.position import Advance, Position, seen
from orchestrator.models.plan_steps import Finished, Purpose, Run
from orchestrator.models.plan_tree import StrategyNode

QUALITY_THRESHOLD = 0.7
"""The junior's least confidence, where the node says nothing else."""


def teaching(node: StrategyNode, here: Position, advance: Advance) -> Run | Finished:
    """Run the junior; a junior that failed, or is less sure than the threshold, is followed by the expert."""
    junior, expert = node.children
    tried = advance(junior, here.child(1))
    if isinstance(tried, Run):
        return tried
    threshold = QUALITY_THRESHOLD if node.threshold is None else node.threshold
    of_junior = tried.result.aggregated_output
    if tried.result.success and tried.result.confidence >= threshold:
        return joined(
            here.path,
            [tried.result],
            success=True,
            output={"outcome": "junior_success", "junior_output": of_junior},
            confidence=tried.result.confidence,
            duration_s=tried.result.total_duration_s,
        )
    position = replace(here.child(2, sees=(seen(junior, tried.result),)), purpose=Purpose.TAKE_OVER)
    taken = advance(expert, position)
    if isinstance(taken, Run):
        return taken
    return joined(
        here.path,
        [tried.result, taken.result],
        success=taken.result.success,
        output={
            "outcome": "expert_takeover",
            "junior_output": of_junior,
            "expert_output": taken.result.aggregated_output,
        },
        confidence=taken.result.confidence,
        duration_s=tried.result.total_duration_s + taken.result.total_duration_s,
    )
