"""Adaptive: a task gets as much as it needs, by a gate after each try or by a classifier before the first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from orchestrator.composition.strategies.joined_results import joined
from orchestrator.composition.strategies.position import Advance, Position, agents_of, name_of, seen
from orchestrator.models.plan_steps import Finished, Purpose, Run, Seen
from orchestrator.models.plan_tree import GateNode, Node, StrategyNode, StrategyResult, Tier

SURE = 0.8
"""What the classifier's confidence has to exceed for the CHEAP specialist, where the node says nothing else."""
_TIERS = tuple(Tier)


def adaptive(node: StrategyNode, here: Position, advance: Advance) -> Run | Finished:
    """With a gate, try one child after the other until it passes; without one, let the first child classify."""
    if node.gate is not None:
        return _cascade(node, node.gate, here, advance)
    return _classified(node, here, advance)


def _cascade(node: StrategyNode, gate: GateNode, here: Position, advance: Advance) -> Run | Finished:
    """A gate that was not measured has not passed: the next child is asked.  One that failed is not measured."""
    parts: list[StrategyResult] = []
    before: tuple[Seen, ...] = ()
    for number, child in enumerate(node.children, start=1):
        position = here.child(number, sees=before)
        tried = advance(child, position if number == 1 else replace(position, purpose=Purpose.TAKE_OVER))
        if isinstance(tried, Run):
            return tried
        parts.append(tried.result)
        before = (seen(child, tried.result),)
        verdict: StrategyResult | None = None
        if tried.result.success:
            step = advance(gate, here.part("gate", time=number))
            if isinstance(step, Run):
                return step
            verdict = step.result
            parts.append(verdict)
            before = (*before, seen(gate, verdict))
        passed = verdict is not None and verdict.success
        if passed or number == len(node.children):
            return joined(
                here.path,
                parts,
                success=passed,
                output={
                    "classification": verdict.aggregated_output if verdict else {},
                    "selected_specialist": name_of(child, tried.result.path),
                    "specialist_output": tried.result.aggregated_output,
                },
                confidence=tried.result.confidence,
                duration_s=sum(part.total_duration_s for part in parts),
                errors=() if passed else (f"none of the {number} passed its gates",),
            )
    raise AssertionError("a checked plan has children")


def _classified(node: StrategyNode, here: Position, advance: Advance) -> Run | Finished:
    """A classifier that failed is one that is not sure."""
    classifier, *specialists = node.children
    position = replace(here.child(1), purpose=Purpose.CLASSIFY, reads_only=True)
    step = advance(classifier, position)
    if isinstance(step, Run):
        return step
    classified = step.result
    threshold = SURE if node.threshold is None else node.threshold
    sure = classified.success and classified.confidence > threshold
    index = select_specialist(specialists, Tier.CHEAP if sure else Tier.PREMIUM)
    chosen = specialists[index]
    done = advance(chosen, here.child(index + 2, sees=(seen(classifier, classified),)))
    if isinstance(done, Run):
        return done
    return joined(
        here.path,
        [classified, done.result],
        success=done.result.success,
        output={
            "classification": classified.aggregated_output,
            "selected_specialist": name_of(chosen, done.result.path),
            "specialist_output": done.result.aggregated_output,
        },
        confidence=done.result.confidence,
        duration_s=classified.total_duration_s + done.result.total_duration_s,
    )


def select_specialist(specialists: Sequence[Node], wanted: Tier) -> int:
    """The first specialist of the wanted tier, else of the nearest above it, else of the highest there is."""
    ranks = [tier_rank(node) for node in specialists]
    above = [rank for rank in ranks if rank >= _TIERS.index(wanted)]
    return ranks.index(min(above) if above else max(ranks))


def tier_rank(node: Node) -> int:
    """How high a node stands: by its strongest agent.  One without a tier counts as CAPABLE."""
    tiers = [_TIERS.index(agent.tier or Tier.CAPABLE) for agent in agents_of(node)]
    return max(tiers, default=_TIERS.index(Tier.CAPABLE))
