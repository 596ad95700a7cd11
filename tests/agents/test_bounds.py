from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import pytest

from orchestrator.agents.bounds import (
    MOST_CHARS,
    MOST_COMMAND_CHARS,
    MOST_EVENTS,
    PLAIN_KINDS,
    bounded,
    plain_texts,
    trimmed,
)
from orchestrator.models.events import (
    AgentEvent,
    EventType,
    Payload,
    Reported,
    Said,
    ToolCalled,
    ToolReturned,
    TurnEnded,
    Unrecognised,
    UsageReported,
)
from orchestrator.models.identity import AgentName
from orchestrator.models.money import Usage
from orchestrator.safety.redaction import Redactor

AT = datetime(2026, 1, 1, tzinfo=UTC)


def event(payload: Payload) -> AgentEvent:
    return AgentEvent(EventType.PROGRESS, AgentName("claude"), AT, payload)


def recorded(payload: Payload, redactor: Redactor | None = None) -> Payload:
    """What the journal gets, in the order in which the listener does it."""
    redact = (redactor or Redactor(frozenset())).event
    (one,) = (trimmed(redact(each)) for each in bounded([event(payload)]))
    return one.payload


def test_what_is_short_stays_as_it_is() -> None:
    for payload in (Said("x" * MOST_CHARS), ToolCalled("Bash", "1", "ls"), Reported("a", details={"b": [1, "c"]})):
        assert recorded(payload) == payload


def test_a_huge_answer_keeps_its_beginning_and_its_end_and_says_what_is_missing() -> None:
    answer = recorded(TurnEnded(True, "success", "begin " + "x" * 50_000_000 + ' {"verdict": "approved"}'))
    assert isinstance(answer, TurnEnded)
    assert answer.text.startswith("begin ")
    assert answer.text.endswith('{"verdict": "approved"}')
    assert "the middle of 50000030 characters is left out here; the raw file has it" in answer.text
    assert len(answer.text) < MOST_CHARS + 200


def test_no_half_of_a_secret_stays_at_the_edge_of_a_cut() -> None:
    secret = "s3cr3t-" + "k" * 1000
    for before in range(MOST_CHARS // 4 - 1_020, MOST_CHARS // 4 + 20, 97):
        text = "a" * before + secret + "b" * 500_000 + secret + "c" * (MOST_CHARS * 3 // 4 - 500)
        said = recorded(Said(text), Redactor(frozenset({secret})))
        assert isinstance(said, Said)
        assert "kkk" not in said.text


def test_a_command_too_long_for_the_filter_stays_too_long() -> None:
    called = recorded(ToolCalled("Bash", "1", "x", command="y" * 10_000_000))
    assert isinstance(called, ToolCalled)
    assert called.command is not None
    assert len(called.command) == MOST_COMMAND_CHARS > 100_000


def test_every_text_an_agent_chooses_is_bounded() -> None:
    huge = "z" * 1_000_000
    for payload in (
        ToolCalled(huge, huge, huge, path=huge),
        Reported(huge, file=huge, details={huge: huge}),
        Unrecognised(huge, record={"a": [{"b": huge}]}),
        TurnEnded(True, huge, huge, reply={"summary": huge}),
    ):
        assert len(repr(recorded(payload))) < 6 * MOST_CHARS


def test_a_record_of_very_many_events_is_cut_and_says_so() -> None:
    found = bounded([event(Said("x"))] * (MOST_EVENTS + 5))
    assert len(found) == MOST_EVENTS + 1
    last = found[-1].payload
    assert isinstance(last, Unrecognised)
    assert last.text.startswith("5 more events of this record are left out")


@pytest.mark.parametrize("kind", sorted(PLAIN_KINDS, key=str), ids=lambda kind: str(kind.__name__))
def test_every_text_of_a_plain_event_is_read(kind: type[Any]) -> None:
    given: dict[str, Any] = {
        each.name: f"text in {each.name}" for each in fields(kind) if each.type in ("str", "str | None")
    }
    wanted = set(given.values())
    if kind is UsageReported:
        given["usage"] = Usage(model="text in usage")
        wanted = {"text in usage"}
    if kind is ToolReturned:
        given["ok"] = True
    assert set(plain_texts(event(kind(**given))) or ()) == wanted


def test_an_event_with_a_long_text_or_an_object_is_not_plain() -> None:
    for payload in (Said("x" * (MOST_CHARS + 1)), Unrecognised("text", record={"a": "b"})):
        assert plain_texts(event(payload)) is None
