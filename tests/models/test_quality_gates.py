from __future__ import annotations

import json

import pytest

from orchestrator.models.quality_gates import GateState, QualityGate


@pytest.mark.parametrize("state", GateState)
def test_only_a_gate_that_was_measured_and_holds_has_passed(state: GateState) -> None:
    gate = QualityGate(name="lint", state=state, threshold=0.0, direction="at most")
    assert gate.passed is (state is GateState.PASS)
    assert json.loads(gate.model_dump_json())["passed"] is gate.passed
