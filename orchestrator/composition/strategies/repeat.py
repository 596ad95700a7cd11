"""Repeat: the same child again until its gates pass, each time with what they found."""

from __future__ import annotations

from dataclasses import replace

from orchestrator.composition.strategies.joined_results import joined
from orchestrator.composition.strategies.position import Advance, Position, seen
from orchestrator.models.gate_states import GateState
from orchestrator.models.plan_steps import Finished, Purpose, Run, Seen
from orchestrator.models.plan_tree import GateNode, StrategyNode, StrategyResult


def repeat(node: StrategyNode, here: Position, advance: Advance) -> Run | Finished:
    """Run the child, measure, and run it again where a gate failed; a child that failed has used up its round.

    Gates that cannot be measured end the loop: nobody could see whether another round helps.
    """
    (child,), gate = node.children, node.gate or GateNode(())
    parts: list[StrategyResult] = []
    rounds: list[StrategyResult] = []
    before: tuple[Seen, ...] = ()
    outcome = "rounds_used_up"
    for time in range(1, max(node.at_most, 1) + 1):
        position = here.child(1, time=time, sees=before)
        step = advance(child, position if time == 1 else replace(position, purpose=Purpose.AGAIN))
        if isinstance(step, Run):
            return step
        parts.append(step.result)
        rounds.append(step.result)
        before = (seen(child, step.result),)
        if not step.result.success:
            continue
        measured = advance(gate, here.part("gate", time=time))
        if isinstance(measured, Run):
            return measured
        parts.append(measured.result)
        before = (*before, seen(gate, measured.result))
        if measured.result.success:
            outcome = "passed"
            break
        if all(each.state is GateState.NOT_MEASURED for each in measured.result.gates[-1:]):
            outcome = "not_measured"
            break
    last = next((result for result in reversed(rounds) if result.success), None)
    return joined(
        here.path,
        parts,
        success=outcome == "passed",
        output={
            "outcome": outcome,
            "rounds": len(rounds),
            "final_output": last.aggregated_output if last else {},
            "round_outputs": [result.aggregated_output for result in rounds],
        },
        confidence=last.confidence if last else 0.0,
        duration_s=sum(part.total_duration_s for part in parts),
        errors=_ENDS.get(outcome, ()),
    )


_ENDS = {
    "not_measured": ("stopped: the gates could not be measured, so another round would not show whether it helps",),
    "rounds_used_up": ("the gates did not pass in any of the rounds",),
}
