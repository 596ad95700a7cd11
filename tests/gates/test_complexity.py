from __future__ import annotations

import json

from orchestrator.gates.complexity import plan, read
from orchestrator.gates.gate import Command, Evidence, Reading, Subject, ToolRun, Unmeasured
from tests.gates.test_ruff_output import ROW


def rows(*values: int) -> bytes:
    return json.dumps(
        [{**ROW, "code": "C901", "message": f"`f{value}` is too complex ({value} > 0)"} for value in values]
    ).encode()


SUBJECT = Subject(python_files=("pkg/a.py",), source_files=("pkg/a.py",))


def test_the_highest_counts_and_those_above_ten_are_named() -> None:
    found = read(SUBJECT, Evidence(ToolRun(1, rows(3, 17, 11), b"", "/there")))
    assert isinstance(found, Reading)
    assert (found.value, found.counted) == (17.0, 3)
    assert [finding.message for finding in found.findings] == ["f17 has 17", "f11 has 11"]


def test_a_file_without_functions_or_with_a_fault_is_not_measured() -> None:
    assert read(SUBJECT, Evidence(ToolRun(0, b"[]", b""))) == Unmeasured("there is no function")
    broken = json.dumps([{**ROW, "code": "invalid-syntax", "message": "Expected an expression"}]).encode()
    assert read(SUBJECT, Evidence(ToolRun(1, broken, b"", "/there"))) == Unmeasured(
        "pkg/a.py:2: Expected an expression"
    )
    assert isinstance(read(SUBJECT, Evidence(ToolRun(2, b"", b""))), Unmeasured)


def test_only_the_project_itself_is_looked_at() -> None:
    command = plan(Subject(python_files=("tests/test_a.py", "pkg/a.py"), source_files=("pkg/a.py",)))
    assert isinstance(command, Command)
    assert command.files == ("pkg/a.py",)
    assert isinstance(plan(Subject(python_files=("tests/test_a.py",))), Unmeasured)
