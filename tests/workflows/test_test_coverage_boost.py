from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from orchestrator.workflows.test_coverage_boost import (
    checked_percent,
    checked_project,
    priority_modules,
    stated_coverage,
)


@pytest.mark.parametrize("value", [-0.1, 100.1, float("nan"), float("inf"), True, "90", None])
def test_what_is_no_percentage_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="target_coverage"):
        checked_percent("target_coverage", value)


@pytest.mark.parametrize("value", ["", "/nowhere/at/all", 7, None])
def test_what_is_no_folder_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="project_root"):
        checked_project(value)


def test_a_folder_is_resolved(tmp_path: Path) -> None:
    (tmp_path / "x").symlink_to(tmp_path)
    assert checked_project(str(tmp_path / "x")) == tmp_path.resolve()


def test_the_context_says_what_is_known_and_what_comes_first() -> None:
    assert stated_coverage({}) is None
    assert stated_coverage({"current_coverage": 75}) == 75.0
    assert priority_modules({}) == ()
    assert priority_modules({"priority_modules": ["auth", " payment "]}) == ("auth", "payment")
    for wrong in ("auth", [""], [1], {"a": 1}):
        with pytest.raises(ValueError, match="priority_modules"):
            priority_modules({"priority_modules": wrong})
