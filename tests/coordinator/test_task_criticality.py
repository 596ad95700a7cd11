from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.coordinator.task_criticality import OF_DEFAULT_CONDITIONS, OF_PLANS, Stake, meaningless, stake_of
from orchestrator.settings.settings_files import PROJECT_FILE, change_setting, user_file
from orchestrator.tuning.criticality import within_criticality
from orchestrator.tuning.parameters import BASELINE
from tests.coordinator.test_spending_limits import REQUEST


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
    assert Stake().because(BASELINE) == ""


def test_a_project_raises_what_the_user_says_and_never_lowers_it(project: Path) -> None:
    said(project, "low")
    assert stake_of(None, project).level == "normal", "nobody said it, and so it is normal"
    said(project, "high")
    assert stake_of(None, project) == Stake("high", "by the project's settings")
    change_setting(user_file(), "tuning.criticality", "critical")
    assert stake_of(None, project) == Stake("critical", "by your settings")
    change_setting(user_file(), "tuning.criticality", "low")
    assert stake_of(None, project).level == "high"
    assert stake_of(None, None).level == "low", "a project that nobody trusts says nothing"


def test_whoever_starts_the_task_stands_above_all(project: Path) -> None:
    change_setting(user_file(), "tuning.criticality", "critical")
    assert stake_of("low", project) == Stake("low", "as asked")
    assert stake_of("normal", project).because(BASELINE) == "as asked: the usual values"


def test_what_it_does_not_decide_is_not_said() -> None:
    values = within_criticality(BASELINE, "high")
    stated = replace(REQUEST.policy, escalation=("antipatterns > 5: stop",))
    assert meaningless(REQUEST.policy, has_plan=True) == frozenset()
    but = meaningless(stated, has_plan=False)
    assert but == {*OF_PLANS, *OF_DEFAULT_CONDITIONS}
    assert Stake("high", "as asked").because(values, but=but) == "as asked: silence_s 600 s, timebox_s 600 s"
