from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from orchestrator.rehearsal.dialogue import Answer, Call, Drop, Pause, Refusal, Text, TokenUsage, ToolResult, UserText
from orchestrator.rehearsal.gemini_generate import DIALECT

PATH = "/v1beta/models/gemini-3.8-flash:streamGenerateContent?alt=sse"
TOOLS = [{"functionDeclarations": [{"name": "write_file", "parametersJsonSchema": {"properties": {"file_path": {}}}}]}]


def read(*contents: Mapping[str, Any], path: str = PATH, **more: Any) -> Any:
    return DIALECT.read(path, {"contents": list(contents), "tools": TOOLS, **more})


def chunks(answer: Answer) -> list[Any]:
    wire = DIALECT.stream(answer, read())
    return [json.loads(item.decode().removeprefix("data: ")) if isinstance(item, bytes) else item for item in wire]


def test_the_session_context_is_no_prompt_and_a_response_may_have_failed() -> None:
    context, prompt = {"text": "<session_context>\nThis is the CLI."}, {"text": "do it"}
    refused = {"functionResponse": {"name": "write_file", "response": {"error": "Path not in workspace"}}}
    request = read(
        {"role": "user", "parts": [context, prompt]},
        {"role": "model", "parts": [{"text": "I do"}]},
        {"role": "user", "parts": [refused]},
    )
    assert request.said == (UserText("do it"), ToolResult('{"error": "Path not in workspace"}', failed=True))
    assert request.model == "gemini-3.8-flash"
    assert request.streaming
    assert request.side is None


def test_the_router_is_answered_with_what_its_schema_asks_for() -> None:
    schema = {"type": "OBJECT", "properties": {"complexity_score": {"type": "INTEGER"}, "why": {"type": "STRING"}}}
    request = read(
        {"role": "user", "parts": [{"text": "[orchestrate worker=gemini role=designer review=-]"}]},
        path="/v1beta/models/gemini-3.5-flash-lite:generateContent",
        tools=[],
        generationConfig={"responseJsonSchema": schema},
    )
    assert request.side == {"complexity_score": 1, "why": "rehearsal"}
    assert not request.streaming


def test_the_last_part_bears_the_finish_reason_and_the_usage() -> None:
    answer = Answer("1", (Text("So."), Pause(1), Call("write", path="a", text="b")), TokenUsage(100, 7, thinking=3))
    first, pause, last = chunks(answer)
    assert "finishReason" not in first["candidates"][0]
    assert pause == Pause(1)
    assert last["candidates"][0]["finishReason"] == "STOP"
    (part,) = last["candidates"][0]["content"]["parts"]
    assert part["functionCall"] == {"name": "write_file", "args": {"file_path": "a", "content": "b"}}
    assert last["usageMetadata"] == {
        "promptTokenCount": 100,
        "cachedContentTokenCount": 0,
        "candidatesTokenCount": 4,
        "thoughtsTokenCount": 3,
        "totalTokenCount": 107,
    }


def test_what_was_said_before_a_cut_has_been_sent() -> None:
    first, cut, *_ = chunks(Answer("1", (Text("as far as"), Drop()), TokenUsage(1, 1)))
    assert first["candidates"][0]["content"]["parts"] == [{"text": "as far as"}]
    assert cut == Drop()


def test_a_limit_names_the_quota_and_the_delay() -> None:
    _, body = DIALECT.error(Refusal(429, "Enough.", resets_in_s=60), 1000.0)
    assert body["error"]["status"] == "RESOURCE_EXHAUSTED"
    assert body["error"]["details"][1]["retryDelay"] == "60s"
