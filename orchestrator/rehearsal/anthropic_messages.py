"""Speak Anthropic's Messages API as Claude Code 2.1.329 uses it, with SSE events or one JSON message."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

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

_AGENT = AgentName("claude")
_REPLY_TOOL = "StructuredOutput"
"""Offered when the CLI was started with ``--json-schema``; its call ends the turn."""
_ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
}


def _understands(path: str) -> bool:
    return path.endswith("/messages")


def _plain(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(str(block.get("text", "")) for block in content or () if isinstance(block, Mapping))


def _said(message: Mapping[str, Any]) -> Iterator[UserText | ToolResult]:
    if message.get("role") != "user":
        return
    content = message.get("content")
    if isinstance(content, str):
        yield UserText(content)
        return
    for block in content or ():
        if block.get("type") == "tool_result":
            yield ToolResult(_plain(block.get("content")), bool(block.get("is_error")))
        # Reminders are the CLI's own additions, also beside tool results; they are never the prompt.
        elif block.get("type") == "text" and not block["text"].lstrip().startswith("<system-reminder>"):
            yield UserText(block["text"])


def _read(path: str, body: Mapping[str, Any]) -> ModelRequest:
    tools = {
        tool["name"]: tuple((tool.get("input_schema") or {}).get("properties", {})) for tool in body.get("tools") or ()
    }
    said = tuple(said for message in body.get("messages") or () for said in _said(message))
    # Titles and summaries are asked for without any tool; a real turn offers some, or has our marker.
    ours = bool(tools) or any(isinstance(one, UserText) and find_marker(one.text) for one in said)
    return ModelRequest(
        agent=_AGENT,
        model=str(body.get("model", "")),
        said=said,
        tools=tools,
        streaming=bool(body.get("stream")),
        side=None if ours else {"title": "Rehearsal"},
    )


def _call(call: Call, request: ModelRequest) -> tuple[str, Mapping[str, Any]]:
    match call.kind:
        case "write":
            return "Write", {"file_path": call.path, "content": call.text}
        case "read":
            return "Read", {"file_path": call.path}
        case "run":
            return "Bash", {"command": call.text, "description": "Run a command"}
        case "reply":
            return _REPLY_TOOL, call.reply


def _blocks(answer: Answer, request: ModelRequest) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]] | Wire]:
    """Send each content block as an empty start and one delta, with the pauses and cuts in between."""
    for piece in answer.pieces:
        match piece:
            case Pause() | Drop():
                yield piece
            case Thought(text=text):
                yield (
                    {"type": "thinking", "thinking": "", "signature": "cmVoZWFyc2Fs"},
                    {"type": "thinking_delta", "thinking": text},
                )
            case Text(text=text):
                yield {"type": "text", "text": ""}, {"type": "text_delta", "text": text}
            case Call() if piece.kind == "reply" and _REPLY_TOOL not in request.tools:
                yield ({"type": "text", "text": ""}, {"type": "text_delta", "text": json.dumps(piece.reply)})
            case Call():
                name, arguments = _call(piece, request)
                yield (
                    {"type": "tool_use", "id": f"toolu_{answer.id}", "name": name, "input": {}},
                    {"type": "input_json_delta", "partial_json": json.dumps(arguments)},
                )


def _usage(answer: Answer, output: int) -> Mapping[str, int]:
    return {
        "input_tokens": answer.usage.input - answer.usage.cached,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": answer.usage.cached,
        "output_tokens": output,
    }


def _message(answer: Answer, request: ModelRequest, output: int) -> dict[str, Any]:
    return {
        "id": f"msg_{answer.id}",
        "type": "message",
        "role": "assistant",
        "model": request.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": _usage(answer, output),
    }


def _event(name: str, **fields: Any) -> bytes:
    return f"event: {name}\ndata: {json.dumps({'type': name, **fields})}\n\n".encode()


def _stream(answer: Answer, request: ModelRequest) -> Iterator[Wire]:
    yield _event("message_start", message=_message(answer, request, 1))
    index, stop_reason = 0, "end_turn"
    for block in _blocks(answer, request):
        if not isinstance(block, tuple):
            yield block
            continue
        start, delta = block
        stop_reason = "tool_use" if start["type"] == "tool_use" else stop_reason
        yield _event("content_block_start", index=index, content_block=start)
        yield _event("content_block_delta", index=index, delta=delta)
        yield _event("content_block_stop", index=index)
        index += 1
    yield _event(
        "message_delta",
        delta={"stop_reason": stop_reason, "stop_sequence": None},
        usage=_usage(answer, answer.usage.output),
    )
    yield _event("message_stop")


def _whole(answer: Answer, request: ModelRequest) -> Mapping[str, Any]:
    message = _message(answer, request, answer.usage.output)
    message["stop_reason"] = "end_turn"
    for block in _blocks(answer, request):
        if not isinstance(block, tuple):
            continue
        start, delta = block
        full = dict(start)
        match start["type"]:
            case "tool_use":
                full["input"] = json.loads(delta["partial_json"])
                message["stop_reason"] = "tool_use"
            case "thinking":
                full["thinking"] = delta["thinking"]
            case _:
                full["text"] = delta["text"]
        message["content"].append(full)
    return message


def _error(refusal: Refusal, now: float) -> tuple[Mapping[str, str], Mapping[str, Any]]:
    headers: dict[str, str] = {}
    if refusal.resets_in_s is not None:
        headers = {
            "retry-after": str(refusal.resets_in_s),
            "anthropic-ratelimit-unified-status": "rejected",
            "anthropic-ratelimit-unified-reset": str(int(now) + refusal.resets_in_s),
        }
    kind = _ERROR_TYPES.get(refusal.status, "api_error")
    return headers, {"type": "error", "error": {"type": kind, "message": refusal.message}}


def _asides(method: str, path: str, body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    if path.endswith("/messages/count_tokens"):
        return {"input_tokens": len(json.dumps(body)) // 4}
    return None


DIALECT = Dialect(_AGENT, _understands, _read, _stream, _whole, _error, _asides)
