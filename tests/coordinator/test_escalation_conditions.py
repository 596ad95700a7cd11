"""The conditions of a session are those of its policy, else of the user's settings, else the defaults."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.coordinator.escalation_conditions import conditions_for
from orchestrator.models.escalation import DEFAULTS, conditions_of
from orchestrator.review_engine.decision_policies import STANDARD


@pytest.fixture
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    path = tmp_path / "orchestrate" / "settings.toml"
    path.parent.mkdir()
    return path


def test_nobody_says_otherwise(own_settings: Path) -> None:
    assert not own_settings.exists()
    assert conditions_for(STANDARD) == conditions_of(DEFAULTS)
    assert conditions_for(STANDARD, ["questions > 1: stop"]) == conditions_of([*DEFAULTS, "questions > 1: stop"])


def test_settings_stand_for_the_defaults_and_a_policy_for_both(own_settings: Path) -> None:
    own_settings.write_text('[escalation]\nconditions = ["antipatterns > 5: stop"]\n')
    assert conditions_for(STANDARD) == conditions_of(["antipatterns > 5: stop"])
    assert conditions_for(replace(STANDARD, escalation=())) == ()
    own_settings.write_text("[escalation]\nconditions = []\n")
    assert conditions_for(STANDARD) == ()
