from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.errors import InvalidFile
from orchestrator.settings.keys import KNOWN, check, flat, merged
from orchestrator.toml_files import parse_toml


def checked(text: str) -> None:
    check(parse_toml(Path("settings.toml"), text.encode()))


def test_right_settings_are_right() -> None:
    checked(
        '[tests]\ncommands = ["make test"]\n[tiers.CHEAP]\nclaude = "haiku"\ncodex = ""\nprefer = ["codex"]\n'
        '[budget]\nper_day = 5\nper_month_tokens = 1_000\n[gates]\nallowed_licences = ["MIT"]\n'
        '[gates.performance]\ncommand = "make bench"\nseconds = 2\n'
    )
    checked("")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[gates]\nlint = 7", r"settings.toml:2: there is no key 'lint'; .* in gates"),
        ("[gate]\nx = 1", r"settings.toml:1: there is no key 'gate'; did you mean 'gates'\?"),
        ("[tiers]\nCHEEP.claude = 'x'", r":2: there is no key 'CHEEP'; did you mean 'CHEAP'\? in tiers"),
        ("[tiers.CHEAP]\nclaud = 'x'", r":2: there is no key 'claud'; did you mean 'claude'\?"),
        ("[tiers.CHEAP]\nclaude = '--danger'", r":2: tiers.CHEAP.claude must be a model's name"),
        ("[tiers.CHEAP]\nclaude = 3", r":2: tiers.CHEAP.claude must be a model's name"),
        ("[tiers.CHEAP]\nprefer = ['cloude']", r":2: tiers.CHEAP.prefer names 'cloude'"),
        ("[budget]\nper_day = 0", r":2: budget.per_day must be a number above 0"),
        ("[budget]\nper_day = true", r":2: budget.per_day must be a number"),
        ("[budget]\nper_day = nan", r":2: budget.per_day must be a number"),
        ("[budget]\nper_day = inf", r":2: budget.per_day must be a number"),
        ("[budget]\nper_day_tokens = 1.5", r":2: budget.per_day_tokens must be a whole number"),
        ("gates = 1", r":1: gates must be a table"),
        ("[gates]\nallowed_licences = 'MIT'", r":2: gates.allowed_licences must be a list"),
        ("[gates]\nallowed_licences = [1]", r":2: gates.allowed_licences must be a list"),
        ("[gates]\nperformance = 1", r":2: gates.performance must be a table"),
        ("[gates.performance]\nseconds = 1", r"gates.performance needs a command"),
        ("[gates.performance]\ncommand = 'x'", r"gates.performance needs a command, and seconds"),
        ("[gates.performance]\ncommand = 'x'\nseconds = 0", r":3: gates.performance.seconds must be a number"),
        ("[gates.performance]\ncommand = ''\nseconds = 1", r":2: gates.performance.command must be a text"),
        ("[gates.performance]\ncommand = 'x'\nhours = 1", r":3: there is no key 'hours'"),
        ("[tests]\ncommands = 'make'", r":2: tests.commands must be a list"),
    ],
)
def test_what_is_no_setting_is_told_with_its_line(text: str, said: str) -> None:
    with pytest.raises(InvalidFile, match=said):
        checked(text)


def test_of_two_files_the_projects_word_stands_and_no_budget_rises() -> None:
    user = {"tiers": {"CHEAP": {"claude": "haiku", "codex": "x"}}, "budget": {"per_day": 5, "per_month": 50}}
    project = {"tiers": {"CHEAP": {"claude": "sonnet"}}, "budget": {"per_day": 50, "per_month": 5}}
    found = merged([("user", user), ("project", project)])
    assert {".".join(path): value for path, value in found.items()} == {
        "tiers.CHEAP.claude": ("sonnet", "project"),
        "tiers.CHEAP.codex": ("x", "user"),
        "budget.per_day": (5, "user"),
        "budget.per_month": (5, "project"),
    }


def test_every_setting_has_a_table_to_stand_in() -> None:
    for path, key in KNOWN.keys.items():
        assert path[-1] in KNOWN.tables[path[:-1]], key.name
        assert key.means
    assert list(flat({"gates": {"allowed_licences": ["MIT"]}})) == [(("gates", "allowed_licences"), ["MIT"])]


def test_a_project_may_raise_what_is_at_stake_and_not_lower_it() -> None:
    def found(user: str, project: str) -> str:
        said = (("user", user), ("project", project))
        files = [(origin, {"tuning": {"criticality": level}}) for origin, level in said if level]
        return str(merged(files).get(("tuning", "criticality"), ("unsaid",))[0])

    assert (found("high", "low"), found("low", "high")) == ("high", "high")
    assert (found("", "low"), found("", "critical"), found("low", "")) == ("unsaid", "critical", "low")
