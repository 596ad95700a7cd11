from __future__ import annotations

from dataclasses import replace

from orchestrator.gates.lint_findings import GATE


def test_a_value_at_its_threshold_holds_in_either_direction() -> None:
    least = replace(GATE, direction="at least")
    assert (GATE.holds(3, 3), GATE.holds(4, 3)) == (True, False)
    assert (least.holds(3, 3), least.holds(2.999, 3)) == (True, False)
