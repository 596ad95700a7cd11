from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from orchestrator.models.decisions import Action, Policy, PolicyRow
from orchestrator.models.identity import AgentName
from orchestrator.models.reviews import PeerReview, ReviewRequest, Verdict
from orchestrator.review_engine.decision_policies import decide
from orchestrator.review_engine.verdict_weights import MOST_SHARE, shares_of

A, C, B, N = Verdict.APPROVED, Verdict.CONCERNS, Verdict.BLOCKER, Verdict.ABSTAINED
AGENTS = ("gemini", "claude", "codex", "opencode")
WEIGHED = Policy(
    "weighed",
    (
        PolicyRow("any blocker", Action.STOP_AND_ESCALATE, at_least={B: 1}),
        PolicyRow("half has concerns", Action.PAUSE_AND_CLARIFY, at_least_share={C: 0.5}),
        PolicyRow("most approves", Action.CONTINUE, at_least_share={A: 0.5}),
        PolicyRow("anything else", Action.LOG_WARNING),
    ),
    weights={AgentName("claude"): 1_000.0},
)


@pytest.mark.parametrize(
    ("weights", "shares"),
    [
        ((), ()),
        ((5.0,), (MOST_SHARE,)),
        ((5.0, 1.0), (MOST_SHARE, MOST_SHARE)),
        ((1.0, 1.0, 2.0), (0.255, 0.255, MOST_SHARE)),
        ((8.0, 1.0, 1.0), (MOST_SHARE, 0.255, 0.255)),
        ((50.0, 49.0, 1.0), (MOST_SHARE, MOST_SHARE, 0.02)),
        ((0.0, 0.0, 0.0), (1 / 3, 1 / 3, 1 / 3)),
    ],
)
def test_what_is_above_the_cap_goes_to_the_others(weights: tuple[float, ...], shares: tuple[float, ...]) -> None:
    assert shares_of(weights) == pytest.approx(shares)


@settings(suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no reason
@example([1.0, 1.0, 5e-324])
@given(st.lists(st.floats(0, 1_000), max_size=9))
def test_no_reviewer_has_one_half_and_three_share_the_whole(weights: list[float]) -> None:
    shares = shares_of(weights)
    assert all(0.0 <= share <= MOST_SHARE for share in shares)
    assert sum(shares) == pytest.approx(min(1.0, MOST_SHARE * len(weights)))


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_a_blocker_beats_any_weight_and_nobody_decides_alone(
    size: int, request_: ReviewRequest, said: Callable[..., PeerReview]
) -> None:
    for panel in product(Verdict, repeat=size):
        decision = decide(WEIGHED, [said(v, agent) for v, agent in zip(panel, AGENTS, strict=False)], request=request_)
        assert (decision.action is Action.STOP_AND_ESCALATE) is (B in panel)
        if decision.action is Action.CONTINUE:
            assert panel.count(A) >= 2
        if decision.action is Action.PAUSE_AND_CLARIFY:
            assert panel.count(C) >= 2


def test_a_decision_by_weight_holds_its_shares(request_: ReviewRequest, said: Callable[..., PeerReview]) -> None:
    reviews = [said(A, "claude"), said(N, "gemini"), said(A, "codex")]
    decision = decide(WEIGHED, reviews, request=request_)
    assert decision.action is Action.CONTINUE
    assert decision.shares == pytest.approx({A: 0.745, C: 0.0, B: 0.0, N: 0.255})
    assert decision.reasons == ("claude: so it is", "codex: so it is")
