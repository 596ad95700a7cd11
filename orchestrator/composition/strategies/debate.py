"""Debate: blind first opinions, replies to one another, and a conclusion that keeps the dissent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from orchestrator.composition.strategies.consensus import Consensus, consensus_of
from orchestrator.composition.strategies.joined_results import joined
from orchestrator.composition.strategies.position import Advance, Position, name_of, seen
from orchestrator.models.plan_steps import Finished, Purpose, Run
from orchestrator.models.plan_tree import Node, StrategyNode, StrategyResult

MOST_ROUNDS = 3

_Round = dict[int, StrategyResult]
"""What each participant came to, by its number."""


def debate(node: StrategyNode, here: Position, advance: Advance) -> Run | Finished:
    """Hear everybody; those who had an opinion hear the others and reply, until all agree or the rounds are over.

    A participant that fails is not asked again; the last opinion it gave stands.
    """
    here = replace(here, reads_only=True)
    rounds: list[_Round] = []
    standing: _Round = {}
    for time in range(1, min(node.rounds, MOST_ROUNDS) + 1):
        asked = [n for n in range(len(node.children)) if time == 1 or rounds[-1].get(n, _SILENT).success]
        if time > 1 and (len(asked) < 2 or _count(standing).unanimous):
            break
        steps = {n: advance(node.children[n], _turn(node.children, here, n, time, standing)) for n in asked}
        running = tuple(leaf for step in steps.values() if isinstance(step, Run) for leaf in step.leaves)
        if running:
            return Run(running)
        rounds.append({n: step.result for n, step in steps.items() if isinstance(step, Finished)})
        standing = {**standing, **{n: r for n, r in rounds[-1].items() if r.success or n not in standing}}
    return _concluded(node, here, advance, rounds, standing)


_SILENT = StrategyResult(Position().path, success=False)


def _turn(children: Sequence[Node], here: Position, number: int, time: int, standing: _Round) -> Position:
    """The position of a participant in a round: blind in the first one, then it sees all opinions."""
    purpose = Purpose.OPINION if time == 1 else Purpose.REPLY
    sees = () if time == 1 else tuple(seen(children[n], result) for n, result in sorted(standing.items()))
    return replace(here.child(number + 1, time=time, sees=sees), purpose=purpose)


def _count(standing: _Round) -> Consensus:
    return consensus_of([result for _, result in sorted(standing.items())])


def _concluded(
    node: StrategyNode, here: Position, advance: Advance, rounds: Sequence[_Round], standing: _Round
) -> Run | Finished:
    panel = [result for _, result in sorted(standing.items())]
    counted = consensus_of(panel)
    parts = [result for each in rounds for _, result in sorted(each.items())]
    success, confidence = counted.reached, counted.confidence
    duration_s = sum(max((r.total_duration_s for r in each.values()), default=0.0) for each in rounds)
    output = {
        "debate_participants": [name_of(child, panel[n].path) for n, child in enumerate(node.children)],
        "opinions": [result.aggregated_output if result.success else {} for result in panel],
        "consensus": counted.as_output(),
    }
    if node.synthesizer is not None and counted.heard:
        sees = tuple(seen(child, panel[n]) for n, child in enumerate(node.children))
        step = advance(node.synthesizer, replace(here.part("synthesis", sees=sees), purpose=Purpose.SYNTHESIS))
        if isinstance(step, Run):
            return step
        parts.append(step.result)
        output["synthesis"] = step.result.aggregated_output
        success = step.result.success and 2 * counted.heard > counted.total
        confidence = step.result.confidence
        duration_s += step.result.total_duration_s
    return joined(
        here.path,
        parts,
        success=success,
        output=output,
        confidence=confidence,
        duration_s=duration_s,
        errors=() if success else (_why_none(counted, synthesized=node.synthesizer is not None),),
        warnings=_warnings(panel),
        dissent=[each for n in counted.dissenting for each in panel[n].outputs],
    )


def _why_none(counted: Consensus, *, synthesized: bool) -> str:
    if 2 * counted.heard <= counted.total:
        return f"no debate: {counted.heard} of {counted.total} gave an opinion"
    if synthesized:
        return "the debate has no conclusion: the synthesizer failed"
    return f"no consensus: {len(counted.agreeing)} of {counted.total} agree"


def _warnings(panel: Sequence[StrategyResult]) -> list[str]:
    """What weakens a debate: nobody to debate with, or copies of one model."""
    if len(panel) < 2:
        return ["one participant is no debate: its opinion stands alone"]
    ran = [each.vendor or each.agent for result in panel for each in result.outputs]
    if ran and ran[0] and len(set(ran)) == 1:
        return [f"all opinions are from one vendor ({ran[0]}): models agree with their like, so this shows little"]
    return []
