from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from orchestrator.errors import ReplayDiffers
from orchestrator.models.decisions import Action
from orchestrator.models.effects import CloseSession
from orchestrator.models.entries import (
    FACTS_ARE_TOLD,
    JOURNAL_ENTRY,
    EffectIntended,
    JournalEntry,
    SessionClosed,
    Told,
)
from orchestrator.models.events import EventType
from orchestrator.models.facts import FACTS, Warned
from orchestrator.review_engine.decision_policies import CAUTIOUS
from orchestrator.session.replaying import engine_version_of, replay, under_policy

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.session.conftest import Play


@pytest.fixture
def finished(play: Callable[..., Play]) -> Play:
    p = play("gemini", "claude", "codex", engine_version="0.1.0")
    p.finishes("gemini", text="a design")
    p.start("claude")
    p.reports("claude", EventType.MILESTONE, "half of it stands")
    p.snapshot("a.py")
    p.reviews("review-001-gemini", "concerns", "no test yet")
    p.reviews("review-001-codex", "approved")
    p.works("claude")
    p.exits("claude")
    p.measures("claude", "a.py")
    p.snapshot("a.py")
    p.reviews("codex", "approved")
    p.done()
    name, close = p.last(CloseSession)
    p.take(SessionClosed(close.outcome, close.reason, name))
    return p


def intents(entries: list[JournalEntry]) -> list[Any]:
    """The entries that say what is going to be done."""
    return [entry for entry in entries if isinstance(entry.body, EffectIntended)]


def reread(entries: list[JournalEntry]) -> list[JournalEntry]:
    """The entries as a reader of the file gets them."""
    return [JOURNAL_ENTRY.validate_json(JOURNAL_ENTRY.dump_json(entry, exclude_none=True)) for entry in entries]


def test_a_journal_read_back_derives_the_same_state_decisions_and_effects(finished: Play) -> None:
    result = replay(reread(finished.entries))
    assert result.session == finished.session
    assert result.effects == len(intents(finished.entries))
    assert [decision.action for decision in result.decisions] == [Action.LOG_WARNING, Action.CONTINUE]
    assert result.unrecorded == ()


def test_every_prefix_of_a_journal_replays_to_the_same_prefix_of_effects(finished: Play) -> None:
    entries = reread(finished.entries)
    for length in range(1, len(entries) + 1):
        result = replay(entries[:length])
        recorded = [entry for entry in entries[:length] if isinstance(entry.body, EffectIntended)]
        assert result.effects == len(recorded)


def test_a_changed_decision_is_found(finished: Play) -> None:
    entries = finished.entries
    place = next(i for i, e in enumerate(entries) if isinstance(e.body, Told) and e.body.fact.kind == "announce")
    told = entries[place].body
    assert isinstance(told, Told)
    assert told.fact.kind == "announce"
    forged = replace(told.fact, decision=replace(told.fact.decision, action=Action.CONTINUE))
    entries[place] = replace(entries[place], body=replace(told, fact=forged))
    with pytest.raises(ReplayDiffers) as caught:
        replay(entries)
    assert caught.value.entry == entries[place].n
    assert '"log_warning"' in caught.value.derived


def test_a_fact_is_on_record_and_leaves_nothing_open(finished: Play) -> None:
    told = [entry.body.fact for entry in finished.entries if isinstance(entry.body, Told)]
    assert {"announce", "warn"} <= {fact.kind for fact in told}
    assert not any(isinstance(entry.body.effect, FACTS) for entry in intents(finished.entries))
    assert replay(finished.entries[:1]).session.effects_open == {(1, 1): "start_worker", (1, 0): "record_plan"}


@pytest.mark.parametrize("written_as", range(1, FACTS_ARE_TOLD))
def test_a_session_of_an_older_format_goes_on_with_facts_as_effects(play: Callable[..., Play], written_as: int) -> None:
    p = play("gemini", "claude", "codex", format=written_as)
    p.start("gemini")
    p.exits("gemini", 1)
    warned = [entry.body for entry in intents(p.entries) if isinstance(entry.body.effect, Warned)]
    assert warned
    assert all((one.id.cause, one.id.index) in p.session.effects_open for one in warned)
    assert not any(isinstance(entry.body, Told) for entry in p.entries)
    assert replay(reread(p.entries)).session == p.session


def test_an_effect_too_many_is_found(finished: Play) -> None:
    place = next(i for i, e in enumerate(finished.entries) if isinstance(e.body, EffectIntended))
    doubled = finished.entries[: place + 1] + finished.entries[place:]
    with pytest.raises(ReplayDiffers):
        replay(doubled)


def test_an_effect_that_is_missing_is_found(finished: Play) -> None:
    last = max(i for i, e in enumerate(finished.entries) if isinstance(e.body, EffectIntended))
    with pytest.raises(ReplayDiffers):
        replay(finished.entries[:last] + finished.entries[last + 1 :])


def test_effects_derived_but_not_recorded_are_what_a_dead_coordinator_left(finished: Play) -> None:
    result = replay(finished.entries[:1])
    assert [effect.kind for _, effect in result.unrecorded] == ["record_plan", "start_worker"]


def test_replay_stops_where_it_is_told(finished: Play) -> None:
    assert replay(finished.entries, until=5).session.n == 5


def test_another_policy_says_what_it_would_have_decided(finished: Play) -> None:
    first, second = under_policy(finished.session, CAUTIOUS)
    assert (first.recorded.action, first.other.action) == (Action.LOG_WARNING, Action.PAUSE_AND_CLARIFY)
    assert second.other.action is Action.CONTINUE


def test_the_engine_that_wrote_a_journal_is_known(finished: Play) -> None:
    assert engine_version_of(finished.entries[0]) == "0.1.0"
    assert engine_version_of(finished.entries[1]) is None


def test_an_empty_journal_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        replay([])
