from __future__ import annotations

import json

import pytest

from orchestrator.gates.gate import ToolRun, Unmeasured
from orchestrator.gates.ruff_output import last_words, read_ruff, relative

# As ruff 0.17.6 prints it.
ROW = {
    "cell": None,
    "code": "F401",
    "end_location": {"column": 10, "row": 2},
    "filename": "/there/pkg/a.py",
    "fix": None,
    "location": {"column": 8, "row": 2},
    "message": "`os` imported but unused",
    "name": "unused-import",
    "noqa_row": 2,
    "severity": "error",
    "url": "https://docs.astral.sh/ruff/rules/unused-import",
}


def run(code: int, stdout: object, stderr: bytes = b"") -> ToolRun:
    text = stdout if isinstance(stdout, bytes) else json.dumps(stdout).encode()
    return ToolRun(code, text, stderr, "/there")


def test_rows_become_findings_of_the_project() -> None:
    found = read_ruff(run(1, [ROW]))
    assert not isinstance(found, Unmeasured)
    assert [(row.rule, row.file, row.line, row.comment_line) for row in found] == [("F401", "pkg/a.py", 2, 2)]
    assert read_ruff(run(0, [])) == []


@pytest.mark.parametrize(
    ("seen", "why"),
    [
        (run(2, b"", b"ruff failed\n  Cause: no such rule\n"), "ended with 2: Cause: no such rule"),
        (run(0, b""), "something else than its report"),
        (run(0, b"All checks passed!\n"), "something else than its report"),
        (run(0, {"results": []}), "something else than its report"),
        (run(1, [{"code": "F401"}]), "rows that cannot be read"),
        (run(1, ["F401"]), "rows that cannot be read"),
        (run(0, [ROW]), "ended with 0, which does not go with 1 findings"),
        (run(1, []), "ended with 1, which does not go with 0 findings"),
        (run(1, [{**ROW, "code": "E902"}]), "could not read pkg/a.py"),
        (run(0, b"[" * 100_000), "something else than its report"),
    ],
)
def test_what_is_no_report_is_not_measured(seen: ToolRun, why: str) -> None:
    found = read_ruff(seen)
    assert isinstance(found, Unmeasured)
    assert why in found.reason


def test_names_are_relative_to_the_project_alone() -> None:
    assert relative("/there/a.py", "/there") == relative("././a.py", "/there") == "a.py"
    assert relative("/thereabouts/a.py", "/there") == "/thereabouts/a.py"


def test_the_last_words_are_the_last_line_with_any() -> None:
    assert last_words(b"one\ntwo\n\n") == ": two"
    assert last_words(b" \n") == ""
