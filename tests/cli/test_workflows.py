from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.measurement.conftest import written


@pytest.fixture
def flow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    folder = tmp_path / "config" / "orchestrate" / "workflows"
    plan = '[plan]\nid = "a"\ninstructions = "Look."\n'
    text = f'description = "Every night."\ntask = "Look."\ngates = ["lint"]\n{plan}'
    written(folder, {"nightly.toml": text})
    return folder / "nightly.toml"


def test_those_that_are_built_in_and_the_users_own_are_listed(orchestrate: Callable[..., Any], flow: Path) -> None:
    ran = orchestrate("workflows")
    assert ran.code == 0
    for part in ("release-prep", "test-coverage", "nightly", "Every night.", str(flow)):
        assert part in ran.out
    rows = json.loads(orchestrate("workflows", "list", "--json").out)["workflows"]
    assert rows[-1] | {"path": ""} == {
        "name": "nightly",
        "description": "Every night.",
        "path": "",
        "writes": False,
        "gates": ["lint"],
        "thresholds": {},
    }


def test_one_is_shown_with_its_tree_by_name_and_by_file(orchestrate: Callable[..., Any], flow: Path) -> None:
    for name in ("nightly", str(flow)):
        ran = orchestrate("workflows", "show", name)
        assert ran.code == 0, ran.err
        assert "task: Look." in ran.out
        assert "1.2 gates: lint" in ran.out
    assert json.loads(orchestrate("workflows", "show", "nightly", "--json").out)["tree"]["strategy"] == "sequential"


def test_a_right_one_is_said_to_be_right(orchestrate: Callable[..., Any], flow: Path) -> None:
    ran = orchestrate("workflows", "check", str(flow))
    assert (ran.code, "right; nightly, 1 agent, nobody may write" in ran.out) == (0, True)
