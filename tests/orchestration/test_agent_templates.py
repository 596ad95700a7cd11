from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from orchestrator.composition.template_files import BUILT_IN, STARTER
from orchestrator.orchestration.agent_templates import (
    TEMPLATES,
    get_all_templates,
    get_template,
    get_templates_by_capability,
    get_templates_by_tier,
)


def test_what_the_specification_prints_is_so() -> None:
    template = get_template("test_coverage_analyzer")
    assert template is not None
    assert template.role == "Test Coverage Expert"
    assert [each.id for each in get_all_templates()] == list(BUILT_IN) == list(TEMPLATES)
    assert [each.id for each in get_templates_by_capability("vulnerability_scan")] == ["security_auditor"]
    assert [each.id for each in get_templates_by_tier("CHEAP")] == ["documentation_writer"]
    assert [each.id for each in get_templates_by_tier("CAPABLE")] == [
        *("test_coverage_analyzer", "code_reviewer", "performance_optimizer", "refactoring_specialist")
    ]
    assert get_template("invalid_id") is None
    assert get_templates_by_capability("fly") == []


def test_what_a_caller_changes_stays_the_callers() -> None:
    template = get_template("code_reviewer")
    assert template is not None
    template.capabilities.append("fly")
    template.quality_gates["x"] = 1
    again = get_template("code_reviewer")
    assert again is not None
    assert "fly" not in again.capabilities
    assert "x" not in again.quality_gates


def test_the_users_own_are_there_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    folder = tmp_path / "orchestrate" / "templates"
    folder.mkdir(parents=True)
    (folder / "mine.toml").write_text(STARTER.format(id="mine", role="Mine"))
    assert TEMPLATES["mine"].role == "Mine"
    assert len(TEMPLATES) == len(BUILT_IN) + 1


@pytest.mark.parametrize("wrong", ["", "  ", None, 3, b"code_reviewer", ["code_reviewer"]])
def test_no_or_an_empty_string_is_an_error(wrong: Any) -> None:
    for asked in (get_template, get_templates_by_capability, get_templates_by_tier):
        with pytest.raises(ValueError, match="must be a non-empty string"):
            asked(wrong)
    with pytest.raises(ValueError, match="tier must be one of CAPABLE, CHEAP, PREMIUM"):
        get_templates_by_tier("cheap")
