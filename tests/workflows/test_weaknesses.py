"""Findings are merged by place and kind; words of agents take away nothing that more than words stands behind."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from orchestrator.cli.documents import document
from orchestrator.models.plan_tree import AgentResult, NodePath
from orchestrator.models.quality_gates import Finding, GateState, QualityGate
from orchestrator.workflows.reproduction import Reproduction
from orchestrator.workflows.weakness_sarif import weakness_sarif
from orchestrator.workflows.weaknesses import (
    Acceptance,
    Dispute,
    Found,
    Source,
    Standing,
    Weakness,
    accepted,
    disputes_in,
    found_by_agents,
    found_by_tools,
    merged,
    sifted,
    with_reproduction,
)

CODE = {"a.py": ["x = 1"] * 40, "tests/test_a.py": ["assert x"] * 10}


def lines(name: str) -> Sequence[str]:
    return CODE.get(name, ())


def by(who: str, vendor: str = "", severity: str = "high", *, line: int | None = 10, **rest: Any) -> Found:
    kind, file = rest.pop("kind", "sql injection"), rest.pop("file", "a.py")
    return Found(file, line, kind, Source(who, vendor, severity, f"{who} says so", **rest))


def sift(found: Sequence[Found], *disputes: Dispute) -> tuple[Sequence[Weakness], Sequence[Any]]:
    return sifted(merged(found, lines), disputes, files=CODE, lines=lines)


def refuted(who: str, vendor: str, *, line: int = 10, kind: str = "sql injection") -> Dispute:
    return Dispute("a.py", line, kind, who, vendor, "it is checked before")


@pytest.mark.parametrize(
    ("found", "count"),
    [
        pytest.param([by("a", "X"), by("b", "Y", line=12)], 1, id="near each other"),
        pytest.param([by("a", "X"), by("b", "Y", line=13)], 2, id="too far apart"),
        pytest.param([by("a", "X"), by("b", "Y", kind="race")], 2, id="another kind"),
        pytest.param([by("a", "X"), by("b", "Y", file="b.py")], 2, id="another file"),
        pytest.param([by("a", "X", line=None), by("b", "Y", line=None)], 2, id="no line"),
        pytest.param([by("a", "X"), by("a", "X")], 1, id="twice by one"),
    ],
)
def test_findings_are_one_by_place_and_kind(found: Sequence[Found], count: int) -> None:
    assert len(merged(found, lines)) == count


@pytest.mark.parametrize(
    ("found", "standing"),
    [
        pytest.param([by("bandit")], Standing.MEASURED, id="a tool holds it for grave"),
        pytest.param([by("bandit", severity="medium")], Standing.REPORTED, id="a tool doubts"),
        pytest.param([by("a", "X")], Standing.UNVERIFIED, id="one agent"),
        pytest.param([by("a", "X"), by("bandit", severity="medium")], Standing.UNVERIFIED, id="an agent and a doubt"),
        pytest.param([by("a", "X"), by("b", "Y")], Standing.AGREED, id="two vendors"),
        pytest.param([by("a", "X"), by("b", "X")], Standing.UNVERIFIED, id="two agents of one vendor"),
        pytest.param([by("a", "X"), by("b", "Y", is_blind=False)], Standing.UNVERIFIED, id="the second had seen it"),
    ],
)
def test_a_weakness_stands_on_what_is_behind_it(found: Sequence[Found], standing: Standing) -> None:
    (weakness,) = merged(found, lines)

    assert weakness.standing is standing
    assert weakness.severity == ("medium" if standing is Standing.REPORTED else "high")


def test_the_worst_severity_counts_and_the_worst_stands_first() -> None:
    found = merged([by("a", "X", "low", line=30), by("a", "X", "medium"), by("b", "Y", "critical")], lines)

    assert [(each.severity, each.line) for each in found] == [("critical", 10), ("low", 30)]


def test_an_id_stays_when_the_line_moves_and_two_alike_have_two() -> None:
    moved = merged([by("a", "X", line=20)], lines)
    first, second = merged([by("a", "X", line=10), by("a", "X", line=30)], lines)

    assert moved[0].id == first.id != second.id


@pytest.mark.parametrize(
    ("found", "disputes", "rule"),
    [
        pytest.param([by("a", "X", file="gone.py")], [], "a file that the project does not have", id="no file"),
        pytest.param([by("a", "X", line=99)], [], "a line that the file does not have", id="no line"),
        pytest.param(
            [by("bandit", severity="low", kind="no weakness by itself")], [], "no weakness by itself", id="an import"
        ),
        pytest.param(
            [by("bandit", severity="low", file="tests/test_a.py", line=3)], [], "a low finding in a test", id="a test"
        ),
        pytest.param(
            [by("a", "X")], [refuted("b", "Y"), refuted("c", "Z")], "refuted by two other vendors", id="refuted"
        ),
        pytest.param(
            [by("a", "X")], [refuted("a", "X"), refuted("b", "Y")], "withdrawn by whoever found it", id="withdrawn"
        ),
    ],
)
def test_what_is_suppressed_is_an_entry(found: Sequence[Found], disputes: Sequence[Dispute], rule: str) -> None:
    kept, (entry,) = sift(found, *disputes)

    assert kept == ()
    assert entry.rule.startswith(rule)
    assert entry.who
    assert entry.evidence
    assert rule in entry.words()
    assert entry.to_dict()["finding"]["id"] == entry.weakness.id


@pytest.mark.parametrize(
    ("found", "disputes"),
    [
        pytest.param([by("bandit")], [refuted(n, n) for n in "ABC"], id="a tool holds it for grave"),
        pytest.param([by("a", "A"), by("b", "B")], [refuted(n, n) for n in "CDE"], id="two vendors found it"),
        pytest.param([by("a", "A")], [refuted("b", "B")], id="one vendor refutes it"),
        pytest.param([by("a", "A")], [refuted("b", "B"), refuted("c", "B")], id="one vendor refutes it twice"),
        pytest.param([by("a", "A")], [refuted("a", "A")], id="withdrawn, and nobody else says so"),
        pytest.param([by("a", "A")], [refuted(n, n, line=20) for n in "BC"], id="another place"),
        pytest.param([by("a", "A")], [refuted(n, n, kind="race") for n in "BC"], id="another kind"),
        pytest.param([by("bandit", severity="high", file="tests/test_a.py", line=3)], [], id="a grave one in a test"),
        pytest.param([by("bandit", kind="no weakness by itself")], [], id="a grave one of no kind"),
        pytest.param([by("bandit", file="", line=None, kind="known vulnerability")], [], id="a package"),
    ],
)
def test_what_is_more_than_words_is_kept(found: Sequence[Found], disputes: Sequence[Dispute]) -> None:
    kept, suppressed = sift(found, *disputes)

    assert (len(kept), suppressed) == (1, ())


def test_a_proof_of_another_vendor_verifies_and_its_own_does_not() -> None:
    (weakness,) = merged([by("a", "X")], lines)
    proved = with_reproduction(weakness, Reproduction(True, "it fails here", "prover-b", "Y"))
    own = with_reproduction(weakness, Reproduction(True, "it fails here", "prover-a", "X"))
    failed = with_reproduction(weakness, Reproduction(False, "it passes here", "prover-b", "Y"))

    assert (proved.standing, proved.reproduced_by) == (Standing.REPRODUCED, "prover-b (Y)")
    assert (own.standing, failed.standing) == (Standing.UNVERIFIED, Standing.UNVERIFIED)
    assert "by its own vendor" in own.reproduction
    assert "it passes here" in failed.reproduction


def test_a_person_may_accept_what_there_is() -> None:
    (weakness,) = merged([by("bandit")], lines)

    assert accepted([weakness], [Acceptance(weakness.id, "Ann", "it is a test server")])[0].accepted.startswith("Ann: ")
    assert accepted([weakness], [Acceptance("another", "Ann", "x")])[0].accepted == ""


def gate(name: str, *findings: Finding) -> QualityGate:
    return QualityGate(
        name=name, state=GateState.FAIL, actual=1.0, threshold=0.0, direction="at most", tool=name, findings=findings
    )


def test_tools_find_kinds() -> None:
    found = found_by_tools(
        [
            gate("security", Finding("x", "B602", "a.py", 3, "high"), Finding("y", "B311", "a.py", 4, "low")),
            gate("secrets", Finding("AWS Access Key", file="b.py", line=1), Finding("z", file="c.py", counted=False)),
            gate("dependencies", Finding("PYSEC-1")),
            gate("lint", Finding("nothing of ours")),
        ]
    )
    assert [(each.kind, each.source.severity) for each in found] == [
        ("command injection", "high"),
        ("weak randomness", "low"),
        ("hard-coded secret", "high"),
        ("hard-coded secret", "medium"),
        ("known vulnerability", "high"),
    ]


def said(path: str = "1.1", *, success: bool = True, **output: Any) -> AgentResult:
    return AgentResult(NodePath(path), "auditor", success, output, vendor="V")


def test_agents_find_whatever_their_answers_hold() -> None:
    good = {"file": "./a.py", "line": 3, "severity": "HIGH", "kind": "SQLi", "path": "p", "effect": "e", "mend": "m"}
    odd: list[Any] = [None, 7, {"file": 3}, {"file": ""}, {"file": "b.py", "line": True, "severity": "huge"}]
    first, second = found_by_agents([said(findings=[good, *odd]), said(success=False, findings=[good])])

    assert (first.file, first.line, first.kind) == ("a.py", 3, "sql injection")
    assert (first.source.severity, first.source.mend, first.source.is_blind) == ("high", "m", True)
    assert (second.line, second.source.severity) == (None, "low")
    assert found_by_agents([said("1.1@2", findings=[good])])[0].source.is_blind is False
    assert found_by_agents([said(findings="none")]) == ()


def test_half_a_character_in_a_name_keeps_no_report_from_being_written() -> None:
    rows = [{"file": "a\ud800.py", "line": 3, "severity": "high", "kind": "x\udfff"}]
    (weakness,) = merged(found_by_agents([said(findings=rows)]), lines)

    assert json.dumps(weakness.to_dict())
    assert document(weakness_sarif([weakness], [], None))


def test_a_dispute_needs_a_reason() -> None:
    row = {"file": "a.py", "line": 3, "kind": "SQLi", "why": "bound"}

    assert disputes_in([said(disputed=[row, {**row, "why": " "}, "x", {"why": "y"}])]) == (
        Dispute("a.py", 3, "sql injection", "auditor", "V", "bound"),
    )
