from __future__ import annotations

import json

from orchestrator.gates.code_quality_report import code_quality_document
from orchestrator.models.quality_gates import GateReport


def test_rows_are_what_gitlab_reads(report: GateReport) -> None:
    rows = code_quality_document(report)
    # One finding and the other gates as a whole: the one that warns, and two that were not measured.
    assert [(row["check_name"], row["severity"]) for row in rows] == [
        ("lint/F401", "major"),
        ("documentation/documentation", "info"),
        ("secrets/secrets", "major"),
        ("types/types", "info"),
    ]
    assert all(row["location"]["lines"]["begin"] >= 1 and "\n" not in row["location"]["path"] for row in rows)
    assert len({row["fingerprint"] for row in rows}) == len(rows)
    assert "\x1b" not in json.dumps(rows, ensure_ascii=False)


def test_a_finding_that_moved_is_the_same(report: GateReport) -> None:
    (gate, *_) = report.gates
    moved = gate.model_copy(
        update={"findings": tuple(type(f)(f.message, f.rule, f.file, 99) for f in gate.findings[:1])}
    )
    before, after = (
        code_quality_document(report.model_copy(update={"gates": (each,)}))[0]["fingerprint"] for each in (gate, moved)
    )
    assert before == after
