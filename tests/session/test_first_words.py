"""A CLI that says nothing at all after its start is ended in time, with its own words."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from orchestrator.models.effects import StopWorker
from orchestrator.models.entries import AgentOutput
from orchestrator.models.events import (
    AgentEvent,
    ConversationStarted,
    EventType,
    Payload,
    Reported,
    Retrying,
    Unrecognised,
)
from orchestrator.models.identity import WorkerId
from orchestrator.models.workers import WorkerStatus
from orchestrator.wire.records import Stream
from tests.session.test_clock import pass_time

if TYPE_CHECKING:
    from tests.session.conftest import Play

CLAUDE = WorkerId("claude")
BOUNDED = {"first_word_s": 100.0, "final_wait_s": 30.0}


def writes(play: Play, stream: Stream, payload: Payload) -> None:
    event = AgentEvent(EventType.STATUS, play.session.workers[CLAUDE].agent, play.at, payload)
    play.take(AgentOutput(CLAUDE, 1, stream, 0, 10, (event,)))


def test_one_that_says_nothing_is_ended_with_its_own_words_and_the_plan_falls(play: Callable[..., Play]) -> None:
    p = play("claude", "codex", **BOUNDED)
    p.start("claude")
    writes(p, "stderr", Unrecognised("Error: a plugin does not answer", "stderr"))
    pass_time(p, 99)
    assert p.wanted(StopWorker) == []
    pass_time(p, 2)
    assert [effect.worker for effect in p.wanted(StopWorker)] == [CLAUDE]
    p.exits("claude", 143, by="stop")
    assert p.session.workers[CLAUDE].status is WorkerStatus.FAILED
    assert "it does not start: it said nothing at all within 100 s" in p.session.workers[CLAUDE].why
    assert "a plugin does not answer" in p.session.lost["claude"]  # type: ignore[index]  # a NewType of str
    assert [step.agent for step in p.session.steps()] == ["codex"]
    assert p.session.ending is None


@pytest.mark.parametrize(
    ("stream", "payload"),
    [("stdout", ConversationStarted("c-1")), ("events", Reported("reading"))],
    ids=["a record", "its events file"],
)
def test_one_that_has_said_something_is_given_its_time(
    play: Callable[..., Play], stream: Stream, payload: Payload
) -> None:
    p = play("claude", **BOUNDED)
    p.start("claude")
    writes(p, stream, payload)
    pass_time(p, 500)
    assert p.wanted(StopWorker) == []


def test_one_that_asks_its_model_again_is_given_the_same_time_once_more(play: Callable[..., Play]) -> None:
    p = play("claude", **BOUNDED)
    p.start("claude")
    for _ in range(3):
        pass_time(p, 90)
        writes(p, "stderr", Retrying("503"))
    assert p.wanted(StopWorker) == []
    pass_time(p, 101)
    assert len(p.wanted(StopWorker)) == 1


def test_older_journals_bound_nothing(play: Callable[..., Play]) -> None:
    p = play("claude", final_wait_s=30.0)
    p.start("claude")
    pass_time(p, 500)
    assert p.wanted(StopWorker) == []
