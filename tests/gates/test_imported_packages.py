from __future__ import annotations

import json

import pytest

from orchestrator.gates import licences, vulnerable_dependencies
from orchestrator.gates.gate import Command, Evidence, Reading, Subject, ToolRun, Unmeasured
from orchestrator.gates.imported_packages import plan_imports, read_imports

SUBJECT = Subject(python_files=("shop/a.py",), source_files=("shop/a.py",))


def seen(code: int = 0, **changes: object) -> Evidence:
    return Evidence(ToolRun(code, json.dumps({"files": 1, "imports": [], "broken": [], **changes}).encode(), b"why\n"))


def test_a_project_that_uses_the_standard_library_alone_depends_on_nothing() -> None:
    found = read_imports(SUBJECT, seen())
    assert found == Reading(
        0.0, 1, "no package: 1 files import the standard library and each other alone", counts="files"
    )


@pytest.mark.parametrize(
    ("evidence", "why"),
    [
        (seen(imports=[["shop/a.py", 3, "requests"], ["shop/a.py", 9, "requests"]]), "imports requests (shop/a.py:3)"),
        (seen(files=0), "only 0 of 1 files"),
        (seen(1), "only 1 of 1 files"),
        (seen(broken=["shop/a.py: SyntaxError"]), "cannot be parsed"),
        (seen(imports=[["a"]]), "cannot be read: why"),
        (Evidence(ToolRun(0, b"nothing", b"")), "cannot be read"),
    ],
)
def test_what_is_imported_and_named_nowhere_is_not_measured(evidence: Evidence, why: str) -> None:
    found = read_imports(SUBJECT, evidence)
    assert isinstance(found, Unmeasured)
    assert why in found.reason


def test_both_gates_of_packages_look_at_imports_where_no_package_is_named() -> None:
    for gate in (licences.GATE, vulnerable_dependencies.GATE):
        assert gate.plan is not None
        command = gate.plan(SUBJECT)
        assert isinstance(command, Command)
        assert (command, command.tool) == (plan_imports(SUBJECT), "python")
        assert isinstance(gate.read(SUBJECT, seen()), Reading)
