from __future__ import annotations

import pytest

from orchestrator.models.effects import CloseSession
from orchestrator.models.entries import SessionClosed
from orchestrator.models.events import EventType, TurnEnded
from orchestrator.models.facts import Question
from orchestrator.session.review_cycle import ABOUT_ROUNDS
from orchestrator.store.recorded_reviews import _is_of_rounds, recorded_session
from orchestrator.store.redecision import predicted
from tests.session.conftest import Play
from tests.store.conftest import PASSED, closed


def played(frequency: str = "every_change") -> Play:
    """A session with three milestones of one worker, whose reviews take 100 s; the rule may spare some."""
    p = Play("gemini", "claude", "codex", watch_rules=1, consensus_frequency=frequency, max_review_rounds=5)
    p.finishes("gemini")
    p.start("claude")
    for number in (1, 2, 3):
        p.reports("claude", EventType.MILESTONE, f"step {number}")
        if not p.session.open_reviews():
            continue
        p.snapshot("a.py")
        reviewers = [one for one in p.session.workers if one.startswith(f"review-{number:03}")]
        for worker in reviewers:
            p.start(worker)
        p.later(100)
        for worker in reviewers:
            reply = {"verdict": "approved", "summary": "fine", "points": []}
            p.says(worker, TurnEnded(ok=True, subtype="success", text="", reply=reply), kind=EventType.STATUS)
            p.exits(worker)
    p.works("claude")
    p.exits("claude")
    p.measures("claude", "a.py")
    p.snapshot("a.py")
    p.reviews("codex", "approved")
    p.done()
    name, close = p.last(CloseSession)
    p.take(SessionClosed(close.outcome, close.reason, name))
    return p


def test_reviews_are_taken_from_the_journal_with_the_time_that_their_answers_took() -> None:
    found = recorded_session(played().entries, digest="d")
    assert found is not None
    assert [one.trigger for one in found.reviews] == ["milestone", "milestone", "milestone", "final"]
    assert [one.counted for one in found.reviews[:3]] == [1, 2, 3]
    needed = [one.needed_s for one in found.reviews[0].answers]
    assert all(one is not None and 100 <= one < 110 for one in needed)
    assert len(needed) == 2
    assert predicted([found], "review_timeout_s", 90).differs == 3, "nobody would have answered in time"
    assert predicted([found], "review_timeout_s", 180).differs == 0


def test_what_one_rule_would_have_spared_is_what_it_spares() -> None:
    """The prediction from a session without the rule is what a session with it came to."""
    every, spared = (recorded_session(played(one).entries, digest="d") for one in ("every_change", "threshold"))
    assert every is not None
    assert spared is not None
    assert predicted([every], "consensus_frequency", "threshold").fewer == len(spared.spared) == 1
    assert len(every.reviews) - len(spared.reviews) == 1
    assert predicted([spared], "consensus_frequency", "every_change").more == 1


def test_a_session_that_has_not_ended_tells_nothing() -> None:
    assert recorded_session(played().entries[:-1], digest="d") is None
    assert recorded_session(closed(PASSED).entries, digest="d") is not None


@pytest.mark.parametrize(
    ("text", "suggestions", "counts"),
    [
        ("claude has been reviewed 10 times, and 10 is the most", ABOUT_ROUNDS, True),
        ("claude reports the same again", ABOUT_ROUNDS, False),
        ("it does not start; it has been relaunched 3 times, and 3 is the most", ("try again", "stop"), False),
    ],
)
def test_only_a_question_about_rounds_is_one_too_many(text: str, suggestions: tuple[str, ...], counts: bool) -> None:
    assert _is_of_rounds(Question("q1", text, suggestions)) is counts
