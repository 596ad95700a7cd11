from __future__ import annotations

import pytest
from pydantic import TypeAdapter

from orchestrator.models.plan_tree import (
    ROOT,
    AgentNode,
    AgentResult,
    Failure,
    GateNode,
    GateResult,
    MeasuredGate,
    Strategy,
    StrategyNode,
    StrategyResult,
    Tier,
)
from orchestrator.models.quality_gates import GateState

NODE: TypeAdapter[StrategyNode] = TypeAdapter(StrategyNode)


def gate(state: GateState) -> MeasuredGate:
    return MeasuredGate("tests", state, threshold=0.0)


def test_a_plan_is_read_back_from_what_the_journal_holds() -> None:
    drafter = AgentNode("drafter", tier=Tier.CHEAP, answer_schema={"type": "object"})
    inner = StrategyNode(Strategy.REPEAT, (drafter,), gate=GateNode(("tests",), {"tests": 0.0}), at_most=3)
    plan = StrategyNode(Strategy.SEQUENTIAL, (inner, GateNode(("tests",))))
    assert NODE.validate_json(NODE.dump_json(plan, exclude_none=True)) == plan


def test_results_are_read_back_from_what_the_journal_holds() -> None:
    lost = AgentResult(ROOT, "drafter", success=False, error="it ended", failure=Failure.FAILED)
    whole = StrategyResult(ROOT, success=False, outputs=(lost,), gates=(GateResult(ROOT, (gate(GateState.FAIL),)),))
    results: TypeAdapter[StrategyResult] = TypeAdapter(StrategyResult)
    assert results.validate_json(results.dump_json(whole, exclude_none=True)) == whole


@pytest.mark.parametrize(
    ("states", "error", "state"),
    [
        ((GateState.PASS, GateState.PASS), "", GateState.PASS),
        ((GateState.PASS, GateState.NOT_MEASURED), "", GateState.NOT_MEASURED),
        ((GateState.NOT_MEASURED, GateState.FAIL), "", GateState.FAIL),
        ((), "", GateState.NOT_MEASURED),
        ((GateState.PASS,), "the tool crashed afterwards", GateState.NOT_MEASURED),
    ],
)
def test_gates_pass_together_or_not_at_all(states: tuple[GateState, ...], error: str, state: GateState) -> None:
    assert GateResult(ROOT, tuple(map(gate, states)), error=error).state is state
