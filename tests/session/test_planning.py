from __future__ import annotations

from itertools import chain, combinations

import pytest

from orchestrator.agents.registry import AGENTS
from orchestrator.models.identity import AgentName, WorkerId
from orchestrator.models.work import Role
from orchestrator.session.planning import TIERS, plan_breakdown

NAMES = ("gemini", "claude", "codex")
SUBSETS = list(chain.from_iterable(combinations(NAMES, size) for size in range(len(NAMES) + 1)))


def plan(*names: str) -> dict[str, str]:
    breakdown = plan_breakdown("a task", [AGENTS[AgentName(name)] for name in names])
    return {str(step.role): step.worker for step in breakdown.steps}


def test_there_is_a_row_for_each_of_the_eight_subsets() -> None:
    assert len(TIERS) == len(SUBSETS)


@pytest.mark.parametrize(
    ("names", "tier", "parts"),
    [
        pytest.param(NAMES, 1, {"designer": "gemini", "implementer": "claude", "reviewer": "codex"}, id="all three"),
        pytest.param(("gemini", "claude"), 2, {"designer": "gemini", "implementer": "claude"}, id="no codex"),
        pytest.param(("gemini", "codex"), 3, {"implementer": "gemini", "reviewer": "codex"}, id="no claude"),
        pytest.param(("claude", "codex"), 4, {"implementer": "claude", "reviewer": "codex"}, id="no gemini"),
        pytest.param(("codex",), 5, {"implementer": "codex"}, id="codex alone"),
        pytest.param((), 5, {}, id="nobody"),
    ],
)
def test_the_tier_follows_from_who_is_there(names: tuple[str, ...], tier: int, parts: dict[str, str]) -> None:
    assert plan_breakdown("a task", [AGENTS[AgentName(name)] for name in names]).tier == tier
    assert plan(*names) == parts


@pytest.mark.parametrize("names", SUBSETS, ids=lambda names: "+".join(names) or "none")
def test_whoever_is_there_nobody_reviews_their_own_work(names: tuple[str, ...]) -> None:
    parts = plan(*names)
    assert parts.get("reviewer") is None or parts["reviewer"] != parts["implementer"]
    breakdown = plan_breakdown("a task", [AGENTS[AgentName(name)] for name in names])
    assert breakdown.reviews_itself == ("reviewer" not in parts)


def test_each_step_depends_on_all_before_it() -> None:
    breakdown = plan_breakdown("a task", [AGENTS[AgentName(name)] for name in NAMES])
    assert [step.depends_on for step in breakdown.steps] == [(), ("gemini",), ("gemini", "claude")]


def test_a_second_worker_of_one_cli_gets_a_number() -> None:
    breakdown = plan_breakdown("a task", [AGENTS[AgentName("codex")]], taken=(WorkerId("codex"),))
    assert [(step.worker, step.role) for step in breakdown.steps] == [("codex-2", Role.IMPLEMENTER)]
