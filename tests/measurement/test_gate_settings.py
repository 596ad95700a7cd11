from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.errors import UsageError
from orchestrator.measurement.gate_settings import GateSettings, read_gate_settings
from tests.measurement.conftest import written

GOOD = '[gates]\nallowed_licences = ["MIT"]\n[gates.performance]\ncommand = "make bench"\nseconds = 2\n'


def test_licences_and_a_budget_are_read(tmp_path: Path) -> None:
    assert read_gate_settings(tmp_path) == GateSettings()
    written(tmp_path, {".orchestrator/settings.toml": GOOD})
    settings = read_gate_settings(tmp_path)
    assert settings.allowed_licences == ("MIT",)
    assert settings.budget == {"command": "make bench", "seconds": 2}


@pytest.mark.parametrize(
    "text",
    [
        "[gates",
        "gates = 1",
        "[gates]\nlint = 7",
        "[gates]\nallowed_licences = 'MIT'",
        "[gates]\nallowed_licences = [1]",
        "[gates]\nperformance = 1",
        "[gates.performance]\nseconds = 1",
        "[gates.performance]\ncommand = 'x'",
        "[gates.performance]\ncommand = 'x'\nseconds = 0",
        "[gates.performance]\ncommand = 'x'\nseconds = true",
        "[gates.performance]\ncommand = 'x'\nseconds = nan",
        "[gates.performance]\ncommand = 'x'\nhours = 1",
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(tmp_path: Path, text: str) -> None:
    written(tmp_path, {".orchestrator/settings.toml": text})
    with pytest.raises(UsageError, match=r"settings\.toml"):
        read_gate_settings(tmp_path)
