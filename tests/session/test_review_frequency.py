from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from orchestrator.models.decisions import Action
from orchestrator.models.entries import CoordinatorResumed
from orchestrator.models.events import EventType
from orchestrator.models.facts import FrequencyChanged
from orchestrator.models.identity import WorkerId
from orchestrator.session.replaying import replay
from orchestrator.session.review_frequency import spared_by_frequency
from orchestrator.session.state import Session
from tests.session.conftest import Play
from tests.store.conftest import PASSED, closed

WORKER = WorkerId("claude")
TIMEBOX = timedelta(minutes=15)
TRUSTED_AFTER = 2


@pytest.fixture
def played() -> Play:
    return closed(PASSED)


def with_reviews(played: Play, frequency: Any, *actions: Action) -> tuple[Session, Any]:
    """The session with so many decided reviews about one worker."""
    session = played.session
    session.options = replace(session.options, consensus_frequency=frequency)
    one = next(iter(session.assessment.reviews.values()))
    assert one.decision is not None
    asked = one.request.asked_at
    session.assessment.reviews = {
        f"r{number}": replace(  # type: ignore[misc]  # the ids are texts
            one, request=replace(one.request, about=WORKER), decision=replace(one.decision, action=action)
        )
        for number, action in enumerate(actions)
    }
    return session, asked


def test_every_change_is_reviewed_where_nothing_else_was_said(played: Play) -> None:
    session, asked = with_reviews(played, "every_change", *[Action.CONTINUE] * 5)
    assert spared_by_frequency(session, WORKER, asked) == ""


def test_with_critical_only_no_milestone_is(played: Play) -> None:
    session, asked = with_reviews(played, "critical_only")
    assert "critical_only" in spared_by_frequency(session, WORKER, asked)


def test_in_a_timebox_there_is_one_review(played: Play) -> None:
    session, asked = with_reviews(played, "timeboxed", Action.CONTINUE)
    assert spared_by_frequency(session, WORKER, asked + TIMEBOX - timedelta(seconds=1))
    assert spared_by_frequency(session, WORKER, asked + TIMEBOX) == ""
    assert spared_by_frequency(session, WorkerId("gemini"), asked) == "", "each worker has its own"


def test_who_was_let_go_on_twice_is_trusted_until_somebody_objects(played: Play) -> None:
    session, asked = with_reviews(played, "threshold", *[Action.CONTINUE] * (TRUSTED_AFTER - 1))
    assert spared_by_frequency(session, WORKER, asked) == ""
    session, asked = with_reviews(closed(PASSED), "threshold", *[Action.CONTINUE] * TRUSTED_AFTER)
    assert spared_by_frequency(session, WORKER, asked)
    session, asked = with_reviews(closed(PASSED), "threshold", Action.CONTINUE, Action.LOG_WARNING)
    assert spared_by_frequency(session, WORKER, asked) == ""


def test_how_long_a_timebox_is_and_how_soon_one_is_trusted_stands_in_entry_1(played: Play) -> None:
    session, asked = with_reviews(played, "timeboxed", Action.CONTINUE)
    session.options = replace(session.options, timebox_s=300.0)
    assert "less than 5 minutes ago" in spared_by_frequency(session, WORKER, asked + timedelta(seconds=299))
    assert spared_by_frequency(session, WORKER, asked + timedelta(seconds=300)) == ""
    for reviews, spared in ((2, False), (3, True)):
        session, asked = with_reviews(closed(PASSED), "threshold", *[Action.CONTINUE] * reviews)
        session.options = replace(session.options, trusted_after=3)
        assert bool(spared_by_frequency(session, WORKER, asked)) is spared


def test_a_change_of_frequency_is_put_on_record_and_is_the_rules_alone() -> None:
    p = Play("gemini", "claude", "codex", watch_rules=1, consensus_frequency="threshold", interactive=True)
    p.finishes("gemini")
    p.start("claude")

    def review(number: int, verdict: str, kind: EventType = EventType.MILESTONE) -> None:
        p.reports("claude", kind, f"step {number}")
        p.snapshot("a.py")
        for worker in [one for one in p.session.workers if one.startswith(f"review-{number:03}")]:
            p.reviews(worker, verdict)

    review(1, "approved")
    assert not p.wanted(FrequencyChanged)
    review(2, "approved")
    (trusted,) = p.wanted(FrequencyChanged)
    assert (trusted.worker, trusted.rule, trusted.before, trusted.after) == (
        WORKER,
        "threshold",
        "every_change",
        "critical_only",
    )
    assert len(trusted.reviews) == TRUSTED_AFTER
    p.reports("claude", EventType.MILESTONE, "step 3")
    assert len(p.session.assessment.reviews) == TRUSTED_AFTER, "it is spared"
    review(3, "concerns", EventType.BLOCKER)
    assert [one.after for one in p.wanted(FrequencyChanged)] == ["critical_only", "every_change"]
    assert replay(p.entries).session == p.session
    assert p.session.options.consensus_frequency == "threshold"


@pytest.mark.parametrize("frequency", ["every_change", "critical_only", "timeboxed"])
def test_no_other_rule_changes_within_a_session(frequency: str) -> None:
    p = Play("gemini", "claude", "codex", watch_rules=1, consensus_frequency=frequency, interactive=True)
    p.finishes("gemini")
    p.start("claude")
    p.reports("claude", EventType.BLOCKER, "I lack a key")
    p.snapshot("a.py")
    for worker in [one for one in p.session.workers if one.startswith("review-001")]:
        p.reviews(worker, "approved")
    p.take(CoordinatorResumed(1, interactive=True))
    assert not p.wanted(FrequencyChanged)
    assert p.session.options.consensus_frequency == frequency
