from __future__ import annotations

from orchestrator.gates.branch_coverage import read
from orchestrator.gates.gate import Reading, Unmeasured
from tests.gates.test_line_coverage import ROW, SUBJECT, seen


def test_branches_are_added_up_over_all_files() -> None:
    found = read(SUBJECT, seen())
    assert isinstance(found, Reading)
    assert (found.value, found.counted, found.message) == (37.5, 8, "3 of 8 branches")
    assert [finding.file for finding in found.findings] == ["b.py", "a.py"]


def test_code_without_a_branch_is_not_measured() -> None:
    straight = {**ROW, "branches": 0, "missing_branches": 0}
    assert read(SUBJECT, seen(files={"a.py": straight, "b.py": straight})) == Unmeasured("there is no branch")
    assert isinstance(read(SUBJECT, seen(2)), Unmeasured)
