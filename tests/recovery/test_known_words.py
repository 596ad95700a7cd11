"""What each CLI says is taken for what it means: its refusals stop the work, its warnings do not."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestrator.agents.registry import AGENTS, get_agent
from orchestrator.testing.agents import check_refusal, check_warning

RECORDINGS = Path(__file__).resolve().parent.parent / "recordings"


def warnings() -> Iterator[Any]:
    for path in sorted((RECORDINGS / "warnings").glob("*.txt")):
        for line in path.read_text(encoding="utf-8").splitlines():
            yield pytest.param(path.stem, line, id=f"{path.stem}: {line[:60]}")


def refusals() -> Iterator[Any]:
    for path in sorted((RECORDINGS / "refusals").glob("*.toml")):
        for row in tomllib.loads(path.read_text(encoding="utf-8"))["refusal"]:
            yield pytest.param(path.stem, row, id=f"{path.stem}: {row['text'][:60]}")


def test_every_agent_has_both_collections() -> None:
    for kind in ("warnings", "refusals"):
        assert {path.stem for path in (RECORDINGS / kind).iterdir()} == set(AGENTS)


@pytest.mark.parametrize(("name", "line"), list(warnings()))
def test_no_rule_stops_a_worker_for_a_warning(name: str, line: str) -> None:
    check_warning(get_agent(name), line)


@pytest.mark.parametrize(("name", "row"), list(refusals()))
def test_a_refusal_is_of_its_kind_and_has_its_remedy(name: str, row: dict[str, str]) -> None:
    check_refusal(get_agent(name), row)
