"""Tell when a session must stop for its budget: by what was consumed and what open turns may still take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orchestrator.models.identity import AgentName, WorkerId
from orchestrator.models.money import Usage
from orchestrator.value_class import value_class


@value_class
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


@value_class
class Estimate:
    """What one turn is expected to take."""

    tokens: int
    cost_usd: float | None
    """``None`` while the agent's price is not known: it has not told a cost yet, or never does."""

    def left(self, used: Usage) -> Estimate:
        """The part of it that has not been used yet."""
        cost = self.cost_usd
        return Estimate(
            max(0, self.tokens - (used.total_tokens or 0)),
            None if cost is None else max(0.0, cost - (used.cost_usd or 0.0)),
        )


def estimate_turn(planned_tokens: int, usages: Mapping[WorkerId, Usage], turns: int) -> Estimate:
    """Expect what was planned, or what the agent's turns took so far where that is more.

    Args:
        planned_tokens: The role's token budget.
        usages: Of the same agent's workers in this session.
        turns: How many turns those usages stand for.
    """
    known = sum(usage.total_tokens or 0 for usage in usages.values())
    tokens = max(planned_tokens, known // turns if turns else 0)
    priced = [usage for usage in usages.values() if usage.cost_usd is not None and usage.total_tokens]
    paid, counted = sum(usage.cost_usd or 0.0 for usage in priced), sum(usage.total_tokens or 0 for usage in priced)
    return Estimate(tokens, paid / counted * tokens if counted else None)


def check_reserve(
    budget: Budget, usages: Mapping[WorkerId, Usage], *, reserved: Sequence[Estimate], wanted: Estimate
) -> str | None:
    """Why another turn must not begin; ``None`` where what is left covers it.

    Args:
        usages: Of all workers of the session.
        reserved: What the turns under way are still expected to take.

    A cost that nobody can estimate reserves nothing: there ``max_tokens`` bounds the turn.
    """
    if budget.max_tokens is not None:
        left = budget.max_tokens - sum(usage.total_tokens or 0 for usage in usages.values())
        left -= sum(estimate.tokens for estimate in reserved)
        if wanted.tokens > left:
            return (
                f"the budget of {budget.max_tokens:,} tokens has {max(0, left):,} left, "
                f"and the next turn is estimated at {wanted.tokens:,}"
            )
    if budget.max_cost_usd is not None:
        money = budget.max_cost_usd - sum(usage.cost_usd or 0.0 for usage in usages.values())
        money -= sum(estimate.cost_usd or 0.0 for estimate in reserved)
        if (wanted.cost_usd or 0.0) > money or money <= 0:
            expected = "at an unknown cost" if wanted.cost_usd is None else f"at ${wanted.cost_usd:.4f}"
            return (
                f"the budget of ${budget.max_cost_usd:.2f} has ${max(0.0, money):.4f} left, "
                f"and the next turn is estimated {expected}"
            )
    return None


def account(budget: Budget, usages: Mapping[WorkerId, Usage]) -> tuple[str, ...]:
    """How the session stands against its budget, a line a limit: what is spent, what is over, and whose is unknown."""
    lines = []
    if budget.max_cost_usd is not None:
        spent = sum(usage.cost_usd or 0.0 for usage in usages.values())
        line = f"${spent:.4f} of ${budget.max_cost_usd:.2f}"
        line += f", ${spent - budget.max_cost_usd:.4f} over" if spent > budget.max_cost_usd else ""
        lines.append(line + _unknown("cost", [name for name, usage in usages.items() if usage.cost_usd is None]))
    if budget.max_tokens is not None:
        used = sum(usage.total_tokens or 0 for usage in usages.values())
        line = f"{used:,} of {budget.max_tokens:,} tokens"
        line += f", {used - budget.max_tokens:,} over" if used > budget.max_tokens else ""
        lines.append(line + _unknown("use", [name for name, usage in usages.items() if usage.total_tokens is None]))
    return tuple(lines)


def _unknown(what: str, workers: Sequence[WorkerId]) -> str:
    return f"; the {what} of {', '.join(workers)} is unknown" if workers else ""


def unpriced(budget: Budget, agents: Sequence[AgentName]) -> str | None:
    """Why ``max_cost_usd`` cannot be kept: some of these agents report no cost.

    Args:
        agents: Those that report no cost.

    Returns:
        ``None`` where there are none, no cost limit is set, or ``max_tokens`` bounds them as well.
    """
    if budget.max_cost_usd is None or budget.max_tokens is not None or not agents:
        return None
    names = " and ".join(dict.fromkeys(agents))
    return f"--max-cost cannot be kept, because {names} will not say what a turn costs: give --max-tokens as well"
