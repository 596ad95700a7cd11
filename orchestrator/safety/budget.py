"""What all workers consumed and what they may in, the reason to stop out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orchestrator.models.identity import AgentName, WorkerId
from orchestrator.models.money import Usage


@dataclass(frozen=True, slots=True)
class Budget:
    """What a session may consume over all its workers; ``None`` is no limit."""

    max_cost_usd: float | None = None
    max_tokens: int | None = None


def check_budget(budget: Budget, usages: Mapping[WorkerId, Usage]) -> str | None:
    """Why the session must stop, with the overshoot; ``None`` while something is left.

    An unknown figure counts for nothing here, and :func:`unpriced` is what keeps it from being relied on.
    """
    spent = sum((usage.cost_usd or 0.0) for usage in usages.values())
    if budget.max_cost_usd is not None and spent >= budget.max_cost_usd:
        over = spent - budget.max_cost_usd
        return f"the budget of ${budget.max_cost_usd:.2f} is spent: ${spent:.4f} so far, ${over:.4f} over"
    used = sum((usage.total_tokens or 0) for usage in usages.values())
    if budget.max_tokens is not None and used >= budget.max_tokens:
        return (
            f"the budget of {budget.max_tokens:,} tokens is spent: {used:,} so far, {used - budget.max_tokens:,} over"
        )
    return None


def unpriced(budget: Budget, agents: Sequence[AgentName]) -> str | None:
    """Why ``max_cost_usd`` cannot be kept: some of these agents report no cost.

    Args:
        agents: Those that report no cost.

    Returns:
        ``None`` where there are none, no cost limit is set, or ``max_tokens`` bounds them as well
        (settled question 14).
    """
    if budget.max_cost_usd is None or budget.max_tokens is not None or not agents:
        return None
    names = " and ".join(dict.fromkeys(agents))
    return f"--max-cost cannot be kept, because {names} will not say what a turn costs: give --max-tokens as well"
