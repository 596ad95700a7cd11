from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from orchestrator.models.decisions import Action
from orchestrator.models.events import AgentEvent, EventType, Reported
from orchestrator.models.identity import AgentName, WorkerId
from orchestrator.models.reviews import PeerReview, ReviewRequest, Trigger, Verdict
from orchestrator.review_engine import ReviewEngine
from orchestrator.review_engine.rounds import Rounds

NOW = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
GEMINI, CLAUDE, CODEX = AgentName("gemini"), AgentName("claude"), AgentName("codex")


def test_a_blocker_is_reviewed_by_everyone_but_its_author() -> None:
    engine = ReviewEngine(timeout_s=60)
    event = AgentEvent(EventType.BLOCKER, CLAUDE, NOW, Reported("No database"))
    trigger = engine.should_review(event)
    assert trigger is Trigger.BLOCKER
    request = engine.request(
        2, trigger, about=WorkerId("claude"), author=CLAUDE, text="No database", agents=(GEMINI, CLAUDE, CODEX), now=NOW
    )
    assert request.id == "002-blocker"
    assert request.reviewers == (GEMINI, CODEX)
    assert request.deadline == NOW + timedelta(seconds=60)


def test_who_was_asked_and_did_not_answer_abstains(request_: ReviewRequest, said: Callable[..., PeerReview]) -> None:
    decision = ReviewEngine().evaluate(request_, [said(Verdict.APPROVED, "gemini")])
    assert decision.action is Action.CONTINUE
    assert decision.tally[Verdict.ABSTAINED] == 1


def test_a_panel_that_did_not_answer_asks_a_person(request_: ReviewRequest) -> None:
    decision = ReviewEngine().evaluate(request_, [])
    assert decision.action is Action.PAUSE_AND_CLARIFY
    assert decision.rule == "nobody answered"
    assert len(decision.reasons) == 2


def test_the_engine_counts_rounds() -> None:
    engine = ReviewEngine(max_rounds=1)
    rounds, reason = engine.admit(Rounds(), WorkerId("claude"), "one")
    assert reason is None
    assert engine.admit(rounds, WorkerId("claude"), "two")[1] is not None
