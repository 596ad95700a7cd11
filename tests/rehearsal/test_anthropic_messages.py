from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from orchestrator.rehearsal.anthropic_messages import DIALECT
from orchestrator.rehearsal.dialogue import Answer, Call, Refusal, Text, Thought, TokenUsage, ToolResult, UserText

BASH = {"name": "Bash", "input_schema": {"properties": {"command": {}}}}
ANSWER = Answer("1", (Thought("hm"), Text("So."), Call("run", text="ls")), TokenUsage(100, 7, cached=20))


def read(*messages: Mapping[str, Any], tools: Any = (BASH,)) -> Any:
    return DIALECT.read("/v1/messages", {"model": "m", "messages": messages, "tools": list(tools), "stream": True})


def test_reminders_are_no_prompt_and_results_are_no_words() -> None:
    reminder = {"type": "text", "text": "<system-reminder>\nToday is a day."}
    request = read(
        {"role": "user", "content": [reminder, {"type": "text", "text": "do it"}]},
        {"role": "assistant", "content": [{"type": "text", "text": "I do"}]},
        {"role": "user", "content": [{"type": "tool_result", "content": "no", "is_error": True}, reminder]},
        {"role": "system", "content": [{"type": "text", "text": "environment"}]},
    )
    assert request.said == (UserText("do it"), ToolResult("no", failed=True))
    assert request.tools == {"Bash": ("command",)}


def test_a_request_without_tools_is_the_clis_own_unless_it_bears_our_marker() -> None:
    marked = "[orchestrate worker=claude role=designer review=-]\ngo"
    assert read({"role": "user", "content": "a title, please"}, tools=()).side is not None
    assert read({"role": "user", "content": marked}, tools=()).side is None


def test_a_stream_opens_and_closes_every_block_and_tells_usage_last() -> None:
    wire = [item for item in DIALECT.stream(ANSWER, read()) if isinstance(item, bytes)]
    events = [json.loads(item.decode().splitlines()[1].removeprefix("data: ")) for item in wire]
    blocks = ["content_block_start", "content_block_delta", "content_block_stop"]
    assert [event["type"] for event in events] == ["message_start", *blocks * 3, "message_delta", "message_stop"]
    assert json.loads(events[8]["delta"]["partial_json"])["command"] == "ls"
    assert events[-2]["delta"]["stop_reason"] == "tool_use"
    assert events[-2]["usage"] == {
        "input_tokens": 80,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 20,
        "output_tokens": 7,
    }


def test_the_same_answer_as_one_message() -> None:
    message = DIALECT.whole(ANSWER, read())
    assert [block["type"] for block in message["content"]] == ["thinking", "text", "tool_use"]
    assert message["content"][2]["input"]["command"] == "ls"
    assert message["stop_reason"] == "tool_use"


def test_a_structured_reply_is_a_tool_call_where_the_tool_is_offered_and_text_elsewhere() -> None:
    answer = Answer("1", (Call("reply", reply={"verdict": "approved"}),), TokenUsage(1, 1))
    (offered,) = DIALECT.whole(answer, read(tools=({"name": "StructuredOutput", "input_schema": {}},)))["content"]
    (plain,) = DIALECT.whole(answer, read())["content"]
    assert (offered["name"], offered["input"]) == ("StructuredOutput", {"verdict": "approved"})
    assert json.loads(plain["text"]) == {"verdict": "approved"}


def test_a_limit_says_when_it_ends() -> None:
    headers, body = DIALECT.error(Refusal(429, "Enough.", resets_in_s=60), 1000.0)
    assert headers["anthropic-ratelimit-unified-reset"] == "1060"
    assert body["error"] == {"type": "rate_limit_error", "message": "Enough."}
