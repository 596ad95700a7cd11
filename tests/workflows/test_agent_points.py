from __future__ import annotations

from typing import Any

import pytest

from orchestrator.models.plan_tree import AgentResult, NodePath
from orchestrator.workflows.agent_points import confirmed, is_there, points_of


def result(agent: str, *rows: dict[str, Any], vendor: str = "", success: bool = True) -> AgentResult:
    return AgentResult(NodePath("1"), agent, success, {"findings": list(rows), "summary": "s"}, vendor=vendor or agent)


def grave(file: str = "a.py", line: int | None = 10, severity: str = "high") -> dict[str, Any]:
    return {"file": file, "line": line, "severity": severity, "kind": "SQL injection", "effect": "reads all rows"}


def test_a_finding_is_a_place_with_its_words() -> None:
    (point,) = points_of([result("auditor", {**grave("./src/a.py"), "line": 3})])

    assert (point.file, point.line, point.severity) == ("src/a.py", 3, "high")
    assert point.words() == "auditor: high: src/a.py:3: SQL injection; reads all rows"


@pytest.mark.parametrize(
    "row", [{"severity": "high"}, {"file": "", "line": 1}, {"file": 3, "line": 1}, "a.py:3", None, ["a.py"]]
)
def test_what_names_no_file_points_nowhere(row: Any) -> None:
    assert points_of([result("auditor", row)]) == ()


def test_an_agent_that_failed_points_nowhere() -> None:
    assert points_of([result("auditor", grave(), success=False)]) == ()


@pytest.mark.parametrize(
    ("second", "count"),
    [
        pytest.param(result("b", grave(line=12), vendor="y"), 1, id="another vendor, near it"),
        pytest.param(result("b", grave(line=12), vendor="x"), 0, id="the same vendor"),
        pytest.param(result("b", grave(line=13), vendor="y"), 0, id="too far from it"),
        pytest.param(result("b", grave(file="b.py"), vendor="y"), 0, id="another file"),
        pytest.param(result("b", grave(severity="low"), vendor="y"), 0, id="not grave to the second"),
        pytest.param(result("b", grave(line=None), vendor="y"), 0, id="no line"),
    ],
)
def test_a_grave_finding_counts_where_a_second_vendor_points_as_well(second: AgentResult, count: int) -> None:
    assert len(confirmed(points_of([result("a", grave(), vendor="x"), second]))) == count


def test_line_0_means_the_file_and_is_no_place() -> None:
    points = points_of([result("a", grave(line=0), vendor="x"), result("b", grave(line=0), vendor="y")])
    assert [point.words() for point in points] == [
        f"{name}: high: a.py: SQL injection; reads all rows" for name in "ab"
    ]
    assert confirmed(points) == ()


def test_a_file_that_the_project_does_not_have_is_no_place() -> None:
    there, invented = points_of([result("a", grave("./a.py"), grave("gone.py"))])

    assert is_there(there, {"a.py"})
    assert not is_there(invented, {"a.py"})
