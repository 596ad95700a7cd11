"""The engine is the peer review system of spec 004 as one value: policy, caps, and what a session asks of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from orchestrator.models.decisions import Action, OrchestratorDecision, Policy
from orchestrator.models.events import AgentEvent
from orchestrator.models.identity import ORCHESTRATOR, AgentName, WorkerId
from orchestrator.models.recorded_sentences import NO_ANSWER_CAME
from orchestrator.models.reviews import PeerReview, ReviewRequest, Trigger, Verdict
from orchestrator.review_engine.decision_policies import STANDARD, decide
from orchestrator.review_engine.replies import abstention
from orchestrator.review_engine.requests import review_id, reviewers_for
from orchestrator.review_engine.rounds import Rounds, may_review
from orchestrator.review_engine.triggers import trigger_of
from orchestrator.value_class import value_class

GOES_ON = frozenset({Action.CONTINUE, Action.LOG_WARNING})
"""What a policy may say after which the work stands."""
UNHEARD = "a reviewer could not be heard, and nobody else speaks for it"
MEASURED_CONCERN = "a measured concern, which no opinion outweighs"


@value_class
class ReviewEngine:
    """Decides what is reviewed, by whom, and what follows from the verdicts."""

    policy: Policy = STANDARD
    max_rounds: int = 3
    """Reviews of one worker's events before a person is asked."""
    timeout_s: float = 300.0
    """How long a reviewer may take."""
    heeds_measures: bool = False
    """What the orchestrator measured of finished work is no opinion: a concern of its own is never outvoted."""

    def should_review(self, event: AgentEvent) -> Trigger | None:
        """What review the event asks for, if any."""
        return trigger_of(event)

    def admit(self, rounds: Rounds, worker: WorkerId, text: str) -> tuple[Rounds, str | None]:
        """Count one more review of the worker, or say why a person must look instead."""
        return may_review(rounds, worker, text, cap=self.max_rounds)

    def request(
        self,
        number: int,
        trigger: Trigger,
        *,
        about: WorkerId | None,
        author: AgentName | None,
        text: str,
        agents: Sequence[AgentName],
        now: datetime,
    ) -> ReviewRequest:
        """The session's ``number``-th review: asked of all ``agents`` but the author."""
        return ReviewRequest(
            id=review_id(number, trigger),
            trigger=trigger,
            about=about,
            text=text,
            reviewers=reviewers_for(author, agents),
            asked_at=now,
            deadline=now + timedelta(seconds=self.timeout_s),
        )

    def evaluate(self, request: ReviewRequest, reviews: Sequence[PeerReview]) -> OrchestratorDecision:
        """Apply the policy; whoever was asked and is not among ``reviews`` abstains.

        The work never goes on over a reviewer that could not be heard: its word might have stopped it.
        """
        answered = {review.reviewer for review in reviews}
        missing = [
            abstention(request.id, reviewer, NO_ANSWER_CAME())
            for reviewer in request.reviewers
            if reviewer not in answered
        ]
        decision = decide(self.policy, (*reviews, *missing), request=request)
        measured = [r for r in reviews if r.reviewer == ORCHESTRATOR and r.verdict is Verdict.CONCERNS]
        if measured and self.heeds_measures and request.trigger is Trigger.FINAL and decision.action in GOES_ON:
            reasons = tuple(f"{review.reviewer}: {review.summary}" for review in measured)
            return replace(decision, action=Action.PAUSE_AND_CLARIFY, rule=MEASURED_CONCERN, reasons=reasons)
        unheard = tuple(f"{review.reviewer}: {review.problem}" for review in reviews if review.unheard)
        if unheard and decision.action in GOES_ON:
            return replace(decision, action=Action.PAUSE_AND_CLARIFY, rule=UNHEARD, reasons=unheard)
        return decision
