from __future__ import annotations

import pytest

from orchestrator.models.identity import AgentName, WorkerId
from orchestrator.models.money import Usage
from orchestrator.safety.budget import Budget, check_budget, unpriced

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
