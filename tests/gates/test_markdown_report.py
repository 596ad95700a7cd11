from __future__ import annotations

import re

from orchestrator.gates.markdown_report import markdown_document
from orchestrator.models.quality_gates import GateReport


def test_each_gate_is_a_row_and_what_blocks_stands_below(report: GateReport) -> None:
    text = markdown_document(report)
    assert text.startswith("# Gates: blocked\n")
    rows = [line for line in text.splitlines() if line.startswith("| ")][2:]
    assert [row.split(" | ")[1] for row in rows] == ["**fail**", "warn", "pass", "**not measured**", "not measured"]
    assert all(row.count(" | ") == 6 for row in rows)
    assert "- lint: 1 findings, and at most 0 is wanted" in text
    assert "- lint: `# noqa` in `b.py:1` would hide 1" in text
    assert "- lint: `ruff check`" in text


def test_nothing_of_the_project_steers_the_page(report: GateReport) -> None:
    text = markdown_document(report)
    assert "\x1b" not in text
    assert not any(line.startswith("::") for line in text.splitlines())
    prose = re.sub(r"(`+).*?\1(?!`)", "", text)
    assert not re.search(r"(?<!\\)<script", prose)
