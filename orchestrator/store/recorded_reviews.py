"""Take from a session's journal what its reviews can be decided again from: pure, and small beside the journal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from orchestrator.models.decisions import Policy
from orchestrator.models.entries import AgentOutput, ClockMoved, CoordinatorResumed, JournalEntry, Wanted
from orchestrator.models.facts import PersonAsked, Question, Warned
from orchestrator.models.identity import ReviewId, WorkerId
from orchestrator.models.options import SessionOptions
from orchestrator.models.recorded_sentences import MILESTONE_SPARED, NOBODY_HEARD, ROUNDS_USED_UP, was_late
from orchestrator.models.reviews import Trigger
from orchestrator.models.workers import WorkerStatus
from orchestrator.session.fold import fold
from orchestrator.session.review_cycle import ABOUT_ROUNDS
from orchestrator.session.state import ReviewState, Session
from orchestrator.tuning.parameters import Value
from orchestrator.value_class import value_class

LEAST_GAP_S: Final = 60.0
"""A shorter time without a word is below every bound of silence that there is."""


@value_class
class RecordedAnswer:
    """What one of a panel answered."""

    reviewer: str
    verdict: str
    needed_s: float | None = None
    """With a shorter time limit it would have come too late; ``None``: no limit was its matter, as for a measurement,
    or it never came."""
    was_late: bool = False


@value_class
class RecordedReview:
    """One decided review."""

    name: str
    about: str
    trigger: str
    asked_at: datetime
    action: str
    answers: tuple[RecordedAnswer, ...]
    of_everybody: bool = False
    """It was asked for because nobody at all said anything."""
    counted: int = 0
    """Its number among the reviews of this worker since a person looked; 0: it is not counted."""


@value_class
class SparedMilestone:
    """A milestone that the session's rule spared."""

    about: str
    at: datetime


@value_class
class RecordedSession:
    """One ended session, as far as its reviews go."""

    session: str
    digest: str
    """A hash over its journal."""
    policy: Policy
    values: Mapping[str, Value]
    """What it ran with, of the parameters that reviews depend on."""
    reviews: tuple[RecordedReview, ...]
    """In the order in which they were asked for."""
    spared: tuple[SparedMilestone, ...]
    over_most: int
    """How often a person was asked because there had been as many reviews as there may be."""
    gaps_s: tuple[float, ...]
    """Times in which no worker said anything, while some ran and no review was open."""


def recorded_session(entries: Iterable[JournalEntry], *, digest: str) -> RecordedSession | None:
    """What these entries tell; ``None`` of a session that has not ended, and of a rehearsal."""
    seen = _Seen()
    session: Session | None = None
    for entry, after, wanted in fold(None, entries):
        seen.take(entry, session, after, wanted)
        session = after
    if session is None or session.closed is None or session.options.rehearsal is not None:
        return None
    reviews = session.assessment.reviews.values()
    return RecordedSession(
        session=session.id,
        digest=digest,
        policy=session.options.policy,
        values=review_values(session.options),
        reviews=tuple(seen.recorded(one) for one in reviews if one.decision is not None),
        spared=tuple(seen.spared),
        over_most=seen.over_most,
        gaps_s=tuple(seen.gaps),
    )


def review_values(options: SessionOptions) -> Mapping[str, Value]:
    """The parameters that reviews depend on, as this session had them."""
    return {
        "consensus_frequency": options.consensus_frequency,
        "max_review_rounds": options.max_review_rounds,
        "review_timeout_s": options.review_timeout_s,
        "silence_s": options.silence_s,
        "timebox_s": options.timebox_s,
        "trusted_after": options.trusted_after,
    }


class _Seen:
    """What only shows while the entries go by."""

    def __init__(self) -> None:
        self.spared: list[SparedMilestone] = []
        self.over_most = 0
        self.gaps: list[float] = []
        self.counted: dict[ReviewId, int] = {}
        self.needed: dict[tuple[ReviewId, WorkerId], float] = {}
        self.since: dict[WorkerId, datetime] = {}
        self.heard: datetime | None = None

    def take(self, entry: JournalEntry, before: Session | None, after: Session, wanted: tuple[Wanted, ...]) -> None:
        self._listen(entry, before)
        for worker, detail in after.details.items():
            if detail.current.running_since is not None:
                self.since[worker] = detail.current.running_since
        for one in wanted:
            if isinstance(one, Warned) and MILESTONE_SPARED.is_whole(one.text):
                self.spared.append(SparedMilestone(str(one.worker or ""), entry.at))
            elif isinstance(one, PersonAsked) and _is_of_rounds(one.question):
                self.over_most += 1
        known = before.assessment.reviews if before is not None else {}
        if after.assessment.reviews is known:
            return
        for name, review in after.assessment.reviews.items():
            about = review.request.about
            if name not in known:
                self.counted[name] = after.assessment.rounds.counts.get(about, 0) if about is not None else 0
                if _is_of_everybody(review):
                    self.gaps.append(after.options.silence_s)
                    self.heard = entry.at
            for worker, answer in review.panel.items():
                if answer is not None and (name not in known or known[name].panel.get(worker) is None):
                    self._answered(review, worker, entry.at, after.options.review_timeout_s)

    def _listen(self, entry: JournalEntry, before: Session | None) -> None:
        if isinstance(entry.body, ClockMoved | CoordinatorResumed):
            self.heard = None
        if not isinstance(entry.body, AgentOutput):
            return
        if self.heard is not None and before is not None:
            gap = (entry.at - self.heard).total_seconds()
            runs = any(one.status in (WorkerStatus.RUNNING, WorkerStatus.SILENT) for one in before.workers.values())
            if gap >= LEAST_GAP_S and runs and not before.open_reviews():
                self.gaps.append(gap)
        self.heard = entry.at

    def _answered(self, review: ReviewState, worker: WorkerId, at: datetime, given_s: float) -> None:
        begun = self.since.get(worker)
        if begun is None:
            return  # the orchestrator's measurement, or one that was never asked
        asked = review.request.deadline - timedelta(seconds=given_s)
        self.needed[review.request.id, worker] = max(0.0, (at - max(asked, begun)).total_seconds())

    def recorded(self, review: ReviewState) -> RecordedReview:
        request, decision = review.request, review.decision
        answers = [
            RecordedAnswer(
                answer.reviewer,
                answer.verdict.value,
                self.needed.get((request.id, worker)) if answer.problem is None else None,
                answer.problem is not None and was_late(answer.problem),
            )
            for worker, answer in review.panel.items()
            if answer is not None
        ]
        if review.measured is not None:
            answers.append(RecordedAnswer(review.measured.reviewer, review.measured.verdict.value))
        return RecordedReview(
            name=request.id,
            about=str(request.about or ""),
            trigger=request.trigger.value,
            asked_at=request.asked_at,
            action=decision.action.value if decision is not None else "",
            answers=tuple(answers),
            of_everybody=_is_of_everybody(review),
            counted=self.counted.get(request.id, 0),
        )


def _is_of_rounds(question: Question) -> bool:
    # A recovery quotes words that may end so as well, and what repeats itself has the same suggestions.
    return question.suggestions == ABOUT_ROUNDS and ROUNDS_USED_UP.ends(question.text)


def _is_of_everybody(review: ReviewState) -> bool:
    return review.request.trigger is Trigger.SILENCE and NOBODY_HEARD.is_whole(review.request.text)
