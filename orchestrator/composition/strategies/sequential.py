"""Sequential: one child after the other, and each sees what all before it came to."""

from __future__ import annotations

from orchestrator.composition.strategies.joined_results import joined
from orchestrator.composition.strategies.position import Advance, Position, name_of, seen
from orchestrator.models.plan_steps import Finished, Run, Seen
from orchestrator.models.plan_tree import GateNode, StrategyNode, StrategyResult


def sequential(node: StrategyNode, here: Position, advance: Advance) -> Run | Finished:
    """Run the first child that has not ended.  A failed child does not end the sequence; a gate not passed does."""
    ended: list[StrategyResult] = []
    before: tuple[Seen, ...] = ()
    for number, child in enumerate(node.children, start=1):
        step = advance(child, here.child(number, sees=before))
        if isinstance(step, Run):
            return step
        ended.append(step.result)
        before = (*before, seen(child, step.result))
        if isinstance(child, GateNode) and not step.result.success:
            break
    worked = [
        (child, result) for child, result in zip(node.children, ended, strict=False) if not isinstance(child, GateNode)
    ]
    last = next((result for _, result in reversed(worked) if result.success), None)
    return joined(
        here.path,
        ended,
        success=all(result.success for result in ended),
        output={
            "final_output": last.aggregated_output if last else {},
            "outputs": {name_of(child, result.path): result.aggregated_output for child, result in worked},
        },
        confidence=last.confidence if last else 0.0,
        duration_s=sum(result.total_duration_s for result in ended),
    )
