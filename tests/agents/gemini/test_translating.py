"""Gemini CLI's records become events that a person understands."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.agents.contract import Translation
from orchestrator.agents.gemini import AGENT
from orchestrator.agents.gemini.translating import MAX_PENDING
from orchestrator.models.events import (
    AgentEvent,
    ConversationStarted,
    Denied,
    EventType,
    Failed,
    FailureKind,
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
SUCCESS = {"type": "result", "status": "success"}
OUTSIDE = 'Path not in workspace: Attempted path "/x/o.txt" resolves outside the allowed workspace directories: /ws'


def translated(*records: Mapping[str, Any] | Noise) -> list[AgentEvent]:
    state = Translation()
    events: list[AgentEvent] = []
    for record in records:
        state, more = AGENT.translate(state, record if isinstance(record, Noise) else RawRecord(record), AT)
        events.extend(more)
    return events


def payloads(*records: Mapping[str, Any] | Noise) -> list[object]:
    return [event.payload for event in translated(*records)]


def delta(text: str) -> dict[str, Any]:
    return {"type": "message", "role": "assistant", "content": text, "delta": True}


def tool(name: str, **parameters: Any) -> dict[str, Any]:
    return {"type": "tool_use", "tool_name": name, "tool_id": "t", "parameters": parameters}


def refused(message: str, kind: str = "invalid_tool_params") -> dict[str, Any]:
    error = {"type": kind, "message": message}
    return {"type": "tool_result", "tool_id": "t", "status": "error", "output": message, "error": error}


def test_deltas_are_joined_until_something_else_comes() -> None:
    found = payloads(delta("Hello from"), delta(" the mock."), SUCCESS)
    assert found == [Said("Hello from the mock."), TurnEnded(True, "success", "Hello from the mock.")]


def test_a_report_shows_as_soon_as_its_line_is_whole() -> None:
    events = translated(delta('so\n{"type": "milestone", '), delta('"payload": {"text": "x"}}\nand'))
    assert [(event.type, event.payload) for event in events] == [
        (EventType.PROGRESS, Said("so")),
        (EventType.MILESTONE, Reported("x")),
    ]


@given(st.text(alphabet="ab \n", max_size=40), st.lists(st.integers(0, 40), max_size=5))
def test_however_the_deltas_are_cut_the_answer_is_the_same(text: str, cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(text)]
    pieces = [text[a:b] for a, b in pairwise(edges)]
    assert payloads(*map(delta, pieces), SUCCESS)[-1] == TurnEnded(True, "success", text)


def test_a_line_without_end_is_told_in_pieces() -> None:
    found = payloads(*[delta("x" * 1_000)] * 40, SUCCESS)
    said = [one.text for one in found if isinstance(one, Said)]
    assert "".join(said) == "x" * 40_000
    assert max(map(len, said)) <= MAX_PENDING + 1_000


def test_what_was_said_before_a_call_is_not_the_answer() -> None:
    ended = payloads(delta("Writing."), tool("write_file"), delta("Wrote it."), SUCCESS)[-1]
    assert ended == TurnEnded(True, "success", "Wrote it.")


def test_the_model_named_auto_is_unknown() -> None:
    assert payloads({"type": "init", "session_id": "s", "model": "auto"}) == [ConversationStarted("s")]
    assert payloads({"type": "init", "session_id": "s", "model": "pro"}) == [ConversationStarted("s", "pro")]


def test_a_call_is_one_readable_line() -> None:
    assert payloads(tool("run_shell_command", command="ls", description="d")) == [
        ToolCalled("run_shell_command", "t", "ls", command="ls")
    ]
    assert payloads(tool("write_file", file_path="/a", content="b")) == [ToolCalled("write_file", "t", "/a", path="/a")]


def test_a_path_outside_the_workspace_is_a_denial_told_once() -> None:
    found = payloads(
        tool("write_file"), refused(OUTSIDE), Noise(f"Error executing tool write_file: {OUTSIDE}", "stderr"), SUCCESS
    )
    denied = [one for one in found if isinstance(one, Denied)]
    assert denied == [Denied(OUTSIDE, "write_file", "/x/o.txt", "invalid_tool_params")]
    assert isinstance(found[-1], TurnEnded)
    assert found[-1].denials == 1


@pytest.mark.parametrize(("name", "denied"), [("write_file", True), ("no_such_tool", False)])
def test_a_writing_tool_that_is_not_found_is_one_that_is_withheld(name: str, denied: bool) -> None:
    found = payloads(tool(name), refused(f'Tool "{name}" not found.', "tool_not_registered"))
    assert any(isinstance(one, Denied) for one in found) is denied
    assert isinstance(found[-1], ToolReturned)


def test_an_error_record_spoils_the_success_that_follows() -> None:
    found = payloads({"type": "error", "message": "Loop detected, stopping execution"}, SUCCESS)
    assert found == [
        Failed("Loop detected, stopping execution", FailureKind.ABORTED),
        TurnEnded(False, "stopped"),
    ]


@pytest.mark.parametrize(
    ("error", "failed", "subtype"),
    [
        pytest.param(
            {"type": "unknown", "message": '[API Error: {"error":{"code":401,"message":"x"}}]'},
            Failed('[API Error: {"error":{"code":401,"message":"x"}}]', FailureKind.AUTHENTICATION, 401, final=True),
            "error",
            id="a bad key",
        ),
        pytest.param(
            {"type": "FatalTurnLimitedError", "message": "Reached max session turns for this session."},
            Failed("Reached max session turns for this session.", FailureKind.TURN_LIMIT, final=True),
            "FatalTurnLimitedError",
            id="turn limit",
        ),
        pytest.param(
            {"type": "unknown", "message": "[API Error: slow down\nSuggested retry after 3s.]"},
            Failed(
                "[API Error: slow down\nSuggested retry after 3s.]",
                FailureKind.USAGE_LIMIT,
                resets_at=AT + timedelta(seconds=3),
                final=True,
            ),
            "error",
            id="a limit that says when it ends",
        ),
    ],
)
def test_an_error_in_the_result_is_the_failure(error: object, failed: Failed, subtype: str) -> None:
    found = payloads({"type": "result", "status": "error", "error": error})
    assert found == [failed, TurnEnded(False, subtype)]


def test_usage_is_told_for_each_model_that_was_asked() -> None:
    models = {
        "lite": {"total_tokens": 0, "input": 0, "output_tokens": 0, "cached": 0},
        "pro": {"total_tokens": 125, "input": 80, "output_tokens": 25, "cached": 20},
    }
    found = payloads({**SUCCESS, "stats": {"models": models}})
    assert found[0] == UsageReported(Usage(80, 25, 20, model="pro"))
    assert not any(isinstance(one, UsageReported) for one in found[1:])


def test_usage_that_is_not_stated_stays_unknown() -> None:
    assert payloads({**SUCCESS, "stats": {"models": {"pro": {}}}})[0] == UsageReported(Usage(model="pro"))
    assert payloads(SUCCESS) == [TurnEnded(True, "success")]


def test_retries_are_told_on_stderr() -> None:
    line = "Attempt 3 failed with status 429. Retrying with backoff... _ApiError: x"
    assert payloads(Noise(line, "stderr")) == [Retrying("status 429", 3)]


def test_the_prompts_echo_tells_nothing() -> None:
    assert payloads({"type": "message", "role": "user", "content": "say hi"}) == []


@pytest.mark.parametrize("record", [{}, {"type": "news"}, {"type": 3}], ids=str)
def test_an_unknown_record_is_shown_with_all_it_holds(record: Mapping[str, Any]) -> None:
    (shown,) = payloads(record)
    assert isinstance(shown, Unrecognised)
    assert shown.record == record
