from __future__ import annotations

import json
from typing import Any

import pytest

from orchestrator.gates.gate import Evidence, Reading, Subject, ToolRun, Unmeasured
from orchestrator.gates.line_coverage import ranges, read, read_files

ROW: dict[str, Any] = {
    "statements": 10,
    "missing": [3, 4, 5, 9],
    "branches": 4,
    "missing_branches": 1,
    "excluded": [4, 5],
    "imported": True,
}
UNTESTED = {**ROW, "missing": list(range(1, 11)), "missing_branches": 4, "excluded": [], "imported": False}
TOLD: dict[str, Any] = {"records": 1, "files": {"a.py": ROW, "b.py": UNTESTED}, "broken": []}
SUBJECT = Subject(
    source_files=("a.py", "b.py"),
    settings={"pyproject.toml": '[tool.coverage.run]\nomit = ["b.py"]', ".coveragerc": "[report]\nomit = a.py\n"},
    lines=lambda _: ("", "", "", "def f():  # pragma: no cover", "    pass"),
)


def seen(code: int = 0, **changes: object) -> Evidence:
    return Evidence(ToolRun(code, json.dumps({**TOLD, **changes}).encode(), b"no data\n"))


def test_a_file_that_nothing_imports_counts_whole() -> None:
    found = read(SUBJECT, seen())
    assert isinstance(found, Reading)
    assert (found.value, found.counted) == (30.0, 20)
    assert found.message == "6 of 20 statements; nothing imports 1 files"
    assert [(finding.file, finding.message) for finding in found.findings] == [
        ("b.py", "10 of 10 statements did not run: 1-10 (never imported)"),
        ("a.py", "4 of 10 statements did not run: 3-5, 9"),
    ]


def test_what_comments_and_settings_would_leave_out_counts_and_is_said() -> None:
    found = read(SUBJECT, seen())
    assert isinstance(found, Reading)
    assert [(entry.asks, entry.file, entry.line, entry.hides) for entry in found.suppressions] == [
        ("# pragma: no cover", "a.py", 4, 2),
        ("run.omit = b.py", "pyproject.toml", None, 1),
        ("report.omit = a.py", ".coveragerc", None, 1),
    ]


@pytest.mark.parametrize(
    ("evidence", "why"),
    [
        (seen(1), "cannot be read: no data"),
        (seen(records=0), "left no record"),
        (seen(files={"a.py": ROW}), "only 1 of 2 files"),
        (seen(files={"a.py": UNTESTED, "b.py": UNTESTED}), "ran nothing of the project"),
        (seen(broken=["a.py: no source"]), "1 files cannot be read: a.py"),
        (seen(files=[]), "cannot be read"),
        (Evidence(ToolRun(0, b"TOTAL 100%", b"")), "cannot be read"),
    ],
)
def test_what_was_not_recorded_is_not_measured(evidence: Evidence, why: str) -> None:
    found = read_files(SUBJECT, evidence)
    assert isinstance(found, Unmeasured)
    assert why in found.reason


def test_files_without_a_statement_are_not_measured() -> None:
    empty = {**ROW, "statements": 0, "missing": [], "excluded": []}
    assert read(SUBJECT, seen(files={"a.py": empty, "b.py": empty})) == Unmeasured("there is no statement")


def test_lines_are_told_as_ranges() -> None:
    assert ranges([1, 2, 3, 7]) == "1-3, 7"
    assert ranges(range(1, 40, 2)).endswith(", …")
