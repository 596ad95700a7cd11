from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from orchestrator.coordinator.evidence import Evidence
from orchestrator.coordinator.gates_of_plan import measured_gates
from orchestrator.coordinator.target_tests import TargetTests
from orchestrator.models.effects import MeasureGates
from orchestrator.models.plan_tree import GateNode, MeasuredGate, NodePath
from orchestrator.models.quality_gates import GateState
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.sandbox.layers import Bench
from orchestrator.snapshots.recorded_trees import Snapshots
from orchestrator.snapshots.writers import Writers

if TYPE_CHECKING:
    from pathlib import Path

TEST = "import unittest\nclass T(unittest.TestCase):\n    def test_it(self): self.assertTrue({})\n"


@pytest.fixture
def evidence(tmp_path: Path) -> Evidence:
    for name in ("scratch", "settings", "home", "target"):
        (tmp_path / name).mkdir()
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path / "home")}
    bench = Bench(SandboxConfig(name="default"), "bubblewrap", environ, tmp_path / "scratch", (), tmp_path / "settings")
    target = tmp_path / "target"
    made = Evidence(Snapshots(tmp_path / "snapshots", target, writers=Writers()), TargetTests(target, bench, environ))
    made.begin()
    return made


@pytest.mark.parametrize(
    ("holds", "state", "actual"), [(True, GateState.PASS, 0.0), (False, GateState.FAIL, 1.0)], ids=["passes", "fails"]
)
async def test_the_gate_tests_is_what_the_targets_own_tests_say_now(
    evidence: Evidence, tmp_path: Path, holds: bool, state: GateState, actual: float
) -> None:
    (tmp_path / "target" / "test_it.py").write_text(TEST.format(holds))
    found = await measured_gates(
        evidence, MeasureGates(NodePath("1.2"), GateNode(("tests",)), "none was asked for"), None
    )
    (gate,) = found.gates
    assert (found.path, found.state, gate.actual) == ("1.2", state, actual)
    assert gate.command
    assert found.changed_lines == 3


async def test_without_any_tests_nothing_is_measured_and_nothing_passes(evidence: Evidence) -> None:
    found = await measured_gates(evidence, MeasureGates(NodePath("1.2"), GateNode(("tests",))), None)
    assert found.state is GateState.NOT_MEASURED
    assert "no tests" in found.gates[0].message


async def test_a_gate_that_nobody_can_measure_is_not_measured(evidence: Evidence) -> None:
    found = await measured_gates(evidence, MeasureGates(NodePath("1.2"), GateNode(("beauty",))), None)
    assert found.state is GateState.NOT_MEASURED


async def test_other_gates_are_measured_by_what_was_handed_in_and_stand_in_the_plans_order(
    evidence: Evidence, tmp_path: Path
) -> None:
    asked: list[tuple[GateNode, Path]] = []

    async def measure(node: GateNode, target: Path) -> tuple[MeasuredGate, ...]:
        asked.append((node, target))
        return (MeasuredGate("lint", GateState.PASS),)

    node = GateNode(("lint", "tests", "beauty"), {"lint": 3.0})
    found = await measured_gates(evidence, MeasureGates(NodePath("1.2"), node), measure)
    assert asked == [(GateNode(("lint", "beauty"), {"lint": 3.0}), tmp_path / "target")]
    assert [(gate.name, gate.state) for gate in found.gates] == [
        ("lint", GateState.PASS),
        ("tests", GateState.NOT_MEASURED),
        ("beauty", GateState.NOT_MEASURED),
    ]


@pytest.mark.parametrize(
    ("thresholds", "passing", "state", "threshold"),
    [
        pytest.param({}, True, GateState.PASS, 1.0, id="as many may fail as failed before"),
        pytest.param({"tests": 0.0}, True, GateState.FAIL, 0.0, id="the plan states that none may"),
        pytest.param({"tests": 1.0}, True, GateState.PASS, 1.0, id="the plan states that one may"),
        pytest.param({}, False, GateState.NOT_MEASURED, 0.0, id="no test passes at all"),
    ],
)
async def test_what_failed_before_passes_only_where_other_tests_speak_for_the_change(
    evidence: Evidence,
    tmp_path: Path,
    thresholds: dict[str, float],
    passing: bool,
    state: GateState,
    threshold: float,
) -> None:
    target = tmp_path / "target"
    (target / "test_broken.py").write_text(TEST.format(False))
    if passing:
        (target / "test_it.py").write_text(TEST.format(True))
    later = Evidence(Snapshots(tmp_path / "later", target, writers=Writers()), evidence.tests)
    later.begin()
    await later.measure_baseline(60.0)
    (target / "new.py").write_text("x = 1\n")

    found = await measured_gates(later, MeasureGates(NodePath("1.2"), GateNode(("tests",), thresholds)), None)

    (gate,) = found.gates
    assert (gate.state, gate.threshold) == (state, threshold), gate.message
    assert gate.actual == (None if state is GateState.NOT_MEASURED else 1.0)
