"""What follows from what was measured, found and proved; and the planted set, audited once by all of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from benchmarks.security import (
    PROOFS,
    audit,
    cases,
    expected_by_tools,
    expected_with_agents,
    figures,
    scenario,
    script,
    write_project,
)
from orchestrator.errors import InvalidFile
from orchestrator.models.plan_tree import AgentResult, NodePath
from orchestrator.models.quality_gates import GateReport, GateState, QualityGate
from orchestrator.workflows.compliance_profile import load_profile
from orchestrator.workflows.orchestrated_security_deep_dive import (
    DiveOptions,
    Judged,
    Looked,
    SecurityDeepDiveReport,
    SecurityDeepDiveWorkflow,
    accepted_in,
    concluded,
    remediation,
)
from orchestrator.workflows.weaknesses import Source, Standing, Weakness
from tests.measurement.conftest import written

PROFILE = load_profile("asvs-l1")
CODE = {"a.py": ["x"] * 40}


def weakness(
    standing: Standing, *, kind: str = "open redirect", severity: str = "high", accepted: str = "", vendor: str = "X"
) -> Weakness:
    source = Source("auditor", vendor, severity, "text")
    return Weakness("0123456789ab", "a.py", 3, kind, severity, (source,), standing, accepted=accepted)


def said(vendor: str, **output: Any) -> AgentResult:
    return AgentResult(NodePath("1.1"), f"auditor-{vendor}", True, output, vendor=vendor)


def conclude(
    *weaknesses: Weakness,
    state: GateState = GateState.PASS,
    results: tuple[AgentResult, ...] = (),
    options: DiveOptions | None = None,
    was_asked: bool = False,
) -> SecurityDeepDiveReport:
    tools = [
        QualityGate(name=name, state=state, actual=0.0, threshold=0.0, direction="at most", tool=name)
        for name in ("security", "secrets", "dependencies")
    ]
    if state is GateState.NOT_MEASURED:
        tools = [gate.model_copy(update={"actual": None, "message": "it is missing"}) for gate in tools]
    measured = GateReport(path="/p", tree="sha256:1", files=1, approved=True, confidence="high", gates=tuple(tools))
    judged = Judged(weaknesses, (), Looked(results=list(results), was_asked=was_asked))
    return concluded(
        measured, PROFILE, judged, options or DiveOptions(), files=CODE, lines=lambda name: CODE.get(name, ())
    )


@pytest.mark.parametrize(
    ("found", "code"),
    [
        pytest.param([], 0, id="nothing"),
        pytest.param([weakness(Standing.REPRODUCED)], 1, id="reproduced"),
        pytest.param([weakness(Standing.AGREED)], 1, id="two vendors"),
        pytest.param([weakness(Standing.MEASURED)], 1, id="a tool"),
        pytest.param([weakness(Standing.UNVERIFIED)], 3, id="one agent's word"),
        pytest.param([weakness(Standing.REPRODUCED, accepted="Ann: x")], 0, id="accepted"),
        pytest.param([weakness(Standing.UNVERIFIED, accepted="Ann: x")], 0, id="a doubt that was accepted"),
        pytest.param([weakness(Standing.UNVERIFIED, severity="medium")], 0, id="a medium doubt"),
        pytest.param([weakness(Standing.UNVERIFIED, severity="medium", kind="odd")], 1, id="no step for it"),
    ],
)
def test_what_a_finding_rests_on_decides(found: list[Weakness], code: int) -> None:
    report = conclude(*found)

    assert report.exit_code == code
    assert report.approved is (code == 0)
    assert bool(report.blockers) is (code == 1)
    assert bool(report.needs_person) is (code == 3)


def test_a_tool_that_was_not_measured_blocks_unless_it_may_go_unmeasured() -> None:
    blocked = conclude(state=GateState.NOT_MEASURED)
    names = frozenset({"security", "secrets", "dependencies", "compliance"})
    allowed = conclude(state=GateState.NOT_MEASURED, options=DiveOptions(allow_unmeasured=names))

    assert blocked.exit_code == 1
    assert "not measured" in blocked.blockers[0]
    assert allowed.exit_code == 0
    assert any("security was not measured" in warning for warning in allowed.warnings)


def test_where_no_agent_gave_a_result_a_person_decides_whether_tools_are_enough() -> None:
    failed = AgentResult(NodePath("1.1"), "auditor", False, error="out of time")

    assert conclude(was_asked=True, results=(failed,)).exit_code == 3
    assert "--agents none" in conclude(was_asked=True).needs_person[0]
    assert conclude(was_asked=True, results=(failed, said("X"))).exit_code == 0
    assert conclude().exit_code == 0


def test_strictly_an_item_that_was_not_measured_blocks() -> None:
    assert conclude(options=DiveOptions(strict=True)).exit_code == 1
    assert {str(each.state) for each in conclude().compliance} == {"pass", "not measured"}


@pytest.mark.parametrize(
    ("vendors", "state", "confidence"),
    [
        ((), GateState.PASS, "medium"),
        (("X",), GateState.PASS, "medium"),
        (("X", "Y"), GateState.PASS, "high"),
        (("X", "Y"), GateState.NOT_MEASURED, "medium"),
        (("X",), GateState.NOT_MEASURED, "low"),
    ],
)
def test_confidence_rests_on_tools_and_vendors(vendors: tuple[str, ...], state: GateState, confidence: str) -> None:
    report = conclude(state=state, results=tuple(said(vendor) for vendor in vendors))

    assert report.confidence == confidence
    assert any("one vendor only" in warning for warning in report.warnings) is (len(vendors) == 1)


def test_the_plan_has_a_step_for_each_way_of_mending_and_the_worst_first() -> None:
    steps = remediation(
        [
            weakness(Standing.UNVERIFIED, severity="medium", kind="race"),
            weakness(Standing.AGREED, severity="critical"),
            weakness(Standing.AGREED),
            weakness(Standing.AGREED, accepted="Ann: x", kind="weak hash"),
            weakness(Standing.REPORTED, severity="low", kind="weak cipher"),
        ],
        {("a.py", "race"): "Open it once."},
    )

    assert [(step.number, step.severity, step.kind, len(step.ids)) for step in steps] == [
        (1, "critical", "open redirect", 2),
        (2, "medium", "race", 1),
    ]
    assert steps[1].step == "Open it once."


def test_the_report_is_printed_and_is_json() -> None:
    report = conclude(weakness(Standing.UNVERIFIED), results=(said("X"),))
    shown = report.format_console_output()

    assert "Status: ❔ A PERSON HAS TO DECIDE" in shown
    assert "FOR A PERSON TO DECIDE" in shown
    assert "AGENTS EXECUTED (1)" in shown
    assert json.loads(json.dumps(report.to_dict()))["findings"][0]["standing"] == "unverified"


def test_what_was_accepted_counts_to_its_last_day(tmp_path: Path) -> None:
    file = tmp_path / "accepted.toml"
    file.write_text('[[accepted]]\nid = "0123456789ab"\nwho = "Ann"\nwhy = "a test"\nuntil = 2026-12-01\n')

    assert len(accepted_in(file, date(2026, 12, 1))) == 1
    assert accepted_in(file, date(2026, 12, 2)) == accepted_in(None, date(2026, 12, 2)) == ()
    file.write_text('[[accepted]]\nid = "0123456789ab"\nwho = ""\nwhy = "a test"\n')
    with pytest.raises(InvalidFile, match="who"):
        accepted_in(file, date(2026, 12, 1))


def test_a_profile_that_is_not_there_is_refused_from_python() -> None:
    with pytest.raises(ValueError, match="no profile"):
        SecurityDeepDiveWorkflow(profile="nothing")


@pytest.mark.slow
async def test_agents_whose_time_is_over_are_stopped_and_the_tools_have_spoken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = written(tmp_path / "p", {"app.py": "import hashlib\n\nX = hashlib.md5(b'').hexdigest()\n"})
    monkeypatch.setenv("ORCHESTRATOR_WORKSPACE", str(tmp_path / "w"))
    workflow = SecurityDeepDiveWorkflow()
    report = await workflow.execute(str(folder), {"rehearse": "stand-ins", "timeout_seconds": 0.001})

    assert [(row.file, row.kind) for row in report.findings] == [("app.py", "weak hash")]
    assert any("their 0.001 s are over" in warning for warning in report.warnings)
    with pytest.raises(ValueError, match="timeout_seconds"):
        await workflow.execute(str(folder), {"rehearse": "stand-ins", "timeout_seconds": -1})


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Mapping[str, Any]]:
    """The planted set, by the tools alone and with the scripted agents."""
    top = tmp_path_factory.mktemp("set").resolve()
    folder = write_project(top / "shop")
    (top / "audit.toml").write_text(scenario())
    return {
        "tools": audit(folder, top / "w", "--agents", "none"),
        "both": audit(folder, top / "w", "--scenario", str(top / "audit.toml"), "--stand-ins"),
    }


@pytest.mark.slow
@pytest.mark.timeout(1_200)
def test_both_audits_come_to_what_was_expected_of_them(audited: Mapping[str, Mapping[str, Any]]) -> None:
    assert figures(audited["tools"]["findings"]) == expected_by_tools()
    assert figures(audited["both"]["findings"]) == expected_with_agents()


@pytest.mark.slow
@pytest.mark.timeout(1_200)
@pytest.mark.parametrize("which", ["tools", "both"])
def test_no_planted_high_of_a_kind_that_tools_know_is_suppressed(
    audited: Mapping[str, Mapping[str, Any]], which: str
) -> None:
    report = audited[which]
    known = [case for case in cases("plant") if case.tool and case.severity in ("critical", "high")]
    suppressed = figures([row["finding"] for row in report["suppressed"]]).found
    reported = {(row["file"], row["kind"]) for row in report["findings"]}

    assert len(known) >= 15
    assert not suppressed & {case.file for case in known}
    assert {case.place for case in known} <= reported
    assert all(row["rule"] and row["who"] and row["evidence"] for row in report["suppressed"])


@pytest.mark.slow
@pytest.mark.timeout(1_200)
def test_honest_proofs_hold_and_cheats_and_false_findings_do_not(audited: Mapping[str, Mapping[str, Any]]) -> None:
    report = audited["both"]
    reproduced = {(row["file"], row["kind"]) for row in report["findings"] if row["standing"] == "reproduced"}
    told = script()
    refuted = {row["finding"]["file"] for row in report["suppressed"] if row["rule"].startswith("refuted")}
    traps = {case.file for case in told.trapped} - refuted

    assert reproduced == {case.place for case in cases("plant") if case.file in PROOFS}
    assert refuted == {case.file for case in told.refuted}
    assert {row["standing"] for row in report["findings"] if row["file"] in traps} == {"unverified"}
    assert len(report["vendors"]) >= 2
