from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.agents.registry import AGENTS, TEAM
from orchestrator.errors import InvalidFile, UsageError
from orchestrator.settings.gate_settings import GateSettings
from orchestrator.settings.settings_files import (
    PROJECT_FILE,
    SpendingLimits,
    as_table,
    change_setting,
    load_settings,
    read_settings_file,
)


@pytest.fixture
def user(tmp_path: Path) -> Path:
    return tmp_path / "config" / "settings.toml"


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_where_nothing_is_said_every_tier_has_the_models_of_the_adapters(user: Path) -> None:
    settings = load_settings(user=user)
    assert settings.gates == GateSettings()
    assert settings.spending == SpendingLimits()
    tiers = as_table(settings)["tiers"]
    for name in TEAM:
        for tier in ("CHEAP", "CAPABLE", "PREMIUM"):
            assert tiers[tier][name] == AGENTS[name].tier_models.get(tier, "")


def test_the_user_and_the_project_are_read_together(user: Path, tmp_path: Path) -> None:
    written(user, '[tiers.CHEAP]\nclaude = ""\nprefer = ["codex", "claude"]\n[budget]\nper_day = 2.5\n')
    performance = '[gates.performance]\ncommand = "make bench"\nseconds = 2\n'
    project = written(tmp_path / "p" / PROJECT_FILE, f'[gates]\nallowed_licences = ["MIT"]\n{performance}')
    settings = load_settings(project.parents[1], user=user)

    assert settings.gates == GateSettings(("MIT",), {"command": "make bench", "seconds": 2})
    assert settings.spending.per_day_usd == 2.5
    usable = {name: AGENTS[name] for name in TEAM}
    chosen = settings.tier_choices("CHEAP", usable)
    assert [choice.agent for choice in chosen][:2] == ["codex", "claude"]
    assert chosen[1].model is None
    assert {choice.agent for choice in chosen} == set(TEAM)
    assert settings.tier_choices("CHEAP", {}) == ()


def test_a_projects_file_that_is_a_link_is_not_followed(user: Path, tmp_path: Path) -> None:
    real = written(tmp_path / "elsewhere.toml", "[budget]\nper_day = 1\n")
    link = tmp_path / "p" / PROJECT_FILE
    link.parent.mkdir(parents=True)
    link.symlink_to(real)
    with pytest.raises(UsageError, match="link"):
        load_settings(tmp_path / "p", user=user)
    user.parent.mkdir()
    user.symlink_to(real)
    assert load_settings(user=user).spending.per_day_usd == 1


def test_a_file_that_is_not_there_says_nothing_and_a_wrong_one_is_told(user: Path) -> None:
    assert read_settings_file(user.parent, user.name) is None
    written(user, "[gates")
    with pytest.raises(InvalidFile, match=r"settings.toml:1"):
        load_settings(user=user)


def test_setting_one_keeps_the_rest_and_its_comments(user: Path) -> None:
    written(user, "# mine\n[budget]\n# little\nper_day = 1\n\n[tiers.CHEAP]\nclaude = 'x'  # why\n")
    assert change_setting(user, "budget.per_day", "2.5") == ""
    change_setting(user, "budget.per_month", "20")
    change_setting(user, "tiers.PREMIUM.codex", "gpt-6.2-astra")
    change_setting(user, "tiers.CHEAP.prefer", '["codex"]')
    assert user.read_text() == (
        "# mine\n[budget]\nper_month = 20\n# little\nper_day = 2.5\n\n"
        "[tiers.CHEAP]\nprefer = [\"codex\"]\nclaude = 'x'  # why\n"
        '\n[tiers.PREMIUM]\ncodex = "gpt-6.2-astra"\n'
    )


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("budget.per_dy", "1", "there is no setting 'budget.per_dy'"),
        ("budget", "1", "there is no setting 'budget'"),
        ("budget.per_day.x", "1", "there is no setting"),
        ("", "1", "there is no setting ''"),
        ("budget.per_day", "much", "must be a number"),
        ("budget.per_day", "1\nper_month = 2", "must be a number"),
        ("tiers.CHEAP.claude", "-x", "must be a model's name"),
        ("tests.commands", '["\udcff"]', "must be a text"),
    ],
)
def test_what_is_no_setting_is_refused_and_nothing_is_written(user: Path, name: str, value: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as refused:
        change_setting(user, name, value)
    assert not user.exists()
    assert refused.value.hint or "must be" in refused.value.message


def test_what_only_a_person_can_change_is_left_as_it_is(user: Path) -> None:
    text = "budget = {per_day = 1}\n"
    written(user, text)
    with pytest.raises(UsageError, match="only you can change"):
        change_setting(user, "budget.per_month", "2")
    assert user.read_text() == text


def test_settings_that_go_together_are_set_one_after_the_other(user: Path) -> None:
    lacks = change_setting(user, "gates.performance.command", "make bench")
    assert lacks == "gates.performance needs a command, and seconds or memory_mib"
    with pytest.raises(InvalidFile, match="needs a command, and seconds"):
        load_settings(user=user)
    assert change_setting(user, "gates.performance.seconds", "2") == ""
    assert load_settings(user=user).gates.budget == {"command": "make bench", "seconds": 2}


def test_a_projects_setting_is_written_through_no_link(tmp_path: Path) -> None:
    project, elsewhere = tmp_path / "p", tmp_path / "elsewhere"
    for folder in (project, elsewhere):
        folder.mkdir()
    (project / ".orchestrator").symlink_to(elsewhere)
    with pytest.raises(UsageError, match="cannot be read"):
        change_setting(project / PROJECT_FILE, "budget.per_day", "1", project=project)
    assert list(elsewhere.iterdir()) == []
    (project / ".orchestrator").unlink()
    change_setting(project / PROJECT_FILE, "budget.per_day", "1", project=project)
    assert load_settings(project, user=tmp_path / "none").spending.per_day_usd == 1
