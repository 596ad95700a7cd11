from __future__ import annotations

import json
from typing import Any

import pytest

from orchestrator.gates.documented_names import plan, read
from orchestrator.gates.gate import Command, Evidence, Reading, Subject, ToolRun, Unmeasured

SUBJECT = Subject(python_files=("a.py",), source_files=("a.py",))
TOLD: dict[str, Any] = {"files": 1, "names": 4, "missing": [["a.py", 7, "function f"]], "broken": []}


def seen(code: int, **changes: object) -> Evidence:
    return Evidence(ToolRun(code, json.dumps({**TOLD, **changes}).encode(), b"last words\n"))


def test_the_share_is_of_public_names_and_those_without_are_named() -> None:
    found = read(SUBJECT, seen(0))
    assert isinstance(found, Reading)
    assert (found.value, found.counted) == (75.0, 4)
    assert [(finding.file, finding.line, finding.message) for finding in found.findings] == [
        ("a.py", 7, "function f has no docstring")
    ]


@pytest.mark.parametrize(
    ("evidence", "why"),
    [
        (seen(0, names=0), "no public name"),
        (seen(0, files=0), "only 0 of 1 files"),
        (seen(1), "only 1 of 1 files"),
        (seen(0, broken=["a.py: SyntaxError"]), "cannot be parsed: a.py: SyntaxError"),
        (seen(0, missing=[["a.py"]]), "cannot be read: last words"),
        (Evidence(ToolRun(0, b"100%", b"")), "cannot be read"),
    ],
)
def test_what_was_not_looked_at_whole_is_not_measured(evidence: Evidence, why: str) -> None:
    found = read(SUBJECT, evidence)
    assert isinstance(found, Unmeasured)
    assert why in found.reason


def test_a_project_without_source_has_nothing_to_document() -> None:
    assert isinstance(plan(Subject(python_files=("tests/test_a.py",))), Unmeasured)
    assert isinstance(plan(SUBJECT), Command)
