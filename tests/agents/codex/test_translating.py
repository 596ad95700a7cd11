"""Codex's records become events that a person understands."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from orchestrator.agents.codex import AGENT
from orchestrator.agents.contract import Translation
from orchestrator.models.events import (
    ConversationStarted,
    Denied,
    EventType,
    Failed,
    FailureKind,
    Reasoned,
    Reported,
    Retrying,
    Said,
    ToolCalled,
    ToolReturned,
    TurnEnded,
    Unrecognised,
    UsageReported,
)
from orchestrator.models.money import Usage
from orchestrator.wire.records import Noise, RawRecord

AT = datetime(2026, 11, 21, 18, tzinfo=UTC)


def payloads(*records: Mapping[str, Any] | Noise, state: Translation | None = None) -> list[object]:
    return run(*records, state=state)[1]


def run(*records: Mapping[str, Any] | Noise, state: Translation | None = None) -> tuple[Translation, list[object]]:
    state = state or Translation()
    found: list[object] = []
    for record in records:
        state, events = AGENT.translate(state, record if isinstance(record, Noise) else RawRecord(record), AT)
        found.extend(event.payload for event in events)
    return state, found


def item(kind: str, step: str = "completed", **fields: Any) -> dict[str, Any]:
    return {"type": f"item.{step}", "item": {"id": "item_1", "type": kind, **fields}}


def command(step: str, **fields: Any) -> dict[str, Any]:
    return item("command_execution", step, command="/bin/bash -lc 'echo hi'", **fields)


def completed(tokens: int) -> dict[str, Any]:
    usage = {"input_tokens": tokens, "cached_input_tokens": 20, "output_tokens": 25}
    return {"type": "turn.completed", "usage": usage}


def test_a_thread_is_a_conversation() -> None:
    assert payloads({"type": "thread.started", "thread_id": "t"}) == [ConversationStarted("t")]


def test_text_is_said_and_reasoning_is_reasoned() -> None:
    assert payloads(item("reasoning", text="hm"), item("agent_message", text="hi")) == [Reasoned("hm"), Said("hi")]


def test_a_report_in_the_agents_text_is_an_event_of_its_type() -> None:
    record = RawRecord(item("agent_message", text='{"type": "finding", "payload": {"text": "a bug"}}'))
    (event,) = AGENT.translate(Translation(), record, AT)[1]
    assert (event.type, event.payload) == (EventType.FINDING, Reported("a bug"))


def test_a_command_is_called_once_and_returns() -> None:
    found = payloads(
        command("started", status="in_progress", exit_code=None),
        command("completed", status="failed", exit_code=3, aggregated_output="out\n"),
    )
    assert found == [
        ToolCalled("shell", "item_1", "echo hi", command="echo hi"),
        ToolReturned("item_1", False, "out\n", 3),
    ]


def test_a_command_that_was_never_started_is_called_all_the_same() -> None:
    found = payloads(command("completed", status="completed", exit_code=0))
    assert [type(one) for one in found] == [ToolCalled, ToolReturned]


def test_a_write_that_the_shell_swallowed_is_a_denial() -> None:
    output = "/bin/bash: line 1: q.txt: Read-only file system\n"
    found = payloads(command("completed", status="completed", exit_code=0, aggregated_output=output))
    assert found[-2:] == [
        Denied(output.strip(), "shell", reason="read_only"),
        ToolReturned("item_1", False, "denied", exit_code=0),
    ]


def test_what_the_operating_system_refuses_is_a_failure_of_the_tool() -> None:
    found = payloads(command("completed", status="failed", exit_code=1, aggregated_output="x: Permission denied\n"))
    assert found[-1] == Failed("x: Permission denied", FailureKind.TOOL)


def test_a_file_change_names_its_first_path() -> None:
    changes = [{"path": "/a", "kind": "add"}, {"path": "/b", "kind": "update"}]
    assert payloads(item("file_change", changes=changes, status="completed")) == [
        ToolCalled("file_change", "item_1", "add /a, update /b", path="/a"),
        ToolReturned("item_1", True),
    ]


@pytest.mark.parametrize("kind", ["mcp_tool_call", "web_search", "collab_tool_call"])
def test_tools_known_from_the_binary_only_are_calls_too(kind: str) -> None:
    found = payloads(item(kind, query="cats", status="failed", error={"message": "no"}))
    assert found == [ToolCalled(kind, "item_1", "cats"), ToolReturned("item_1", False, "no")]


def test_reconnecting_is_a_retry() -> None:
    assert payloads({"type": "error", "message": "Reconnecting... 2/5 (stream disconnected)"}) == [
        Retrying("stream disconnected", 2, 5)
    ]
    assert payloads({"type": "error", "message": "Reconnecting... waiting for network (refused)"}) == [
        Retrying("waiting for network (refused)")
    ]


def test_a_failed_turn_fails_once() -> None:
    text = "unexpected status 401 Unauthorized: x"
    found = payloads({"type": "error", "message": text}, {"type": "turn.failed", "error": {"message": text}})
    assert found == [
        Failed(text, FailureKind.AUTHENTICATION, 401, final=True),
        TurnEnded(False, "failed", text),
    ]


def test_a_turn_that_fails_without_an_error_record_has_a_failure_too() -> None:
    found = payloads({"type": "turn.failed", "error": {"message": "Quota exceeded."}})
    assert found[0] == Failed("Quota exceeded.", FailureKind.USAGE_LIMIT, final=True)


def test_the_last_text_is_the_answer_and_its_object_the_reply() -> None:
    ended = payloads(item("agent_message", text='{"verdict": "approved"}'), completed(100))[-1]
    assert ended == TurnEnded(True, "completed", '{"verdict": "approved"}', {"verdict": "approved"})


def test_usage_is_the_difference_of_the_threads_totals() -> None:
    state, first = run({"type": "thread.started", "thread_id": "t"}, completed(100))
    later = Translation(totals=state.totals, conversation="t")
    second = payloads({"type": "thread.started", "thread_id": "t"}, completed(300), state=later)
    assert UsageReported(Usage(80, 25, 20)) in first
    assert UsageReported(Usage(200, 0, 0)) in second


def test_a_silent_fresh_start_counts_from_nothing() -> None:
    state, _ = run({"type": "thread.started", "thread_id": "t"}, completed(100))
    found = payloads({"type": "thread.started", "thread_id": "other"}, completed(100), state=state)
    assert UsageReported(Usage(80, 25, 20)) in found


def test_usage_that_is_not_stated_stays_unknown() -> None:
    assert payloads({"type": "turn.completed", "usage": {}})[0] == UsageReported(Usage())


def test_a_refused_patch_is_told_on_stderr_only() -> None:
    text = "patch rejected: writing outside of the project; rejected by user approval settings"
    line = f"2026-11-21T03:45:00Z ERROR codex_core::tools::router: error={text}"
    found = payloads(Noise(line, "stderr"), completed(100))
    assert found[0] == Denied(text, reason="router")
    assert isinstance(found[-1], TurnEnded)
    assert found[-1].denials == 1


def test_a_warning_is_shown_and_is_no_failure() -> None:
    (shown,) = payloads(item("error", message="Model metadata for `x` not found."))
    assert isinstance(shown, Unrecognised)


@pytest.mark.parametrize(
    "record", [{}, {"type": "item.completed"}, item("todo_list"), {"type": "news"}, item("agent_message", text=3)]
)
def test_an_unknown_record_is_shown_with_all_it_holds(record: Mapping[str, Any]) -> None:
    (shown,) = payloads(record)
    assert isinstance(shown, Unrecognised)
    assert shown.record == record
