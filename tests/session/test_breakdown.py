from __future__ import annotations

from dataclasses import replace
from itertools import chain, combinations

import pytest

from orchestrator.agents.contract import Agent
from orchestrator.agents.registry import AGENTS
from orchestrator.models.identity import AgentName, WorkerId
from orchestrator.models.work import Role
from orchestrator.session.breakdown import TIERS, plan_breakdown

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


def named(name: str, *strengths: str) -> Agent:
    """An adapter of another package."""
    return replace(AGENTS[AgentName("claude")], name=AgentName(name), role_strengths=strengths)


@pytest.mark.parametrize(
    ("agents", "parts"),
    [
        pytest.param([named("a")], {"implementer": "a"}, id="one without strengths"),
        pytest.param([named("a", "painter")], {"implementer": "a"}, id="one with a strength nobody knows"),
        pytest.param(
            [named("a", "implementer"), named("b", "implementer")],
            {"implementer": "a", "reviewer": "b"},
            id="two of one strength, in order of preference",
        ),
        pytest.param(
            [named("b", "implementer"), named("a", "implementer", "designer")],
            {"implementer": "b", "designer": "a"},
            id="a second strength is used before what is left",
        ),
        pytest.param(
            [named("a", "reviewer"), named("b", "reviewer"), named("c", "reviewer")],
            {"reviewer": "a", "implementer": "b", "designer": "c"},
            id="three of one strength",
        ),
        pytest.param(
            [named("a"), named("b", "implementer")],
            {"implementer": "b", "reviewer": "a"},
            id="whoever is good at it comes first",
        ),
    ],
)
def test_several_agents_of_one_strength_are_used(agents: list[Agent], parts: dict[str, str]) -> None:
    steps = plan_breakdown("a task", agents).steps
    assert {str(step.role): step.worker for step in steps} == parts


def test_whoever_has_no_part_is_said_to_have_none() -> None:
    team = [AGENTS[AgentName(name)] for name in NAMES]
    breakdown = plan_breakdown("a task", [*team, named("extra", "implementer")])
    assert breakdown.notes == ("no part of their own, but a voice in reviews: extra",)
    assert {step.agent for step in breakdown.steps} == set(NAMES)
