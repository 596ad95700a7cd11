from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.models.effects import CloseSession, Outcome, StartWorker
from orchestrator.models.events import UsageReported
from orchestrator.models.identity import WorkerId
from orchestrator.models.money import Usage
from orchestrator.session.spending import account_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.session.conftest import Play

CLAUDE = WorkerId("claude")


def test_a_turn_that_the_budget_cannot_cover_is_not_begun(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex", max_tokens=9_000)
    assert p.wanted(StartWorker) == []
    assert p.session.ending is not None
    assert p.session.ending.outcome is Outcome.NEEDS_PERSON
    assert "9,000 left, and the next turn is estimated at 10,000" in p.session.ending.reason
    p.done()
    assert len(p.wanted(CloseSession)) == 1


def test_what_a_running_turn_may_still_take_is_set_aside(play: Callable[..., Play]) -> None:
    from orchestrator.models.events import EventType

    p = play("gemini", "claude", max_tokens=24_000)
    p.finishes("gemini")
    p.start("claude")
    p.says("claude", UsageReported(Usage(input_tokens=1_000)))
    p.reports("claude", EventType.MILESTONE, "half")
    p.snapshot("a.py")
    # 24,000 - 1,000 used - 9,000 still set aside: enough for a review of 3,000.
    assert p.last(StartWorker)[1].worker == "review-001-gemini"
    p = play("gemini", "claude", max_tokens=12_000)
    p.finishes("gemini")
    p.start("claude")
    p.reports("claude", EventType.MILESTONE, "half")
    p.snapshot("a.py")
    assert p.session.ending is not None
    assert "2,000 left, and the next turn is estimated at 3,000" in p.session.ending.reason


def test_an_agent_that_took_more_is_expected_to_take_as_much_again(play: Callable[..., Play]) -> None:
    p = play("claude", max_tokens=70_000)
    p.start("claude")
    p.says("claude", UsageReported(Usage(input_tokens=40_000)))
    p.exits("claude", None, by="orphaned")
    assert p.session.ending is not None
    assert "30,000 left, and the next turn is estimated at 40,000" in p.session.ending.reason


def test_a_price_is_known_from_the_turns_that_told_it(play: Callable[..., Play]) -> None:
    p = play("claude", max_cost_usd=1.0)
    p.start("claude")
    p.says("claude", UsageReported(Usage(input_tokens=40_000, cost_usd=0.6)))
    p.exits("claude", None, by="orphaned")
    assert p.session.ending is not None
    assert "$0.4000 left, and the next turn is estimated at $0.6000" in p.session.ending.reason


def test_the_account_states_what_is_over_and_what_is_unknown(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", max_cost_usd=0.5, max_tokens=100_000)
    p.finishes("gemini")
    p.start("claude")
    p.says("claude", UsageReported(Usage(input_tokens=4_000, cost_usd=0.75)))
    assert p.session.ending is not None
    assert account_of(p.session) == (
        "$0.7500 of $0.50, $0.2500 over; the cost of gemini is unknown",
        "4,000 of 100,000 tokens; the use of gemini is unknown",
    )
