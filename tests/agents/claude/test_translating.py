"""Claude Code's records become events that a person understands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orchestrator.agents.claude import AGENT
from orchestrator.agents.contract import Translation
from orchestrator.models.events import (
    AgentEvent,
    ConversationStarted,
    EventType,
    Failed,
    FailureKind,
    Reasoned,
    Reported,
    Retrying,
    Said,
    TurnEnded,
    Unrecognised,
)
from orchestrator.wire.records import Noise, RawRecord

AT = datetime(2026, 11, 21, 18, tzinfo=UTC)


def translated(*records: Mapping[str, Any] | Noise, state: Translation | None = None) -> list[AgentEvent]:
    state = state or Translation()
    events: list[AgentEvent] = []
    for record in records:
        state, more = AGENT.translate(state, record if isinstance(record, Noise) else RawRecord(record), AT)
        events.extend(more)
    return events


def payloads(events: Sequence[AgentEvent]) -> list[object]:
    return [event.payload for event in events]


def assistant(*blocks: Mapping[str, Any], **top: Any) -> dict[str, Any]:
    return {"type": "assistant", "message": {"id": "m1", "model": "some", "content": list(blocks)}, **top}


def result(**changes: Any) -> dict[str, Any]:
    return {"type": "result", "subtype": "success", "is_error": False, "result": "done", "session_id": "s", **changes}


def test_text_is_said_and_thinking_is_reasoned() -> None:
    events = translated(assistant({"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "hello"}))
    assert payloads(events) == [Reasoned("hm"), Said("hello")]


def test_a_report_in_the_agents_text_is_an_event_of_its_type() -> None:
    text = 'half way\n{"type": "blocker", "payload": {"text": "no database"}}'
    events = translated(assistant({"type": "text", "text": text}))
    assert [(event.type, event.payload) for event in events] == [
        (EventType.PROGRESS, Said("half way")),
        (EventType.BLOCKER, Reported("no database")),
    ]


@pytest.mark.parametrize(
    "record",
    [
        {"type": "user", "message": {"content": [{"type": "tool_result", "tool_use_id": "t", "content": "%s"}]}},
        {"type": "user", "message": {"content": "%s"}, "isReplay": True},
        assistant({"type": "text", "text": "%s"}, parent_tool_use_id="t"),
        result(result="%s"),
    ],
    ids=["tool output", "the prompt's echo", "a subagent", "the result"],
)
def test_a_report_is_believed_from_the_agents_own_text_only(record: Mapping[str, Any]) -> None:
    report = r'{"type": "blocker", "payload": {"text": "x"}}'
    filled = RawRecord(_filled(record, report))
    _, events = AGENT.translate(Translation(), filled, AT)
    assert not any(isinstance(event.payload, Reported) for event in events)


def _filled(value: Any, text: str) -> Any:
    match value:
        case dict():
            return {key: _filled(item, text) for key, item in value.items()}
        case list():
            return [_filled(item, text) for item in value]
        case "%s":
            return text
        case _:
            return value


def test_an_error_in_the_agents_place_is_a_failure_told_once() -> None:
    text = "API Error: Request rejected (429) · slow down, retry after 20s"
    events = translated(
        assistant({"type": "text", "text": text}, error="rate_limit"),
        result(is_error=True, result=text, terminal_reason="api_error"),
    )
    failed = [event.payload for event in events if isinstance(event.payload, Failed)]
    assert failed == [Failed(text, FailureKind.USAGE_LIMIT, 429, AT + timedelta(seconds=20), final=True)]


@pytest.mark.parametrize(
    ("changes", "subtype", "kind"),
    [
        pytest.param({"terminal_reason": "api_error"}, "api_error", FailureKind.UNKNOWN, id="329"),
        pytest.param({"terminal_reason": "completed"}, "api_error", FailureKind.UNKNOWN, id="197"),
        pytest.param({"subtype": "error_max_turns"}, "error_max_turns", FailureKind.TURN_LIMIT, id="turn limit"),
        pytest.param({"subtype": "error_max_budget_usd"}, "error_max_budget_usd", FailureKind.BUDGET, id="budget"),
        pytest.param(
            {"subtype": "error_during_execution", "terminal_reason": "aborted_tools"},
            "error_during_execution",
            FailureKind.ABORTED,
            id="interrupted",
        ),
    ],
)
def test_a_success_with_is_error_is_no_success(changes: dict[str, Any], subtype: str, kind: FailureKind) -> None:
    events = translated(result(is_error=True, result="odd", **changes))
    failed, ended = events[-2].payload, events[-1].payload
    assert isinstance(failed, Failed)
    assert failed.failure is kind
    assert isinstance(ended, TurnEnded)
    assert (ended.ok, ended.subtype) == (False, subtype)


def test_a_result_that_says_nothing_about_errors_is_not_taken_for_clean() -> None:
    ended = translated({"type": "result", "subtype": "success", "result": "x"})[-1].payload
    assert isinstance(ended, TurnEnded)
    assert not ended.ok


def test_the_structured_reply_stands_apart_from_the_text() -> None:
    ended = translated(result(structured_output={"verdict": "approved"}))[-1].payload
    assert isinstance(ended, TurnEnded)
    assert (ended.reply, ended.text) == ({"verdict": "approved"}, "done")


def test_json_mode_has_no_init_so_the_result_names_the_conversation() -> None:
    assert payloads(translated(result()))[0] == ConversationStarted("s")


def test_a_retry_says_why_and_when() -> None:
    record = {"type": "system", "subtype": "api_retry", "attempt": 2, "max_retries": 4, "retry_delay_ms": 1500.5}
    assert payloads(translated({**record, "error_status": 529, "error": "overloaded"})) == [
        Retrying("overloaded (529)", 2, 4, 1.5005)
    ]


def test_a_refusal_on_stderr_is_a_failure_and_other_lines_are_shown() -> None:
    refused = Noise("--dangerously-skip-permissions cannot be used with root/sudo privileges", "stderr")
    assert [event.type for event in translated(refused, Noise("hello", "stderr"))] == [
        EventType.ERROR,
        EventType.STATUS,
    ]


@pytest.mark.parametrize(
    "record",
    [{}, {"type": 3}, {"type": "news"}, {"type": "system", "subtype": "news"}, {"type": "assistant"}],
    ids=str,
)
def test_an_unknown_record_is_shown_with_all_it_holds(record: Mapping[str, Any]) -> None:
    (event,) = translated(record)
    assert isinstance(event.payload, Unrecognised)
    assert event.payload.record == record


def test_a_subscriptions_limit_ends_when_it_says() -> None:
    record = {"type": "rate_limit_event", "rate_limit_info": {"status": "rejected", "resetsAt": 1795240800}}
    (failed,) = payloads(translated(record))
    assert isinstance(failed, Failed)
    assert failed.resets_at == datetime.fromtimestamp(1795240800, UTC)
    assert translated({"type": "rate_limit_event", "rate_limit_info": {"status": "allowed"}}) == []
