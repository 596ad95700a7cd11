"""What each CLI says is taken for what it means: its refusals stop the work, its warnings do not."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestrator.agents.contract import Translation
from orchestrator.agents.failures import failure_beside, failure_kind, http_status
from orchestrator.agents.registry import AGENTS, get_agent
from orchestrator.models.events import AgentEvent, EventType, Failed
from orchestrator.recovery import PermissionRecoveryEngine
from orchestrator.testing.agents import READ_AT, sample_assignment
from orchestrator.wire.records import Noise

RECORDINGS = Path(__file__).resolve().parent.parent / "recordings"


def warnings() -> Iterator[Any]:
    for path in sorted((RECORDINGS / "warnings").glob("*.txt")):
        for line in path.read_text(encoding="utf-8").splitlines():
            yield pytest.param(path.stem, line, id=f"{path.stem}: {line[:60]}")


def refusals() -> Iterator[Any]:
    for path in sorted((RECORDINGS / "refusals").glob("*.toml")):
        for row in tomllib.loads(path.read_text(encoding="utf-8"))["refusal"]:
            yield pytest.param(path.stem, row, id=f"{path.stem}: {row['text'][:60]}")


def test_the_team_has_both_collections() -> None:
    for kind in ("warnings", "refusals"):
        assert {"claude", "codex", "gemini"} <= {path.stem for path in (RECORDINGS / kind).iterdir()} <= set(AGENTS)


@pytest.mark.parametrize(("name", "line"), list(warnings()))
def test_no_rule_stops_a_worker_for_a_warning(name: str, line: str) -> None:
    agent = get_agent(name)
    _, events = agent.translate(Translation(), Noise(line, "stderr"), READ_AT)
    engine = PermissionRecoveryEngine(agent.recovery_rules)
    for event in events:
        plan = engine.plan(event, assignment=sample_assignment(agent), allowed_roots=(), attempts=0)
        assert plan is None or plan.remedy.kind == "ignore", plan


@pytest.mark.parametrize(("name", "row"), list(refusals()))
def test_a_refusal_is_of_its_kind_and_has_its_remedy(name: str, row: dict[str, str]) -> None:
    agent = get_agent(name)
    text = row["text"]
    if row.get("stream") == "stderr":
        failed = failure_beside(Noise(text, "stderr"), agent.recovery_rules)
        assert failed is not None
    else:
        status = http_status(text)
        failed = Failed(text, failure_kind(text, status), status, final=True)
    assert failed.failure == row["failure"]
    event = AgentEvent(EventType.ERROR, agent.name, READ_AT, failed)
    plan = PermissionRecoveryEngine(agent.recovery_rules).plan(
        event, assignment=sample_assignment(agent), allowed_roots=(), attempts=0
    )
    assert (plan.remedy.kind if plan is not None else "none") == row["remedy"]
