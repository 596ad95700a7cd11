from __future__ import annotations

import os
import shutil
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orchestrator.gates.gate_table import all_gates
from orchestrator.measurement.plan_gates import PlanGates, tightened
from orchestrator.models.plan_tree import GateNode
from orchestrator.models.quality_gates import GateState
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.rehearsal.installing import default_cache
from tests.measurement.conftest import SMALL, written

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_800)]


async def test_gates_of_a_plan_have_the_values_of_the_command_line_and_keep_what_they_counted(tmp_path: Path) -> None:
    target = written(tmp_path / "target", SMALL)
    gates = PlanGates(SandboxConfig(name="default"), os.environ, default_cache(), python=Path(sys.executable))
    node = GateNode(("lint", "tests", "spelling"), {"lint": 5.0})
    lint, tests, spelling = await gates.measure(node, target)
    assert (lint.state, lint.actual, lint.threshold, lint.tool) == (GateState.PASS, 2.0, 5.0, "ruff")
    assert (tests.state, tests.actual) == (GateState.PASS, 0.0)
    assert (spelling.state, spelling.message) == (GateState.NOT_MEASURED, "there is no gate of this name")
    assert lint.tree == tests.tree != ""
    shutil.rmtree(target / "tests")
    (target / "pkg/shout.py").unlink()
    (target / "pkg/__init__.py").unlink()
    (again,) = await gates.measure(GateNode(("lint",)), target)
    assert again.state is GateState.NOT_MEASURED
    assert "only 1 files were counted, and 4 in the baseline" in again.message


async def test_what_agents_wrote_of_tools_and_of_the_choice_of_tests_measures_nothing(tmp_path: Path) -> None:
    target = written(
        tmp_path / "target",
        {
            **SMALL,
            "package.json": '{"devDependencies": {"eslint": "9"}}',
            "web/a.js": "var unused;\n",
            "node_modules/.bin/eslint": "#!/bin/sh\necho '[]'\n",
        },
    )
    gates = PlanGates(
        *(SandboxConfig(name="default"), os.environ, default_cache()),
        python=Path(sys.executable),
        selection=(),
        since=datetime.now(UTC) - timedelta(hours=1),
    )
    written(target, {"pyproject.toml": '[tool.pytest.ini_options]\naddopts = "--deselect tests/test_sums.py"\n'})
    lint, tests = await gates.measure(GateNode(("javascript-lint", "tests")), target)
    assert (lint.state, tests.state) == (GateState.NOT_MEASURED, GateState.NOT_MEASURED)
    assert lint.message == "eslint lies in the project, and node_modules was written while agents worked"
    assert tests.message.startswith("tests are left out that were not before: pyproject.toml: --deselect")


def test_a_margin_raises_least_values_up_to_the_end_of_their_scale_and_lowers_none() -> None:
    known, _ = all_gates()
    gates = [known[name] for name in ("coverage", "documentation", "quality", "lint", "complexity")]
    assert tightened({"lint": 5.0}, gates, 0) == {"lint": 5.0}
    stated = {"coverage": 97.0, "quality": 8.5, "lint": 5.0}
    assert tightened(stated, gates, 5) == {"coverage": 100.0, "documentation": 100.0, "quality": 9.0, "lint": 5.0}
    assert tightened({}, gates, 10)["coverage"] == known["coverage"].threshold + 10
    assert tightened({"coverage": 120.0}, gates, 10)["coverage"] == 120.0, "nobody's word is lowered"
