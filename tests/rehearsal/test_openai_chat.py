"""The dialect that many CLIs speak: who asks is told by the key."""

from __future__ import annotations

import json
from typing import Any

from orchestrator.rehearsal.dialogue import Answer, Call, Refusal, Text, TokenUsage, ToolResult, UserText
from orchestrator.rehearsal.openai_chat import DIALECT

BASH = {"type": "function", "function": {"name": "bash", "parameters": {"properties": {"command": {}}}}}


def body(*messages: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"model": "m", "messages": list(messages), "stream": True, "tools": [BASH], **more}


def chunks(answer: Answer, asked: Any) -> list[Any]:
    lines = [item for item in DIALECT.stream(answer, asked) if isinstance(item, bytes)]
    assert lines.pop() == b"data: [DONE]\n\n"
    return [json.loads(line.removeprefix(b"data: ")) for line in lines]


def test_the_conversation_is_read_without_the_models_own_words_and_reminders() -> None:
    asked = DIALECT.read(
        "/v1/chat/completions",
        body(
            {"role": "system", "content": "you are"},
            {"role": "user", "content": "<system-reminder>be good</system-reminder>"},
            {"role": "user", "content": [{"type": "text", "text": "do it"}]},
            {"role": "assistant", "content": "", "tool_calls": []},
            {"role": "tool", "tool_call_id": "c", "content": "File not found: /x"},
        ),
    )
    assert asked.said == (UserText("do it"), ToolResult("File not found: /x", True))
    assert asked.tools == {"bash": ("command",)}
    assert asked.side is None


def test_a_request_without_tools_is_on_the_clis_own_account() -> None:
    assert DIALECT.read("", body(tools=None)).side == {"title": "Rehearsal"}


def test_an_answer_is_a_stream_of_deltas_with_its_usage_at_the_end() -> None:
    answer = Answer("1", (Text("I run."), Call("run", text="ls")), TokenUsage(12, 3, 2, 1))
    told = chunks(answer, DIALECT.read("", body()))
    deltas = [chunk["choices"][0]["delta"] for chunk in told if chunk["choices"]]
    assert deltas[1] == {"content": "I run."}
    (call,) = deltas[2]["tool_calls"]
    assert json.loads(call["function"]["arguments"]) == {"command": "ls"}
    assert told[-2]["choices"][0]["finish_reason"] == "tool_calls"
    assert told[-1]["usage"]["prompt_tokens"] == 12


def test_a_whole_answer_says_the_same() -> None:
    answer = Answer("1", (Text("I run."), Call("run", text="ls")), TokenUsage(12, 3))
    (choice,) = DIALECT.whole(answer, DIALECT.read("", body(stream=False)))["choices"]
    assert choice["message"]["content"] == "I run."
    assert choice["finish_reason"] == "tool_calls"


def test_a_reply_without_a_tool_for_it_is_text() -> None:
    answer = Answer("1", (Call("reply", reply={"verdict": "approved"}),), TokenUsage(1, 1))
    told = chunks(answer, DIALECT.read("", body()))
    assert json.loads(told[1]["choices"][0]["delta"]["content"]) == {"verdict": "approved"}


def test_a_limit_says_when_it_ends() -> None:
    headers, told = DIALECT.error(Refusal(429, "slow down", resets_in_s=60), 0.0)
    assert headers == {"retry-after": "60"}
    assert told["error"]["type"] == "rate_limit_error"


def test_a_call_that_the_cli_did_not_make_has_failed() -> None:
    for words in (
        'Qwen Code requires permission to use "run_shell_command", but that permission was declined.',
        "The user rejected permission to use this specific tool call.",
    ):
        asked = DIALECT.read("", body({"role": "tool", "tool_call_id": "c", "content": words}))
        assert asked.said == (ToolResult(words, True),)
    well = "one line\nrequires permission to use, says a file"
    asked = DIALECT.read("", body({"role": "tool", "tool_call_id": "c", "content": well}))
    assert asked.said == (ToolResult(well, False),)
