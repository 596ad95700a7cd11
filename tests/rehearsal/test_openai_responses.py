from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from orchestrator.rehearsal.dialogue import Answer, Call, Refusal, Text, TokenUsage, ToolResult, UserText
from orchestrator.rehearsal.openai_responses import DIALECT

EXEC = {"type": "function", "name": "exec_command", "parameters": {"properties": {"cmd": {}}}}
PATCH = {"type": "custom", "name": "apply_patch"}


def read(*items: Mapping[str, Any], tools: Any = (EXEC, PATCH)) -> Any:
    return DIALECT.read("/v1/responses", {"model": "m", "input": list(items), "tools": list(tools), "stream": True})


def only_item(call: Call, request: Any) -> Any:
    return DIALECT.whole(Answer("1", (call,), TokenUsage(1, 1)), request)["output"][0]


def test_results_are_told_from_prompts_and_failures_from_successes() -> None:
    request = read(
        {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "rules"}]},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "do it"}]},
        {"type": "function_call_output", "call_id": "1", "output": "Process exited with code 0\nOutput:\nfine"},
        {"type": "custom_tool_call_output", "call_id": "2", "output": "Exit code: 1\nOutput:\nno"},
        {"type": "custom_tool_call_output", "call_id": "3", "output": "patch rejected: writing outside of the project"},
    )
    assert request.said[0] == UserText("do it")
    assert [result.failed for result in request.said[1:] if isinstance(result, ToolResult)] == [False, True, True]


def test_a_file_is_a_patch_where_patches_are_offered() -> None:
    item = only_item(Call("write", path="/t/a.txt", text="one\n\ntwo\n"), read())
    assert item["input"] == "*** Begin Patch\n*** Add File: /t/a.txt\n+one\n+\n+two\n*** End Patch\n"


@pytest.mark.parametrize(
    ("text", "tools"),
    [
        pytest.param("no end of line", (EXEC, PATCH), id="a patch would add a line end"),
        pytest.param("one\n", (EXEC,), id="no patch tool"),
    ],
)
def test_a_file_is_a_shell_command_elsewhere(text: str, tools: Any) -> None:
    item = only_item(Call("write", path="/t/a b", text=text), read(tools=tools))
    assert item["name"] == "exec_command"
    assert "> '/t/a b'" in json.loads(item["arguments"])["cmd"]


def test_tools_in_a_namespace_and_in_a_scripts_description_count_as_offered() -> None:
    script = {"type": "custom", "name": "exec", "description": "### `apply_patch`\nedits files"}
    item = {"type": "additional_tools", "tools": [{"type": "namespace", "name": "functions", "tools": [script]}]}
    request = read(item, tools=())
    assert "exec" in request.tools
    assert only_item(Call("write", path="a", text="b\n"), request)["name"] == "apply_patch"


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        pytest.param("shell_command", {"command": "ls"}, id="shell_command"),
        pytest.param("shell", {"command": ["bash", "-lc", "ls"]}, id="shell"),
    ],
)
def test_the_shell_is_called_by_the_name_it_is_offered_by(name: str, arguments: Mapping[str, Any]) -> None:
    item = only_item(Call("run", text="ls"), read(tools=({"type": "function", "name": name},)))
    assert (item["name"], json.loads(item["arguments"])) == (name, arguments)


def test_a_stream_begins_created_and_ends_completed_with_its_usage() -> None:
    answer = Answer("1", (Text("So."), Call("run", text="ls")), TokenUsage(100, 7, cached=20, thinking=3))
    wire = [item for item in DIALECT.stream(answer, read()) if isinstance(item, bytes)]
    events = [json.loads(item.decode().splitlines()[1].removeprefix("data: ")) for item in wire]
    assert [event["type"] for event in events] == [
        "response.created",
        "response.output_item.added",
        "response.output_text.delta",
        "response.output_item.done",
        "response.output_item.done",
        "response.completed",
    ]
    assert events[-1]["response"]["usage"]["output_tokens_details"] == {"reasoning_tokens": 3}
    assert events[-1]["response"]["usage"]["total_tokens"] == 107


def test_a_limit_says_when_it_ends() -> None:
    _, body = DIALECT.error(Refusal(429, "Enough.", resets_in_s=60), 1000.0)
    assert body["error"]["type"] == "usage_limit_reached"
    assert body["error"]["resets_at"] == 1060
