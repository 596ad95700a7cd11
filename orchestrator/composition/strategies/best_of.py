"""Best of: several make the same change, each on a layer of its own, and gates choose one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import inf

from orchestrator.composition.strategies.joined_results import joined
from orchestrator.composition.strategies.position import Advance, Position, name_of
from orchestrator.composition.strategies.side_by_side import merge_of
from orchestrator.models.plan_steps import Finished, Leaf, Run
from orchestrator.models.plan_tree import GateNode, Node, StrategyNode, StrategyResult
from orchestrator.value_class import value_class


@value_class
class _Candidate:
    name: str
    position: Position
    result: StrategyResult
    found: StrategyResult | None
    """What the gates found; nobody measures a candidate that failed."""

    @property
    def passed(self) -> bool:
        return self.found is not None and self.found.success

    @property
    def changed_lines(self) -> float:
        lines = self.found.gates[-1].changed_lines if self.found and self.found.gates else None
        return inf if lines is None else lines

    @property
    def duration_s(self) -> float:
        return self.result.total_duration_s + (self.found.total_duration_s if self.found else 0.0)


def best_of(node: StrategyNode, here: Position, advance: Advance) -> Run | Finished:
    """Run all candidates, measure each, and take the one that passes with the fewest changed lines.

    Plan order decides between equals.  What was not measured has not passed.  All others are kept as patches.
    """
    gate = node.gate or GateNode(())
    running: list[Leaf] = []
    candidates: list[_Candidate] = []
    for index, (name, position, child) in enumerate(_entered(node, here), start=1):
        step = advance(child, position)
        if isinstance(step, Run):
            running += step.leaves
            continue
        found: StrategyResult | None = None
        if step.result.success:
            measured = advance(gate, replace(here.part("gate", time=index), layers=position.layers))
            if isinstance(measured, Run):
                running += measured.leaves
                continue
            found = measured.result
        candidates.append(_Candidate(name, position, step.result, found))
    if running:
        return Run(tuple(running))
    chosen = min((each for each in candidates if each.passed), key=lambda each: each.changed_lines, default=None)
    take = [chosen.position.path] if chosen else []
    keep = [each.position.path for each in candidates if each is not chosen]
    merged = advance(merge_of(here, take, keep), here)
    return merged if isinstance(merged, Run) else _concluded(here, candidates, chosen, merged.result)


def _entered(node: StrategyNode, here: Position) -> Iterator[tuple[str, Position, Node]]:
    """Each child as often as the node says."""
    for number, child in enumerate(node.children, start=1):
        for time in range(1, max(node.at_most, 1) + 1):
            position = here.child(number, time=time).on_own_layer()
            name = name_of(child, position.path)
            yield name if time == 1 else f"{name}@{time}", position, child


def _concluded(
    here: Position, candidates: Sequence[_Candidate], chosen: _Candidate | None, merged: StrategyResult
) -> Finished:
    parts = [part for each in candidates for part in (each.result, each.found) if part is not None]
    return joined(
        here.path,
        [*parts, merged],
        success=chosen is not None and merged.success,
        output={
            "candidates": {each.name: _outcome(each) for each in candidates},
            "selected": chosen.name if chosen else None,
            "selected_output": chosen.result.aggregated_output if chosen else {},
        },
        confidence=chosen.result.confidence if chosen else 0.0,
        duration_s=max((each.duration_s for each in candidates), default=0.0) + merged.total_duration_s,
        errors=() if chosen else ("no candidate passes the gates; the changes of all are kept as patches",),
    )


def _outcome(candidate: _Candidate) -> str:
    if candidate.found is None:
        return "failed"
    return str(candidate.found.aggregated_output["state"])
