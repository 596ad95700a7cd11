from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.coordinator.task_criticality import Stake, stake_of
from orchestrator.settings.settings_files import PROJECT_FILE, change_setting, user_file


@pytest.fixture(autouse=True)
def _own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "project/.orchestrator").mkdir(parents=True)
    return tmp_path / "project"


def said(project: Path, level: str) -> None:
    change_setting(project / PROJECT_FILE, "tuning.criticality", level, project=project)


def test_nobody_has_to_say_anything(project: Path) -> None:
    assert stake_of(None, project) == Stake()
    assert Stake().words == ""


def test_a_project_raises_what_the_user_says_and_never_lowers_it(project: Path) -> None:
    said(project, "low")
    assert stake_of(None, project).level == "normal", "nobody said it, and so it is normal"
    said(project, "high")
    assert stake_of(None, project).words.startswith("high (by the project's settings: ")
    assert "silence_s 600 s" in stake_of(None, project).words
    change_setting(user_file(), "tuning.criticality", "critical")
    assert stake_of(None, project).words.startswith("critical (by your settings: ")
    change_setting(user_file(), "tuning.criticality", "low")
    assert stake_of(None, project).level == "high"
    assert stake_of(None, None).level == "low", "a project that nobody trusts says nothing"


def test_whoever_starts_the_task_stands_above_all(project: Path) -> None:
    change_setting(user_file(), "tuning.criticality", "critical")
    assert stake_of("low", project) == Stake("low", "as asked: consensus_frequency timeboxed")
    assert stake_of("normal", project).words == "normal (as asked: the usual values)"
