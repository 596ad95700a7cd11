from __future__ import annotations

import pytest

from orchestrator.models.identity import AgentName, WorkerId
from orchestrator.models.money import Usage
from orchestrator.safety.budget import Budget, Estimate, account, check_budget, check_reserve, estimate_turn, unpriced

CLAUDE, CODEX = WorkerId("claude"), WorkerId("codex")
USED = {CLAUDE: Usage(input_tokens=600, output_tokens=300, cost_usd=0.75), CODEX: Usage(input_tokens=100)}


@pytest.mark.parametrize(
    ("budget", "reason"),
    [
        pytest.param(Budget(), None, id="no limit"),
        pytest.param(Budget(max_cost_usd=0.76, max_tokens=1001), None, id="something is left of both"),
        pytest.param(Budget(max_cost_usd=0.75), "$0.0000 over", id="a cost is spent exactly"),
        pytest.param(Budget(max_cost_usd=0.5), "$0.2500 over", id="a cost is overshot"),
        pytest.param(Budget(max_tokens=1000), "0 over", id="tokens of all workers count"),
        pytest.param(Budget(max_tokens=900), "100 over", id="tokens are overshot"),
    ],
)
def test_a_budget_is_spent_over_all_workers(budget: Budget, reason: str | None) -> None:
    said = check_budget(budget, USED)
    assert said is None if reason is None else said is not None and reason in said


def test_what_is_unknown_spends_nothing() -> None:
    assert check_budget(Budget(max_cost_usd=0.01, max_tokens=1), {CLAUDE: Usage()}) is None


def test_a_cost_limit_needs_agents_that_say_their_cost() -> None:
    reason = unpriced(Budget(max_cost_usd=1), [AgentName("gemini"), AgentName("codex")])
    assert reason is not None
    assert "gemini and codex" in reason
    assert "--max-tokens" in reason


@pytest.mark.parametrize(
    ("budget", "agents"),
    [
        pytest.param(Budget(), ["codex"], id="there is no cost limit"),
        pytest.param(Budget(max_cost_usd=1, max_tokens=9), ["codex"], id="tokens bound them as well"),
        pytest.param(Budget(max_cost_usd=1), [], id="all say their cost"),
    ],
)
def test_a_cost_limit_is_accepted_where(budget: Budget, agents: list[str]) -> None:
    assert unpriced(budget, [AgentName(agent) for agent in agents]) is None


def test_a_turn_is_expected_to_take_what_was_planned_or_what_it_took_before() -> None:
    assert estimate_turn(10_000, {}, 0) == Estimate(10_000, None)
    assert estimate_turn(10_000, {CODEX: Usage(input_tokens=30_000)}, 2) == Estimate(15_000, None)
    assert estimate_turn(1_000, {CLAUDE: Usage(input_tokens=1_000, cost_usd=0.5)}, 1) == Estimate(1_000, 0.5)


@pytest.mark.parametrize(
    ("budget", "wanted", "reason"),
    [
        pytest.param(Budget(max_tokens=2_000), Estimate(700, None), None, id="enough is left"),
        pytest.param(Budget(max_tokens=2_000), Estimate(701, None), "has 700 left", id="one token too few"),
        pytest.param(Budget(max_cost_usd=1.0), Estimate(9, 0.15), None, id="enough money is left"),
        pytest.param(Budget(max_cost_usd=1.0), Estimate(9, 0.3), "has $0.1500 left", id="too little money"),
        pytest.param(Budget(max_cost_usd=1.0), Estimate(9, None), None, id="an unknown price is bounded by tokens"),
        pytest.param(Budget(max_cost_usd=0.8), Estimate(9, None), "at an unknown cost", id="no money is left at all"),
    ],
)
def test_a_turn_begins_only_with_enough_left(budget: Budget, wanted: Estimate, reason: str | None) -> None:
    said = check_reserve(budget, USED, reserved=[Estimate(300, 0.1)], wanted=wanted)
    assert said is None if reason is None else said is not None and reason in said


def test_what_a_running_turn_has_used_is_no_longer_set_aside() -> None:
    assert Estimate(1_000, 0.5).left(Usage(input_tokens=400, cost_usd=0.2)) == Estimate(600, 0.3)
    assert Estimate(1_000, None).left(Usage(input_tokens=1_400)) == Estimate(0, None)


def test_the_account_says_what_is_over_and_whose_figures_are_unknown() -> None:
    assert account(Budget(0.5, 2_000), USED) == (
        "$0.7500 of $0.50, $0.2500 over; the cost of codex is unknown",
        "1,000 of 2,000 tokens",
    )
    assert account(Budget(), USED) == ()
