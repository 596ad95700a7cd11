from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.coordinator.stated_parameters import said_by_hand, stated_parameters, values_without_tuning
from orchestrator.errors import UsageError
from orchestrator.settings.settings_files import change_setting, user_file
from orchestrator.tuning.parameters import BASELINE, SETTABLE
from tests.coordinator.test_spending_limits import REQUEST


def test_settings_hold_the_values_of_the_table_and_no_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert stated_parameters() == {}
    for name in SETTABLE:
        change_setting(user_file(), f"parameters.{name}", str(BASELINE[name]))
    assert stated_parameters() == {name: BASELINE[name] for name in SETTABLE}
    for name, value, values in (
        ("max_restarts", 9, "1, 2, 3, 4, 5"),
        ("trusted_after", 1, "2, 3, 4"),
        ("least_tier", "cheap", "CHEAP, CAPABLE, PREMIUM"),
    ):
        with pytest.raises(UsageError, match=values):
            change_setting(user_file(), f"parameters.{name}", str(value))
    for name in ("team", "antipatterns"):
        with pytest.raises(UsageError):
            change_setting(user_file(), f"parameters.{name}", str(BASELINE[name]))


def test_the_task_stands_above_what_is_at_stake_and_that_above_settings() -> None:
    request = replace(REQUEST, limits={"silence_s": 77, "orphan_grace_s": 3}, parameters={"max_restarts": 1})
    assert said_by_hand(request) == {"silence_s": 77, "max_restarts": 1}
    found = values_without_tuning(request, {"max_restarts": 5, "gate_margin": 0, "max_relaunches": 2}, "high")
    said = {name: found[name] for name in ("silence_s", "max_restarts", "gate_margin", "max_relaunches")}
    assert said == {"silence_s": 77, "max_restarts": 1, "gate_margin": 5, "max_relaunches": 2}
