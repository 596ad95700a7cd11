from __future__ import annotations

import math
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from orchestrator.models.plain_reader import NotPlain, plain_value
from orchestrator.models.sandbox import SANDBOX_CONFIG, Leaving, ResourceLimits, SandboxConfig, TeamBounds

MINE = SandboxConfig(
    name="mine",
    extends="standard",
    readable=(Path("/opt"),),
    limits=ResourceLimits(open_files=9, cpu_percent=0.1),
    team=TeamBounds(max_parallel=2),
    leaving=Leaving(push_url=""),
)
FIGURES = [
    (table, each.name) for table in ("limits", "team") for each in fields(getattr(MINE, table)) if each.name != "name"
]


def test_what_a_policy_is_written_as_is_read_back() -> None:
    assert SANDBOX_CONFIG.validate_json(SANDBOX_CONFIG.dump_json(MINE)) == MINE
    written = SANDBOX_CONFIG.dump_python(MINE, mode="json")
    assert plain_value(SandboxConfig, written) == SANDBOX_CONFIG.validate_python(written) == MINE


@pytest.mark.parametrize(("table", "name"), FIGURES)
@pytest.mark.parametrize("figure", [math.inf, math.nan, -1, True])
def test_a_policy_with_a_figure_that_cannot_be_meant_is_none(table: str, name: str, figure: float) -> None:
    given = {"name": "mine", table: {name: figure}}
    with pytest.raises(NotPlain):
        plain_value(SandboxConfig, given)
    if figure is not True:  # which pydantic takes for 1, wherever
        with pytest.raises(ValidationError):
            SANDBOX_CONFIG.validate_python(given)


@pytest.mark.parametrize("given", [{"nam": 1}, {"limits": {"speed": 1}}, {"network": "shut"}, {"name": None}])
def test_a_policy_that_says_something_else_is_none(given: dict[str, Any]) -> None:
    with pytest.raises(NotPlain):
        plain_value(SandboxConfig, {"name": "mine", **given})
    with pytest.raises(ValidationError):
        SANDBOX_CONFIG.validate_python({"name": "mine", **given})
