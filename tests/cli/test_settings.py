from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def test_what_is_set_is_shown_as_a_file_would_hold_it(orchestrate: Callable[..., Any], tmp_path: Path) -> None:
    orchestrate("settings", "set", "tiers.CHEAP.claude", "opus")
    shown = orchestrate("settings")
    assert tomllib.loads(shown.out)["tiers"]["CHEAP"]["claude"] == "opus"
    assert "# tiers.CHEAP.claude: said by the user" in shown.out
    told = json.loads(orchestrate("settings", "show", "--json").out)
    assert told["set_by"] == {"tiers.CHEAP.claude": "user"}
    assert told["file"] == str(tmp_path / "config" / "orchestrate" / "settings.toml")


def test_a_projects_settings_count_once_a_person_trusts_them(orchestrate: Callable[..., Any], tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    orchestrate("settings", "set", "budget.per_day", "3", "--project", "--target", str(project))
    before = orchestrate("settings", "show", "--target", str(project))
    assert "said by the project" not in before.out
    assert "nobody has consented" in before.err
    orchestrate("trust", "--target", str(project))
    assert "# budget.per_day: said by the project" in orchestrate("settings", "show", "--target", str(project)).out


def test_a_file_is_checked(orchestrate: Callable[..., Any], tmp_path: Path) -> None:
    assert "not there, so nothing is set" in orchestrate("settings", "check").out
    path = tmp_path / "x.toml"
    missing = orchestrate("settings", "check", str(path))
    assert (missing.code, "no such file of settings" in missing.err) == (2, True)
    path.write_text("[budget]\nper_dy = 3\n")
    wrong = orchestrate("settings", "check", str(path))
    assert (wrong.code, "x.toml:2" in wrong.err, "did you mean 'per_day'?" in wrong.err) == (2, True, True)
    path.write_text("[budget]\nper_day = 3\n")
    assert f"{path}: right" in orchestrate("settings", "check", str(path)).out
