"""Hold a step against reviews on record: decide each again with the other value, by the same code.

It is pure.  What agents would have done after a difference is not in any journal: each recorded event is taken as it
came, and what would have been said besides counts as unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from orchestrator.models.decisions import Action
from orchestrator.models.identity import ORCHESTRATOR, AgentName, ReviewId
from orchestrator.models.reviews import PeerReview, ReviewRequest, Trigger, Verdict
from orchestrator.review_engine.decision_policies import decide
from orchestrator.session.review_frequency import spared_under
from orchestrator.store.recorded_reviews import RecordedReview, RecordedSession, SparedMilestone
from orchestrator.tuning.parameters import BASELINE, PARAMETERS, Value
from orchestrator.tuning.predictions import Prediction
from orchestrator.value_class import value_class

FOR_A_PERSON: Final = (Action.STOP_AND_ESCALATE.value, Action.PAUSE_AND_CLARIFY.value)
_OBJECTIONS: Final = (Verdict.CONCERNS.value, Verdict.BLOCKER.value)


def told_of(sessions: Iterable[RecordedSession], parameter: str, before: Value) -> Sequence[RecordedSession]:
    """The sessions that a step can be held against: they ran with the value that it leaves, and it meant something."""
    means_something = PARAMETERS[parameter].means_something
    return [one for one in sessions if one.values.get(parameter) == before and means_something(one.values)]


def predicted(sessions: Iterable[RecordedSession], parameter: str, after: Value) -> Prediction:
    """What would have been otherwise in these sessions with another value of one parameter.

    Raises:
        ValueError: Reviews on record say nothing of the parameter.
    """
    found = Prediction()
    for session in sessions:
        found = found.and_(_in_session(session, parameter, after))
    return found


@value_class
class _Other:
    """What of one recorded review, or beside them, would have been otherwise."""

    review: RecordedReview | None = None
    action: str | None = None
    """What would have been decided; ``None``: nobody would have looked."""
    is_held: bool = False
    """Whether the review would have been held at all; a person may be asked in its place."""
    more: int = 0
    interventions: int = 0
    late: int = 0


def _in_session(session: RecordedSession, parameter: str, after: Value) -> Prediction:
    match parameter:
        case "consensus_frequency":
            others = list(_with_frequency(session, {"consensus_frequency": after}))
        case "timebox_s" | "trusted_after":
            others = list(_with_frequency(session, {parameter: after}))
        case "max_review_rounds":
            others = list(_with_rounds(session, int(after)))
        case "review_timeout_s":
            others = list(_with_timeout(session, float(after)))
        case "silence_s":
            others = list(_with_silence(session, float(after)))
        case _:
            raise ValueError(f"reviews on record say nothing of {parameter}")
    changed = [(one.review, one.action) for one in others if one.review is not None]
    held = [(one.review, one.action) for one in others if one.review is not None and one.is_held]
    missed = sum(_has_blocker(review) and action not in FOR_A_PERSON for review, action in changed)
    passed = sum(_passes_failure(review, action) for review, action in changed)
    asked = sum((action in FOR_A_PERSON) - (review.action in FOR_A_PERSON) for review, action in changed)
    return Prediction(
        reviews=len(session.reviews),
        fewer=len(changed) - len(held),
        more=sum(one.more for one in others),
        differs=sum(action != review.action for review, action in held),
        interventions=asked + sum(one.interventions for one in others),
        late=sum(one.late for one in others),
        missed_blockers=missed,
        passed_failures=passed,
        sessions=(session.session,) if missed or passed else (),
    )


def _has_blocker(review: RecordedReview) -> bool:
    """Whether an agent's blocker stopped the session or its author."""
    told = [one.verdict for one in review.answers if one.reviewer != ORCHESTRATOR]
    return Verdict.BLOCKER.value in told and review.action in FOR_A_PERSON


def _passes_failure(review: RecordedReview, action: str | None) -> bool:
    """Whether what the orchestrator measured itself would no longer be told, or hold nobody up where it did."""
    failed = any(one.reviewer == ORCHESTRATOR and one.verdict in _OBJECTIONS for one in review.answers)
    return failed and (action is None or (review.action in FOR_A_PERSON and action not in FOR_A_PERSON))


def _with_frequency(session: RecordedSession, changed: Mapping[str, Value]) -> Iterator[_Other]:
    """Each milestone on record is weighed anew, against the reviews that would have been held until then.

    Args:
        changed: What is otherwise than it was in the session, of the parameters that say which milestones are spared.
    """
    values = {**BASELINE, **session.values, **changed}
    asked_at: dict[str, datetime] = {}
    actions: dict[str, list[str]] = {}
    events: list[RecordedReview | SparedMilestone] = [*session.reviews, *session.spared]
    for one in sorted(events, key=_time_of):
        at, about = _time_of(one), one.about
        is_milestone = isinstance(one, SparedMilestone) or one.trigger == Trigger.MILESTONE.value
        spared = is_milestone and spared_under(
            str(values["consensus_frequency"]),
            asked_at.get(about),
            actions.get(about, ()),
            at=at,
            timebox_s=float(values["timebox_s"]),
            trusted_after=int(values["trusted_after"]),
        )
        if spared:
            if isinstance(one, RecordedReview):
                yield _Other(one, None)
            continue
        asked_at[about] = at
        if isinstance(one, RecordedReview):
            actions.setdefault(about, []).append(one.action)
        else:
            yield _Other(more=1)


def _time_of(one: RecordedReview | SparedMilestone) -> datetime:
    return one.asked_at if isinstance(one, RecordedReview) else one.at


def _with_rounds(session: RecordedSession, most: int) -> Iterator[_Other]:
    """With fewer rounds a person is asked in place of a review; with more, reviews come before that question."""
    held: dict[str, int] = {}
    last: dict[str, int] = {}
    for review in session.reviews:
        if not review.counted:
            continue
        if review.counted <= last.get(review.about, 0):
            held[review.about] = 0  # a person has looked at it
        last[review.about] = review.counted
        if held.get(review.about, 0) < most:
            held[review.about] = held.get(review.about, 0) + 1
        else:
            held[review.about] = 0
            yield _Other(review, Action.PAUSE_AND_CLARIFY.value)
    if most > int(session.values["max_review_rounds"]):
        for _ in range(session.over_most):
            yield _Other(more=1, interventions=-1)


def _with_timeout(session: RecordedSession, given_s: float) -> Iterator[_Other]:
    """Who took longer abstains, and the session's policy decides again; who was late would have had more time."""
    if given_s > float(session.values["review_timeout_s"]):
        yield _Other(late=sum(one.was_late for review in session.reviews for one in review.answers))
    for review in session.reviews:
        told = [
            one.verdict if one.needed_s is None or one.needed_s < given_s else Verdict.ABSTAINED.value
            for one in review.answers
        ]
        if told == [one.verdict for one in review.answers]:
            continue
        name = ReviewId(review.name)
        panel = [
            PeerReview(name, AgentName(one.reviewer), Verdict(verdict))
            for one, verdict in zip(review.answers, told, strict=True)
        ]
        request = ReviewRequest(name, Trigger(review.trigger), None, "", (), review.asked_at, review.asked_at)
        yield _Other(review, decide(session.policy, panel, request=request).action.value, is_held=True)


def _with_silence(session: RecordedSession, silence_s: float) -> Iterator[_Other]:
    """Sooner, more silences are looked at; later, a review of silence comes later or, taken at its worst, never."""
    was = float(session.values["silence_s"])
    if silence_s > was:
        yield from (_Other(review, None) for review in session.reviews if review.of_everybody)
    else:
        yield _Other(more=sum(silence_s <= gap < was for gap in session.gaps_s))
