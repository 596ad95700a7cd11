from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from orchestrator.cli.trust import command
from orchestrator.coordinator.project_trust import consented
from orchestrator.errors import UsageError


def test_a_person_sees_what_is_consented_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    target = tmp_path / "t"
    (target / ".orchestrator").mkdir(parents=True)
    (target / ".orchestrator" / "settings.toml").write_text('[tests]\ncommands = ["make check"]\n')
    shown = CliRunner().invoke(command, ["--target", str(target), "--show"])
    assert "make check" in shown.output
    environ = {"XDG_STATE_HOME": str(tmp_path / "state")}
    assert consented(target, environ) == ""
    said = CliRunner().invoke(command, ["--target", str(target)])
    assert said.exit_code == 0
    assert consented(target, environ) != ""


def test_there_must_be_something_to_consent_to(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no settings"):
        CliRunner().invoke(command, ["--target", str(tmp_path)], catch_exceptions=False)
