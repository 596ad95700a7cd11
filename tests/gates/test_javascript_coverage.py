from __future__ import annotations

import json

import pytest

from orchestrator.gates.gate import Evidence, Reading, Subject, ToolRun, Unmeasured
from orchestrator.gates.javascript_coverage import plan, read

SUBJECT = Subject(sources={"javascript": ("a.js", "b.js")})
FILES = {
    "a.js": {"lines": 8, "missing": [3, 4], "read": True},
    "b.js": {"lines": 2, "missing": [1, 2], "read": False},
}


def seen(code: int = 0, **changes: object) -> Evidence:
    return Evidence(ToolRun(code, json.dumps({"records": 1, "odd": [], "files": FILES, **changes}).encode(), b"why\n"))


def test_a_file_that_no_process_read_counts_whole() -> None:
    found = read(SUBJECT, seen())
    assert isinstance(found, Reading)
    assert (found.value, found.counted) == (60.0, 10)
    assert [row.message for row in found.findings] == [
        "2 of 8 lines did not run: 3-4",
        "2 of 2 lines did not run: 1-2 (never read)",
    ]


@pytest.mark.parametrize(
    ("evidence", "why"),
    [
        (seen(records=0), "no record"),
        (seen(odd=["a.js"]), "a.js ran from another text"),
        (seen(files={"a.js": FILES["a.js"]}), "only 1 of 2 files"),
        (seen(1), "only 2 of 2"),
        (seen(files={name: {**row, "read": False} for name, row in FILES.items()}), "nothing of the project"),
        (Evidence(ToolRun(0, b"100 %", b"why\n")), "cannot be read: why"),
    ],
)
def test_what_was_not_looked_at_whole_is_not_measured(evidence: Evidence, why: str) -> None:
    found = read(SUBJECT, evidence)
    assert isinstance(found, Unmeasured)
    assert why in found.reason


def test_what_is_compiled_before_it_runs_is_not_measured() -> None:
    files = {"a.ts": {"lines": 1, "missing": [1], "read": False}}
    found = read(Subject(sources={"javascript": ("a.ts",)}), seen(files=files))
    assert isinstance(found, Unmeasured)
    assert "a.ts ran in no process" in found.reason
    assert isinstance(plan(Subject()), Unmeasured)
