from __future__ import annotations

import json
from typing import Any

import pytest

from orchestrator.gates.gate import Command, Evidence, Reading, Subject, ToolRun, Unmeasured
from orchestrator.gates.type_errors import plan, read

# As mypy 2.4.1 prints it with --output json.
ROW: dict[str, Any] = {
    "file": "src/pkg/a.py",
    "line": 2,
    "column": 15,
    "message": "Incompatible return value type",
    "hint": None,
    "code": "return-value",
    "severity": "error",
}
NOTE = {**ROW, "severity": "note", "code": None}
MISSING = {**ROW, "code": "import-not-found", "message": 'Cannot find implementation for module named "numpy.x"'}
UNTYPED = {**ROW, "code": "import-untyped", "message": 'Library stubs not installed for "yaml"'}
SETTINGS = """
[tool.mypy]
exclude = ["^src/"]
disable_error_code = ["return-value"]
mypy_path = "$MYPY_CONFIG_FILE_DIR/lib:../up:/abs"
[[tool.mypy.overrides]]
module = ["pkg.*"]
ignore_errors = true
"""
SUBJECT = Subject(
    python_files=("src/pkg/a.py", "my-run.py"),
    checked_files=("src/pkg/a.py", "my-run.py"),
    settings={"pyproject.toml": SETTINGS, "mypy.ini": "[mypy]\nignore_errors = True\n"},
    lines=lambda _: ("", "return 1  # type: ignore[return-value]"),
    python="/there/python",
)


def seen(*rows: object, files: int = 2, code: object = 1, renamed: object = None) -> Evidence:
    lines = [{"files": files, "renamed": renamed or {"my_run.py": "my-run.py"}}, *rows, {"end": code}]
    return Evidence(ToolRun(0, "\n".join(map(json.dumps, lines)).encode(), b"why\n"))


def test_errors_count_and_notes_do_not() -> None:
    found = read(SUBJECT, seen(ROW, NOTE, UNTYPED, {**ROW, "file": "my_run.py"}))
    assert isinstance(found, Reading)
    assert (found.value, found.counted) == (2.0, 2)
    assert [(finding.file, finding.counted) for finding in found.findings] == [
        ("src/pkg/a.py", True),
        ("my-run.py", True),
        ("src/pkg/a.py", False),
    ]


def test_what_would_silence_them_is_said() -> None:
    found = read(SUBJECT, seen(ROW))
    assert isinstance(found, Reading)
    assert [(entry.asks, entry.hides) for entry in found.suppressions] == [
        ("# type: ignore[return-value]", 1),
        ("disable_error_code = return-value", 1),
        ("exclude = ^src/", 1),
        ("ignore_errors of pkg.*", 1),
        ("ignore_errors, all modules = *", 1),
    ]


@pytest.mark.parametrize(
    ("evidence", "why"),
    [
        (seen(MISSING, ROW), "imports numpy, which is not installed"),
        (seen(ROW, files=1), "given 1 of 2 files"),
        (
            seen({**ROW, "code": "syntax", "message": "invalid syntax"}, code=2),
            "could not go on: src/pkg/a.py:2: invalid",
        ),
        (seen(code=2), "could not go on: why"),
        (seen({"file": "a.py"}), "something else"),
        (Evidence(ToolRun(1, b"Success: no issues found\n", b"")), "something else"),
        (Evidence(ToolRun(0, b"", b"")), "something else"),
    ],
)
def test_what_was_not_checked_whole_is_not_measured(evidence: Evidence, why: str) -> None:
    found = read(SUBJECT, evidence)
    assert isinstance(found, Unmeasured)
    assert why in found.reason


def test_a_module_of_the_projects_own_is_not_missing() -> None:
    own = {**MISSING, "message": 'Cannot find implementation for module named "pkg"'}
    found = read(SUBJECT, seen(own, ROW))
    assert isinstance(found, Reading)
    assert found.value == 1.0


def test_the_projects_interpreter_and_its_own_folders_are_named_and_no_others() -> None:
    command = plan(SUBJECT)
    assert isinstance(command, Command)
    assert command.argv[-2:] == ("/there/python", "lib")
    assert isinstance(plan(Subject()), Unmeasured)
