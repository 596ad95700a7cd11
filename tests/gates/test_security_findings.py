from __future__ import annotations

import json
from typing import Any

import pytest

from orchestrator.gates.gate import Command, Evidence, Reading, Subject, ToolRun, Unmeasured
from orchestrator.gates.security_findings import plan, read

# As bandit 1.9.4 prints them.
HIGH: dict[str, Any] = {
    "filename": "./a.py",
    "issue_severity": "HIGH",
    "issue_text": "Use of weak MD5 hash for security.",
    "line_number": 2,
    "line_range": [2, 3],
    "test_id": "B324",
}
LOW = {**HIGH, "issue_severity": "LOW", "test_id": "B101", "line_number": 5, "line_range": [5]}
TOLD: dict[str, Any] = {"errors": [], "metrics": {"./a.py": {}, "_totals": {}}, "results": [HIGH, LOW]}
SUBJECT = Subject(
    python_files=("a.py", "a.pyi"),
    settings={"pyproject.toml": '[tool.bandit]\nskips = ["B324"]', ".bandit": "[bandit]\nexclude = a.py\n"},
    lines=lambda _: ("", "hashlib.md5(", "x)  # nosec B324"),
)


def seen(code: int = 0, **changes: object) -> Evidence:
    return Evidence(ToolRun(code, json.dumps({**TOLD, **changes}).encode(), b"", "/there"))


def test_those_of_high_severity_count_and_what_would_hide_them_is_said() -> None:
    found = read(SUBJECT, seen())
    assert isinstance(found, Reading)
    assert (found.value, found.counted, found.message) == (1.0, 1, "1 high, 0 medium, 1 low")
    assert [(entry.asks, entry.file, entry.line, entry.hides) for entry in found.suppressions] == [
        ("# nosec B324", "a.py", 3, 1),
        ("tool.bandit.skips = B324", "pyproject.toml", None, 1),
        ("exclude = a.py", ".bandit", None, 1),
    ]


@pytest.mark.parametrize(
    ("evidence", "why"),
    [
        (seen(1), "ended with 1"),
        (seen(errors=[{"filename": "./a.py", "reason": "syntax error"}]), "could not look at a.py: syntax error"),
        (seen(metrics={"_totals": {}}), "looked at 0 of 1 files"),
        (seen(results=[{**HIGH, "issue_severity": "HUGE"}]), "something else"),
        (Evidence(ToolRun(0, b"", b"")), "something else"),
        (Evidence(ToolRun(0, b"[]", b"")), "something else"),
    ],
)
def test_what_was_not_looked_at_whole_is_not_measured(evidence: Evidence, why: str) -> None:
    found = read(SUBJECT, evidence)
    assert isinstance(found, Unmeasured)
    assert why in found.reason


def test_stubs_are_no_code_to_look_through() -> None:
    command = plan(SUBJECT)
    assert isinstance(command, Command)
    assert command.files == ("a.py",)
    assert isinstance(plan(Subject(python_files=("a.pyi",))), Unmeasured)
