from __future__ import annotations

from orchestrator.gates.github_commands import annotation_lines, outputs
from orchestrator.models.quality_gates import GateReport


def test_each_finding_that_counts_is_one_line_and_no_more(report: GateReport) -> None:
    lines = list(annotation_lines(report))
    assert all("\n" not in line and "\r" not in line and "\x1b" not in line for line in lines)
    assert [line.partition(" ")[0] for line in lines] == ["::error", "::warning", "::error", "::warning"]
    assert lines[0].count("::") == 2 + lines[0].partition("::a")[2].count("::")
    head, _, _ = lines[0].removeprefix("::").partition("::")
    assert "set-output name=x%3A%3Ay" in head
    assert ",line=3,title=lint F401" in head


def test_outputs_hold_no_word_of_the_project(report: GateReport) -> None:
    assert outputs(report) == "approved=false\nconfidence=low\ntree=sha256:00\nblocked-by=lint,secrets\n"
