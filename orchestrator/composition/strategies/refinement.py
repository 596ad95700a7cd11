"""Refinement: each stage makes a better version of what the stage before it made."""

from __future__ import annotations

from dataclasses import replace

from orchestrator.composition.strategies.joined_results import joined
from orchestrator.composition.strategies.position import Advance, Position, seen
from orchestrator.models.plan_steps import Finished, Purpose, Run, Seen
from orchestrator.models.plan_tree import StrategyNode, StrategyResult


def refinement(node: StrategyNode, here: Position, advance: Advance) -> Run | Finished:
    """Run the next stage; the first failure ends it.  What the last good stage made is still there."""
    ended: list[StrategyResult] = []
    before: tuple[Seen, ...] = ()
    for number, child in enumerate(node.children, start=1):
        position = here.child(number, sees=before)
        step = advance(child, position if number == 1 else replace(position, purpose=Purpose.REFINE))
        if isinstance(step, Run):
            return step
        ended.append(step.result)
        before = (seen(child, step.result),)
        if not step.result.success:
            break
    good = [result for result in ended if result.success]
    return joined(
        here.path,
        ended,
        success=len(good) == len(node.children),
        output={
            "refinement_stages": len(ended),
            "final_output": good[-1].aggregated_output if good else {},
            "stage_outputs": [result.aggregated_output for result in ended],
        },
        confidence=good[-1].confidence if good else 0.0,
        duration_s=sum(result.total_duration_s for result in ended),
    )
