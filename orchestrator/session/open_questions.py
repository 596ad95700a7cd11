"""Say of each question that waits for a person who asks it, and what the reviewers said who led to it."""

from __future__ import annotations

from datetime import datetime

from orchestrator.models.facts import Question
from orchestrator.models.identity import ReviewId, WorkerId
from orchestrator.models.reviews import PeerReview, Verdict
from orchestrator.session.choices import choice_effect
from orchestrator.session.exits import ABOUT_DOUBTS
from orchestrator.session.metric_watch import ABOUT_ESCALATION
from orchestrator.session.review_cycle import ABOUT_BLOCKED, ABOUT_CONCERNS, ABOUT_ROUNDS, reviews_about
from orchestrator.session.state import ReviewState, Session
from orchestrator.value_class import value_class

THE_ORCHESTRATOR = "the orchestrator"


@value_class
class OpenQuestion:
    """A question with what a person needs to decide it."""

    id: str
    text: str
    suggestions: tuple[str, ...]
    about: WorkerId | None
    asked_by: str
    """Who asks, in words: a review policy, the guard, an agent, the permission recovery, the orchestrator."""
    points: tuple[str, ...] = ()
    """What the reviewers said whose review led to it, each with the reviewer's name."""
    consent: bool = False
    """Whether a command waits to be allowed: only yes or no answers that."""
    effects: tuple[str, ...] = ()
    """What choosing each of the suggestions does, in their order."""
    until: datetime | None = None
    """When a consent that nobody gives is refused; ``None``: the question waits as long as it takes."""
    review: ReviewId | None = None
    """The review that led to it."""
    asked_at: datetime | None = None
    """When it was put."""


def open_questions(session: Session) -> tuple[OpenQuestion, ...]:
    """Every question that waits for a person, oldest first."""
    return tuple(open_question(session, question) for question in session.approvals.questions)


def open_question(session: Session, question: Question) -> OpenQuestion:
    """The question with who asks it."""
    pending = session.approvals.guards.get(question.id)
    in_place = pending is not None and pending.parcel is not None
    review = _review(session, question)
    return OpenQuestion(
        question.id,
        question.text,
        question.suggestions,
        question.about,
        _asker(session, question),
        _points(review),
        consent=pending is not None,
        effects=tuple(
            choice_effect(question, chosen, consent=pending is not None, in_place=in_place)
            for chosen in question.suggestions
        ),
        until=pending.deadline if pending is not None else None,
        review=review.request.id if review is not None else None,
        asked_at=session.approvals.asked_at.get(question.id),
    )


def _asker(session: Session, question: Question) -> str:
    if question.id in session.approvals.guards:
        return f"the guard of the sandbox policy {session.options.sandbox.name}"
    if question.suggestions in (ABOUT_CONCERNS, ABOUT_ROUNDS):
        return f"the review policy {session.options.policy.name}"
    if question.suggestions == ABOUT_ESCALATION:
        rule = next((one.rule for one in session.watch.escalated if one.words == question.text), "")
        return f"the escalation rule {rule}".rstrip()
    if question.suggestions == ABOUT_BLOCKED and question.about is not None:
        return str(question.about)
    if question.suggestions == ABOUT_DOUBTS or question.about is None:
        return THE_ORCHESTRATOR
    is_recovery = any(
        action.worker == question.about and action.because in question.text for action in session.recoveries
    )
    return "the permission recovery" if is_recovery else THE_ORCHESTRATOR


def _review(session: Session, question: Question) -> ReviewState | None:
    """The review that led to the question, where a review did."""
    if question.suggestions not in (ABOUT_CONCERNS, ABOUT_ROUNDS) or question.about is None:
        return None
    decided = [review for review in reviews_about(session, question.about) if review.decision is not None]
    named = [review for review in decided if f"({review.request.id})" in question.text]
    return (named or decided)[-1] if decided else None


def _points(review: ReviewState | None) -> tuple[str, ...]:
    if review is None:
        return ()
    answers = [answer for answer in (*review.panel.values(), review.measured) if answer is not None]
    return tuple(line for answer in answers for line in _said_by(answer))


def _said_by(answer: PeerReview) -> tuple[str, ...]:
    """The points of one who did not simply approve; the summary alone where there is no point."""
    if answer.verdict in (Verdict.APPROVED, Verdict.ABSTAINED):
        return ()
    return tuple(f"{answer.reviewer} ({answer.verdict}): {point}" for point in answer.points or (answer.summary,))
