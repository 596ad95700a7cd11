from __future__ import annotations

from typing import Any

import pytest

from orchestrator.orchestration.task_analyzer import TaskAnalyzer, TaskComplexity, TaskDomain, TaskRequirements


def test_a_task_is_read() -> None:
    found = TaskAnalyzer().analyze("Boost test coverage to 90%", {"quality_gates": {"min_coverage": 90}})
    assert (found.domain, found.complexity) == (TaskDomain.TESTING, TaskComplexity.MODERATE)
    assert (
        found.capabilities_needed == found.needed_capabilities == ["analyze_gaps", "suggest_tests", "validate_coverage"]
    )
    assert found.to_dict() == {
        "complexity": "moderate",
        "domain": "testing",
        "capabilities_needed": found.capabilities_needed,
        "parallelizable": False,
        "quality_gates": {"min_coverage": 90},
        "context": {"quality_gates": {"min_coverage": 90}},
    }
    assert found == TaskRequirements(
        TaskComplexity.MODERATE,
        TaskDomain.TESTING,
        found.capabilities_needed,
        quality_gates={"min_coverage": 90},
        context={"quality_gates": {"min_coverage": 90}},
    )


@pytest.mark.parametrize("task", ["", " \n", None, 3, ["x"], b"Fix it", "x" * 1_000_001])
def test_what_is_no_task_is_refused(task: Any) -> None:
    with pytest.raises(ValueError, match="task m"):
        TaskAnalyzer().analyze(task)


def test_gates_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="quality_gates"):
        TaskAnalyzer().analyze("Fix it", {"quality_gates": 3})
