from __future__ import annotations

import json

import pytest

from orchestrator.gates.gate import Command, Evidence, Reading, Subject, ToolRun, Unmeasured
from orchestrator.gates.leaked_secrets import plan, read

LINES = ("KEY = 1  # pragma: allowlist secret", "# pragma: allowlist nextline secret", "KEY = 2", "password = 3")
SUBJECT = Subject(text_files=("a.py", "b.txt"), lines=lambda _: LINES)
# As detect-secrets 1.5.0 prints them.
ROWS = [{"type": "AWS Access Key", "line_number": 1}, {"type": "AWS Access Key", "line_number": 3}]
DOUBTFUL = [{"type": "Secret Keyword", "line_number": 4}]


def seen(
    code: int = 0,
    plugins: object = ({"name": "AWSKeyDetector"},),
    rows: object = (*ROWS, *DOUBTFUL),
    no_text: int = 0,
    short: int = 0,
) -> Evidence:
    told = {"plugins_used": plugins, "results": {"a.py": rows}, "looked_at": 2 - no_text - short, "no_text": no_text}
    return Evidence(ToolRun(code, json.dumps(told).encode(), b""))


def test_known_forms_count_whatever_stands_beside_them() -> None:
    found = read(SUBJECT, seen())
    assert isinstance(found, Reading)
    assert (found.value, found.counted, found.message) == (2.0, 2, "2 of a known form, 1 doubtful")
    assert [(entry.asks, entry.line, entry.hides) for entry in found.suppressions] == [
        ("# pragma: allowlist secret", 1, 1),
        ("# pragma: allowlist nextline secret", 2, 1),
    ]
    assert [finding.counted for finding in found.findings] == [True, True, False]


def test_a_file_that_is_no_text_is_not_among_those_that_were_looked_at() -> None:
    found = read(SUBJECT, seen(no_text=1))
    assert isinstance(found, Reading)
    assert (found.counted, found.message.partition("; ")[2]) == (1, "1 files are no text, and were not looked at")


@pytest.mark.parametrize(
    ("evidence", "why"),
    [
        (seen(short=1), "only 1 of 2 files"),
        (seen(2), "ended with 2"),
        (seen(plugins=()), "looked for nothing"),
        (seen(rows=[{"type": "x"}]), "something else"),
        (Evidence(ToolRun(0, b"{}", b"")), "something else"),
        (Evidence(ToolRun(0, b"no secrets!", b"")), "something else"),
    ],
)
def test_what_is_no_report_is_not_measured(evidence: Evidence, why: str) -> None:
    found = read(SUBJECT, evidence)
    assert isinstance(found, Unmeasured)
    assert why in found.reason


def test_every_file_is_named() -> None:
    command = plan(SUBJECT)
    assert isinstance(command, Command)
    assert command.files == ("a.py", "b.txt")
    assert isinstance(plan(Subject()), Unmeasured)
