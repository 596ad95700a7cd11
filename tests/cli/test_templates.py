from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def test_the_templates_are_listed_for_people_and_programs(orchestrate: Callable[..., Any]) -> None:
    assert "security_auditor         PREMIUM  reads   Security Auditor (built in)" in orchestrate("templates").out
    listed = json.loads(orchestrate("templates", "list", "--json").out)["templates"]
    assert len(listed) == 7
    assert listed[0]["answer_schema"]["additionalProperties"] is False


def test_one_is_shown_with_the_form_of_its_answer(orchestrate: Callable[..., Any]) -> None:
    shown = orchestrate("templates", "show", "code_reviewer").out
    assert "quality_score" in shown
    assert "gate: min_quality_score 7.0" in shown
    ran = orchestrate("templates", "show", "code_reviwer")
    assert (ran.code, "there are architecture_analyst" in ran.err) == (2, True)


def test_a_new_one_is_ones_own_at_once(orchestrate: Callable[..., Any], tmp_path: Path) -> None:
    path = Path(orchestrate("templates", "new", "pipeline_expert").out.splitlines()[0])
    assert path.is_relative_to(tmp_path / "config")
    assert f"{path}: right" in orchestrate("templates", "check", str(path)).out
    assert "(user)" in orchestrate("templates").out
    again = orchestrate("templates", "new", "pipeline_expert")
    assert (again.code, "is there already" in again.err) == (2, True)
    # What is built in may be replaced.
    orchestrate("templates", "new", "code_reviewer")
    assert "(user, instead of the one built in)" in orchestrate("templates").out


@pytest.mark.parametrize("name", ["../x", "", "a b", "x\x1b", "-", '"', "{id}"])
def test_a_bad_name_is_refused_and_leaves_no_file(orchestrate: Callable[..., Any], tmp_path: Path, name: str) -> None:
    ran = orchestrate("templates", "new", "--", name)
    assert (ran.code, "cannot be a template's name" in ran.err) == (2, True)
    assert not list(tmp_path.rglob("*.toml"))


def test_a_projects_own_count_once_a_person_trusts_it(orchestrate: Callable[..., Any], tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    orchestrate("templates", "new", "pipeline_expert", "--project", "--target", str(project))

    before = orchestrate("templates", "list", "--target", str(project))
    assert "pipeline_expert" not in before.out
    assert "nobody has consented" in before.err
    orchestrate("trust", "--target", str(project))
    assert "(project)" in orchestrate("templates", "list", "--target", str(project)).out


def test_a_fault_is_told_with_its_line_and_too_little_memory_is_said(
    orchestrate: Callable[..., Any], tmp_path: Path
) -> None:
    path = Path(orchestrate("templates", "new", "small").out.splitlines()[0])
    text = path.read_text()
    path.write_text(text.replace("memory_mb = 512", "memory_mb = 100"))
    assert "memory_mb 100 is less than these need to start" in orchestrate("templates", "check", str(path)).out
    path.write_text(text.replace("tools", "tool"))
    ran = orchestrate("templates", "check", str(path))
    assert (ran.code, "did you mean 'tools'?" in ran.err) == (2, True)
