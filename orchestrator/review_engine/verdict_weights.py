"""Weigh a panel's verdicts, so that no reviewer alone decides by its weight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import fsum
from typing import Final

from orchestrator.models.decisions import Policy
from orchestrator.models.identity import AgentName
from orchestrator.models.reviews import PeerReview, Verdict

MOST_SHARE: Final = 0.49
"""No reviewer has one half of a panel's weight, however much it weighs."""


def weighs(policy: Policy) -> bool:
    """Whether any rule of the policy asks for shares."""
    return any(row.at_least_share for row in policy.rows)


def shares_by_verdict(policy: Policy, reviews: Sequence[PeerReview]) -> dict[Verdict, float]:
    """The share of the panel's weight behind each verdict.  Who abstained keeps its weight, behind no other verdict."""
    shares = shares_of([policy.weights.get(review.reviewer, 1.0) for review in reviews])
    return {
        verdict: fsum(share for share, review in zip(shares, reviews, strict=True) if review.verdict is verdict)
        for verdict in Verdict
    }


def shares_of(weights: Sequence[float]) -> tuple[float, ...]:
    """Weights as shares of one whole, each at most ``MOST_SHARE``.

    What one has above that goes to the others by their weights; of one or two reviewers, none is left to take it.
    """
    shares = [0.0] * len(weights)
    free, rest = dict(enumerate(weights)), 1.0
    while free:
        total = fsum(free.values())
        wanted = {n: rest * (weight / total) if total else rest / len(free) for n, weight in free.items()}
        above = [n for n, share in wanted.items() if share > MOST_SHARE]
        if not above:
            shares = [wanted.get(n, share) for n, share in enumerate(shares)]
            break
        for n in above:
            shares[n] = MOST_SHARE
            rest -= MOST_SHARE
            del free[n]
    return tuple(shares)


def reaches(shares: Mapping[Verdict, float], least: Mapping[Verdict, float]) -> bool:
    """Whether each verdict has at least its share; rounding alone keeps none below it."""
    return all(shares[verdict] >= share - 1e-9 for verdict, share in least.items())


def weights_by_agent(weights: Mapping[str, float]) -> Mapping[AgentName, float]:
    """Weights from a file, which names agents by plain text."""
    return {AgentName(agent): float(weight) for agent, weight in weights.items()}
