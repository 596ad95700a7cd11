from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orchestrator.review_engine.decision_policies import CAUTIOUS, STANDARD
from orchestrator.store.recorded_reviews import RecordedAnswer, RecordedReview, RecordedSession, SparedMilestone
from orchestrator.store.redecision import predicted, told_of
from orchestrator.tuning.parameters import BASELINE
from orchestrator.tuning.predictions import CANNOT_JUDGE, Prediction

OPENED = datetime(2026, 11, 30, tzinfo=UTC)
GO, STOP, ASK, WARN = "continue", "stop_and_escalate", "pause_and_clarify", "log_warning"


def review(number: int, action: str = GO, *answers: RecordedAnswer, minute: float = 0, **how: Any) -> RecordedReview:
    given: dict[str, Any] = {"trigger": "milestone", "counted": number, **how}
    told = answers or (RecordedAnswer("codex", "approved"),)
    return RecordedReview(f"r{number}", "claude", asked_at=at(minute), action=action, answers=told, **given)


def at(minute: float) -> datetime:
    return OPENED + timedelta(minutes=minute)


def session(
    *reviews: RecordedReview, spared: Sequence[float] = (), gaps: Sequence[float] = (), over: int = 0, **how: Any
) -> RecordedSession:
    policy = how.pop("policy", STANDARD)
    milestones = tuple(SparedMilestone("claude", at(minute)) for minute in spared)
    return RecordedSession("s", "digest", policy, {**BASELINE, **how}, reviews, milestones, over, tuple(gaps))


def test_only_sessions_that_ran_with_what_is_left_are_asked() -> None:
    one, other = session(), session(silence_s=600)
    assert told_of([one, other], "silence_s", 900) == [one]


@pytest.mark.parametrize(("frequency", "fewer"), [("critical_only", 4), ("timeboxed", 2), ("threshold", 2)])
def test_milestones_are_weighed_anew_by_another_rule(frequency: str, fewer: int) -> None:
    found = predicted(
        [session(*(review(number, minute=8 * number) for number in range(1, 5)))], "consensus_frequency", frequency
    )
    assert found == Prediction(reviews=4, fewer=fewer)


def test_a_step_that_spares_a_review_which_found_something_is_harmful() -> None:
    blocker, failure = RecordedAnswer("codex", "blocker"), RecordedAnswer("orchestrator", "concerns")
    found = predicted([session(review(1, STOP, blocker))], "consensus_frequency", "critical_only")
    assert (found.missed_blockers, found.interventions, found.sessions) == (1, -1, ("s",))
    measured = predicted([session(review(1, WARN, failure))], "consensus_frequency", "critical_only")
    assert (measured.missed_blockers, measured.passed_failures, measured.is_harmful) == (0, 1, True)
    asked_for = predicted(
        [session(review(1, STOP, blocker, trigger="blocker"))], "consensus_frequency", "critical_only"
    )
    assert asked_for == Prediction(reviews=1), "what an agent asks for is never spared"


def test_a_milestone_that_was_spared_would_have_been_reviewed_by_a_stricter_rule() -> None:
    found = predicted(
        [session(review(1), spared=[5, 20], consensus_frequency="timeboxed")], "consensus_frequency", "every_change"
    )
    assert found == Prediction(reviews=1, more=2)


def test_a_timebox_and_trust_are_weighed_anew_where_their_frequency_was_in_force() -> None:
    boxed = session(review(1), review(2, minute=16), review(3, minute=32), spared=[8], consensus_frequency="timeboxed")
    assert told_of([session(), boxed], "timebox_s", 900) == [boxed], "elsewhere it means nothing"
    assert predicted([boxed], "timebox_s", 1800) == Prediction(reviews=3, fewer=1)
    assert predicted([boxed], "timebox_s", 300) == Prediction(reviews=3, more=1)
    blocker = review(2, STOP, RecordedAnswer("codex", "blocker"), minute=16)
    missed = predicted([session(review(1), blocker, consensus_frequency="timeboxed")], "timebox_s", 1800)
    assert (missed.missed_blockers, missed.is_harmful) == (1, True)
    trusted = session(review(1), review(2, minute=5), spared=[10, 15], consensus_frequency="threshold")
    assert told_of([session(), boxed, trusted], "trusted_after", 2) == [trusted]
    assert predicted([trusted], "trusted_after", 3).more >= 1


def test_with_fewer_rounds_a_person_is_asked_in_place_of_the_last_review() -> None:
    three = session(*(review(number) for number in (1, 2, 3)))
    assert predicted([three], "max_review_rounds", 2) == Prediction(reviews=3, fewer=1, interventions=1)
    stopped = session(review(1), review(2), review(3, STOP, RecordedAnswer("codex", "blocker")))
    found = predicted([stopped], "max_review_rounds", 2)
    assert (found.fewer, found.interventions, found.is_harmful) == (1, 0, False), "a person looks instead"
    looked_at = session(review(1), review(2), review(1), review(2))
    assert predicted([looked_at], "max_review_rounds", 2) == Prediction(reviews=4)


def test_with_more_rounds_a_question_is_a_review() -> None:
    assert predicted([session(over=2)], "max_review_rounds", 4) == Prediction(more=2, interventions=-2)
    assert predicted([session(over=2)], "max_review_rounds", 2) == Prediction()


def test_an_answer_that_would_be_late_is_none_and_the_policy_decides_again() -> None:
    slow = RecordedAnswer("codex", "blocker", 250.0)
    quick = RecordedAnswer("gemini", "approved", 20.0)
    missed = predicted([session(review(1, STOP, slow, quick))], "review_timeout_s", 240)
    assert missed == Prediction(1, differs=1, interventions=-1, missed_blockers=1, sessions=("s",))
    agreed = (RecordedAnswer("codex", "approved", 250.0), quick)
    assert predicted([session(review(1, GO, *agreed))], "review_timeout_s", 240) == Prediction(1)
    cautious = predicted([session(review(1, GO, *agreed), policy=CAUTIOUS)], "review_timeout_s", 240)
    assert cautious == Prediction(1, differs=1, interventions=1)


def test_what_a_late_answer_would_have_said_is_unknown() -> None:
    late = RecordedAnswer("codex", "abstained", was_late=True)
    assert predicted([session(review(1, ASK, late))], "review_timeout_s", 450) == Prediction(1, late=1)


def test_shorter_silences_are_looked_at_and_longer_ones_are_waited_for() -> None:
    assert predicted([session(gaps=[120, 700, 899])], "silence_s", 600) == Prediction(more=2)
    silent = review(1, STOP, RecordedAnswer("codex", "blocker"), trigger="silence", of_everybody=True)
    found = predicted([session(silent)], "silence_s", 1200)
    assert (found.fewer, found.missed_blockers) == (1, 1)


@pytest.mark.parametrize("parameter", CANNOT_JUDGE)
def test_what_no_review_tells_of_is_refused(parameter: str) -> None:
    with pytest.raises(ValueError, match=parameter):
        predicted([session()], parameter, 1)
