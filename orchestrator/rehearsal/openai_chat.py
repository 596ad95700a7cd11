"""Speak the Chat Completions API of OpenAI, which many CLIs use: requests are read, answers become SSE or JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from orchestrator.models.identity import AgentName
from orchestrator.rehearsal.dialogue import (
    Answer,
    Call,
    Dialect,
    Drop,
    ModelRequest,
    Pause,
    Refusal,
    Text,
    Thought,
    ToolResult,
    UserText,
    Wire,
    find_marker,
)
from orchestrator.rehearsal.tool_names import offered_call

ANYBODY: Final = AgentName("anybody")
"""Who asks is told by the key; this stands for whoever brings none of ours."""
_ERROR_TYPES: Final = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    429: "rate_limit_error",
}
_FAILED: Final = ("error", "file not found", "failed", "exit code: 1", "exit code: 2", "exit code: 3")
"""How the result of a failed call begins, or the line that tells how a command ended: this API has no field for it."""
_REFUSED: Final = ("requires permission", "rejected permission", "permission was declined")
"""How a CLI tells the model in the first line that its call was not made."""


def _understands(path: str) -> bool:
    return path.endswith("/chat/completions")


def _plain(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(str(part.get("text", "")) for part in content or () if isinstance(part, Mapping))


def _failed(text: str) -> bool:
    lines = text.lower().splitlines()
    refused = any(words in line for line in lines[:1] for words in _REFUSED)
    return refused or any(line.strip().startswith(_FAILED) for line in (*lines[:1], *lines[-8:]))


def _said(message: Mapping[str, Any]) -> Iterator[UserText | ToolResult]:
    text = _plain(message.get("content"))
    if message.get("role") == "user":
        # Reminders are the CLI's own additions.
        if not text.lstrip().startswith("<system-reminder>") or find_marker(text):
            yield UserText(text)
    elif message.get("role") == "tool":
        yield ToolResult(text, _failed(text))


def _read(path: str, body: Mapping[str, Any]) -> ModelRequest:
    functions = [tool.get("function") or {} for tool in body.get("tools") or ()]
    tools = {str(one["name"]): tuple((one.get("parameters") or {}).get("properties", {})) for one in functions}
    said = tuple(said for message in body.get("messages") or () for said in _said(message))
    # Titles and summaries are asked for without any tool, also where they quote a prompt of ours.
    return ModelRequest(
        agent=ANYBODY,
        model=str(body.get("model", "")),
        said=said,
        tools=tools,
        streaming=bool(body.get("stream")),
        side=None if tools else {"title": "Rehearsal"},
    )


def _deltas(answer: Answer, request: ModelRequest) -> Iterator[dict[str, Any] | Wire]:
    for piece in answer.pieces:
        match piece:
            case Pause() | Drop():
                yield piece
            case Thought(text=text):
                yield {"reasoning_content": text}
            case Text(text=text):
                yield {"content": text}
            case Call():
                yield _of_call(piece, answer, request)


def _of_call(call: Call, answer: Answer, request: ModelRequest) -> dict[str, Any]:
    offered = offered_call(call, request.tools)
    if offered is None:
        words = json.dumps(call.reply) if call.kind == "reply" else f"No tool is offered that could {call.kind}."
        return {"content": words}
    name, arguments = offered
    function = {"name": name, "arguments": json.dumps(arguments)}
    return {"tool_calls": [{"index": 0, "id": f"call_{answer.id}", "type": "function", "function": function}]}


def _usage(answer: Answer) -> Mapping[str, Any]:
    return {
        "prompt_tokens": answer.usage.input,
        "completion_tokens": answer.usage.output,
        "total_tokens": answer.usage.input + answer.usage.output,
        "prompt_tokens_details": {"cached_tokens": answer.usage.cached},
        "completion_tokens_details": {"reasoning_tokens": answer.usage.thinking},
    }


def _head(answer: Answer, request: ModelRequest, kind: str) -> dict[str, Any]:
    return {"id": f"chatcmpl_{answer.id}", "object": kind, "created": 0, "model": request.model}


def _chunk(answer: Answer, request: ModelRequest, delta: Mapping[str, Any], reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    return _event({**_head(answer, request, "chat.completion.chunk"), "choices": [choice]})


def _event(value: Mapping[str, Any]) -> bytes:
    return f"data: {json.dumps(value)}\n\n".encode()


def _stream(answer: Answer, request: ModelRequest) -> Iterator[Wire]:
    yield _chunk(answer, request, {"role": "assistant", "content": ""})
    reason = "stop"
    for delta in _deltas(answer, request):
        if not isinstance(delta, dict):
            yield delta
            continue
        reason = "tool_calls" if "tool_calls" in delta else reason
        yield _chunk(answer, request, delta)
    yield _chunk(answer, request, {}, reason)
    yield _event({**_head(answer, request, "chat.completion.chunk"), "choices": [], "usage": _usage(answer)})
    yield b"data: [DONE]\n\n"


def _whole(answer: Answer, request: ModelRequest) -> Mapping[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": ""}
    for delta in _deltas(answer, request):
        if isinstance(delta, dict):
            message["content"] += delta.get("content", "")
            message |= {key: value for key, value in delta.items() if key == "tool_calls"}
    reason = "tool_calls" if "tool_calls" in message else "stop"
    choice = {"index": 0, "message": message, "finish_reason": reason}
    return {**_head(answer, request, "chat.completion"), "choices": [choice], "usage": _usage(answer)}


def _error(refusal: Refusal, now: float) -> tuple[Mapping[str, str], Mapping[str, Any]]:
    headers = {} if refusal.resets_in_s is None else {"retry-after": str(refusal.resets_in_s)}
    kind = _ERROR_TYPES.get(refusal.status, "server_error")
    return headers, {"error": {"type": kind, "code": None, "message": refusal.message}}


DIALECT = Dialect(ANYBODY, _understands, _read, _stream, _whole, _error)
