from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.coordinator.project_trust import consent, consented, read_settings, trusted_settings
from orchestrator.errors import UsageError

COMMANDS = '[tests]\ncommands = ["make check"]\n'


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "t" / ".orchestrator"
    folder.mkdir(parents=True)
    (folder / "settings.toml").write_text(COMMANDS)
    return folder.parent


def environ(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path)}


def test_what_came_with_a_clone_runs_nothing(target: Path, tmp_path: Path) -> None:
    found = trusted_settings(target, environ(tmp_path), trust=False, policy="default")
    assert (found.digest, found.commands) == ("", ())
    assert "nobody has consented" in found.warnings[0]
    assert "orchestrate trust" in found.warnings[0]


def test_what_a_person_consented_to_is_obeyed_until_it_changes(target: Path, tmp_path: Path) -> None:
    consent(target, read_settings(target), environ(tmp_path))
    found = trusted_settings(target, environ(tmp_path), trust=False, policy="default")
    assert found.commands == ("make check",)
    assert found.digest == consented(target, environ(tmp_path)) != ""
    (target / ".orchestrator" / "more").write_text("x")
    changed = trusted_settings(target, environ(tmp_path), trust=False, policy="default")
    assert changed.commands == ()
    assert "changed since you consented" in changed.warnings[0]


def test_under_ci_only_the_one_who_runs_it_can_consent(target: Path, tmp_path: Path) -> None:
    consent(target, read_settings(target), environ(tmp_path))
    assert trusted_settings(target, environ(tmp_path), trust=False, policy="ci").commands == ()
    assert trusted_settings(target, environ(tmp_path), trust=True, policy="ci").commands == ("make check",)


def test_our_own_view_asks_for_nothing(target: Path, tmp_path: Path) -> None:
    (target / ".orchestrator" / "settings.toml").unlink()
    (target / ".orchestrator" / "compositions").mkdir()
    (target / ".orchestrator" / "compositions" / "x.toml").write_text("x")
    assert trusted_settings(target, environ(tmp_path), trust=False, policy="default").warnings == ()


def test_a_project_without_settings_is_told_nothing(tmp_path: Path) -> None:
    assert read_settings(tmp_path).digest == ""
    assert trusted_settings(tmp_path, environ(tmp_path), trust=False, policy="default").warnings == ()


def test_wrong_or_odd_settings_are_said_and_stop_only_who_trusts_them(target: Path, tmp_path: Path) -> None:
    (target / ".orchestrator" / "settings.toml").write_text("[tests")
    assert "not used" in trusted_settings(target, environ(tmp_path), trust=False, policy="default").warnings[0]
    with pytest.raises(UsageError):
        trusted_settings(target, environ(tmp_path), trust=True, policy="default")
    (target / ".orchestrator" / "settings.toml").unlink()
    (target / ".orchestrator" / "settings.toml").symlink_to("/etc/passwd")
    with pytest.raises(UsageError):
        read_settings(target)
