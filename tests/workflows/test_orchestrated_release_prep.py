from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import orchestrator
from orchestrator.gates.gate_table import all_gates
from orchestrator.models.plan_tree import AgentResult, NodePath
from orchestrator.models.quality_gates import GateReport, GateState, QualityGate
from orchestrator.workflows.agent_points import points_of
from orchestrator.workflows.orchestrated_release_prep import (
    GATES_OF,
    OrchestratedReleasePrepWorkflow,
    ReleaseReadinessReport,
    _report,
)
from orchestrator.workflows.reproduction import Reproduction
from tests.measurement.planted import clean, project

ROOT = Path(orchestrator.__file__).resolve().parent.parent


def release_prep(folder: Path, workspace: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The command on a project, without the network."""
    environ = {**os.environ, "ORCHESTRATOR_WORKSPACE": str(workspace), "NO_COLOR": "1"}
    given = [sys.executable, "-m", "orchestrator", "release-prep", "--path", str(folder), "--offline"]
    return subprocess.run(
        [*given, "--allow-unmeasured", "dependencies", *words],
        cwd=ROOT,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


@pytest.mark.slow
def test_a_clean_project_is_ready_and_one_that_lacks_documentation_warns(tmp_path: Path) -> None:
    folder = project(tmp_path / "p", clean())

    ran = release_prep(folder, tmp_path / "w", "--agents", "none", "--json")
    report = json.loads(ran.stdout)

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert report["approved"] is True
    assert report["blockers"] == []
    assert report["agent_results"] == {}
    states = {gate["name"]: gate["state"] for gate in report["quality_gates"]}
    assert states["coverage"] == states["security"] == states["quality"] == states["documentation"] == "pass"
    assert "dependencies was not measured" in report["warnings"][0]


@pytest.mark.slow
def test_a_stated_threshold_blocks_and_agents_are_heard_besides(tmp_path: Path) -> None:
    folder = project(tmp_path / "p", clean())

    ran = release_prep(folder, tmp_path / "w", "--min-coverage", "99.5", "--stand-ins")

    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "Status: ❌ NOT READY FOR RELEASE" in ran.stdout
    assert "❌ Test Coverage: FAIL" in ran.stdout
    assert "AGENTS EXECUTED (4)" in ran.stdout
    for name in ("security_auditor", "test_coverage_analyzer", "code_reviewer", "documentation_writer"):
        assert f"✅ {name}: " in ran.stdout
    assert "the project has no such file" in ran.stdout, "a scripted agent points at a file that is not there"


def test_the_specifications_thresholds_are_the_gates_own() -> None:
    gates, _ = all_gates()

    assert set(GATES_OF) == set(OrchestratedReleasePrepWorkflow.DEFAULT_QUALITY_GATES)
    for key, names in GATES_OF.items():
        for name in names:
            assert gates[name].threshold == OrchestratedReleasePrepWorkflow.DEFAULT_QUALITY_GATES[key]


@pytest.mark.parametrize(
    ("thresholds", "agents", "said"),
    [
        ({"min_covrage": 90.0}, None, "no quality gate 'min_covrage'"),
        ({"min_coverage": 101.0}, None, "out of range"),
        ({"min_coverage": -1.0}, None, "out of range"),
        ({"min_quality_score": float("nan")}, None, "must be a number"),
        ({"max_critical_issues": True}, None, "must be a number"),
        ([90], None, "must be a dict"),
        (None, ["nobody"], "no agent template 'nobody'"),
    ],
)
def test_what_cannot_be_meant_is_refused(thresholds: Any, agents: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        OrchestratedReleasePrepWorkflow(thresholds, agents)


@pytest.mark.parametrize("path", ["", "/nowhere/at/all", None])
async def test_a_path_that_is_no_project_is_refused(path: Any) -> None:
    with pytest.raises(ValueError, match="path"):
        await OrchestratedReleasePrepWorkflow(agent_ids=[]).execute(path=path)


def gate(state: GateState, *, blocks: bool = False, actual: float | None = 85.2) -> QualityGate:
    return QualityGate(name="coverage", state=state, actual=actual, threshold=80.0, direction="at least", blocks=blocks)


def measured(*gates: QualityGate, confidence: Any = "high", blockers: tuple[str, ...] = ()) -> GateReport:
    return GateReport(
        path="/p", tree="t", files=1, approved=not blockers, confidence=confidence, gates=gates, blockers=blockers
    )


def said_by(agent: str, vendor: str, severity: str = "high") -> AgentResult:
    row = {"file": "a.py", "line": 3, "severity": severity, "kind": "injection"}
    return AgentResult(NodePath("1"), agent, True, {"findings": [row]}, 0.9, 1.5, vendor=vendor)


def test_one_agents_finding_warns_and_a_second_vendors_blocks() -> None:
    alone = _report(measured(gate(GateState.PASS)), [said_by("a", "x")], [], files={"a.py"})
    both = _report(measured(gate(GateState.PASS)), [said_by("a", "x"), said_by("b", "y")], [], files={"a.py"})

    assert (alone.approved, alone.blockers) == (True, [])
    assert "nobody reproduced it" in alone.warnings[0]
    assert (both.approved, both.confidence) == (False, "low")
    assert "another vendor points there, too" in both.blockers[0]


def test_a_finding_of_one_agent_blocks_where_its_proof_held_and_says_why_it_did_not_else() -> None:
    results = [said_by("a", "x")]
    (point,) = points_of(results)
    gates = measured(gate(GateState.PASS))
    held = _report(gates, results, [], files={"a.py"}, tried={point: Reproduction(True, "a test fails here")})
    failed = _report(gates, results, [], files={"a.py"}, tried={point: Reproduction(False, "it passes here")})

    assert (held.approved, held.confidence, len(held.warnings)) == (False, "low", 0)
    assert "(reproduced: a test fails here)" in held.blockers[0]
    assert (failed.approved, failed.blockers) == (True, [])
    assert "(nobody reproduced it: it passes here)" in failed.warnings[0]


def test_agents_never_let_a_blocked_project_through() -> None:
    report = _report(
        measured(gate(GateState.FAIL, blocks=True), confidence="low", blockers=("coverage",)), [], [], files=()
    )

    assert (report.approved, report.confidence, report.blockers) == (False, "low", ["coverage"])


def test_an_agent_that_failed_takes_from_the_confidence() -> None:
    report = _report(measured(gate(GateState.PASS)), [], ["codex gave no result: timed out"], files=())

    assert (report.approved, report.confidence) == (True, "medium")
    assert report.warnings == ["codex gave no result: timed out"]


def test_the_report_is_printed_as_the_specification_shows_it() -> None:
    report = _report(measured(gate(GateState.PASS)), [said_by("security_auditor", "x")], [], files={"a.py"})
    shown = report.format_console_output()

    assert "Status: ✅ READY FOR RELEASE\nConfidence: HIGH\n" in shown
    assert "✅ Test Coverage: PASS (actual: 85.2, threshold: 80.0)" in shown
    assert "AGENTS EXECUTED (1)" in shown
    assert "✅ security_auditor: 1.50s" in shown
    assert (
        "NOT MEASURED"
        in ReleaseReadinessReport(False, "low", [gate(GateState.NOT_MEASURED, actual=None)]).format_console_output()
    )
    json.dumps(report.to_dict())
