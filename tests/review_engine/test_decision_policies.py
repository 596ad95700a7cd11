from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations_with_replacement

import pytest

from orchestrator.models.decisions import Action, Policy, PolicyRow
from orchestrator.models.reviews import PeerReview, ReviewRequest, Verdict
from orchestrator.review_engine.decision_policies import (
    CAUTIOUS,
    POLICIES,
    STANDARD,
    decide,
    panel_in_words,
    row_for,
    tally_of,
    unanswered,
)

A, C, B, N = Verdict.APPROVED, Verdict.CONCERNS, Verdict.BLOCKER, Verdict.ABSTAINED
PANELS = [panel for size in range(5) for panel in combinations_with_replacement(Verdict, size)]


@pytest.mark.parametrize(
    ("panel", "action"),
    [
        pytest.param((A, A), Action.CONTINUE, id="all approved: go on"),
        pytest.param((A, N), Action.CONTINUE, id="one approved, one is silent: go on"),
        pytest.param((A, C), Action.LOG_WARNING, id="a single concern: a warning"),
        pytest.param((C, N), Action.LOG_WARNING, id="a single concern, one is silent: a warning"),
        pytest.param((C, C), Action.PAUSE_AND_CLARIFY, id="two concerns: pause"),
        pytest.param((A, C, C), Action.PAUSE_AND_CLARIFY, id="two concerns against one: pause"),
        pytest.param((A, A, B), Action.STOP_AND_ESCALATE, id="any blocker: stop"),
        pytest.param((C, C, B), Action.STOP_AND_ESCALATE, id="a blocker goes before concerns"),
        pytest.param((N, N), Action.PAUSE_AND_CLARIFY, id="nobody answered: a person decides"),
        pytest.param((), Action.PAUSE_AND_CLARIFY, id="nobody was asked: a person decides"),
    ],
)
def test_the_four_rules_of_the_standard_policy(
    panel: Sequence[Verdict], action: Action, request_: ReviewRequest, said: Callable[..., PeerReview]
) -> None:
    assert decide(STANDARD, [said(verdict) for verdict in panel], request=request_).action is action


@pytest.mark.parametrize(
    ("panel", "action"),
    [
        pytest.param((A, A), Action.CONTINUE, id="all approved: go on"),
        pytest.param((A, C), Action.PAUSE_AND_CLARIFY, id="a single concern: pause"),
        pytest.param((A, N), Action.PAUSE_AND_CLARIFY, id="one is silent: pause"),
        pytest.param((A, B), Action.STOP_AND_ESCALATE, id="any blocker: stop"),
    ],
)
def test_the_cautious_policy_goes_on_only_when_all_approve(
    panel: Sequence[Verdict], action: Action, request_: ReviewRequest, said: Callable[..., PeerReview]
) -> None:
    assert decide(CAUTIOUS, [said(verdict) for verdict in panel], request=request_).action is action


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: "+".join(panel) or "nobody")
def test_every_policy_answers_every_panel(
    policy: Policy, panel: Sequence[Verdict], request_: ReviewRequest, said: Callable[..., PeerReview]
) -> None:
    decision = decide(policy, [said(verdict) for verdict in panel], request=request_)
    if decision.action is Action.CONTINUE:
        assert A in panel
        assert not {C, B} & set(panel)


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
def test_no_built_in_policy_leaves_a_panel_without_an_answer(policy: Policy) -> None:
    assert unanswered(policy) is None


def test_the_smallest_panel_without_an_answer_is_found() -> None:
    policy = Policy("gap", (PolicyRow("few", Action.CONTINUE, at_most={C: 2}),))
    assert unanswered(policy) == {A: 0, C: 3, B: 0, N: 0}
    assert row_for(policy, {A: 9, C: 2, B: 9, N: 9}) is not None


def test_a_policy_with_a_gap_is_a_bug_where_it_is_met(request_: ReviewRequest, said: Callable[..., PeerReview]) -> None:
    policy = Policy("gap", (PolicyRow("any", Action.CONTINUE, at_least={A: 1}),))
    with pytest.raises(ValueError, match="1 blocker"):
        decide(policy, [said(B)], request=request_)


def test_a_decision_names_its_rule_its_inputs_and_who_gave_the_reason(
    request_: ReviewRequest, said: Callable[..., PeerReview]
) -> None:
    panel = [said(A, "gemini", "fine"), said(C, "codex", "a test\nis missing")]
    decision = decide(STANDARD, panel, request=request_)
    assert decision.rule == "a single concern"
    assert decision.policy == "standard"
    assert (decision.review, decision.about) == ("001-milestone", "claude")
    assert decision.tally == {A: 1, C: 1, B: 0, N: 0}
    assert decision.reasons == ("codex: a test is missing",)


def test_where_nobody_answered_the_reasons_say_why(request_: ReviewRequest, said: Callable[..., PeerReview]) -> None:
    assert decide(STANDARD, [said(N)], request=request_).reasons == ("gemini: the reply is empty",)


def test_a_panel_reads_as_words(said: Callable[..., PeerReview]) -> None:
    assert panel_in_words(tally_of([said(A), said(C), said(C)])) == "1 approved, 2 concerns"
    assert panel_in_words(tally_of([])) == "an empty panel"
