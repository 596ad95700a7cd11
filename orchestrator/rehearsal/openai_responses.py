"""Speak OpenAI's Responses API as Codex 0.169.0 uses it, with SSE events or one JSON response."""

from __future__ import annotations

import json
import shlex
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
)

_AGENT = AgentName("codex")
_PATCH_TOOL = "apply_patch"
_YIELD_MS = 30_000
"""How long ``exec_command`` waits for a command before it answers "still running"."""
_FAILED = ("Process exited with code ", "Exit code: ")
"""How a failed command's output begins its verdict, by tool; a zero follows where it went well."""


def _understands(path: str) -> bool:
    return path.endswith("/responses")


def _plain(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(str(part.get("text", "")) for part in content or () if isinstance(part, Mapping))


def _command_failed(output: str) -> bool:
    for verdict in _FAILED:
        _, found, rest = output.partition(verdict)
        if found:
            return not rest.startswith("0")
    return "failed" in output[:200].lower() or "rejected" in output[:200].lower()


def _said(item: Mapping[str, Any]) -> Iterator[UserText | ToolResult]:
    kind = str(item.get("type", "message"))
    if kind == "message" and item.get("role") == "user":
        yield UserText(_plain(item.get("content")))
    elif kind.endswith("_call_output"):
        output = _plain(item.get("output"))
        yield ToolResult(output, _command_failed(output))


def _offered(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Every tool of the request, also those in namespaces; newer models get them as an item of the conversation."""
    waiting = list(body.get("tools") or ())
    for item in body.get("input") or ():
        if isinstance(item, Mapping) and item.get("type") == "additional_tools":
            waiting += item.get("tools") or ()
    while waiting:
        tool = waiting.pop(0)
        waiting += tool.get("tools") or ()
        if "name" in tool and tool.get("type") != "namespace":
            yield tool


def _read(path: str, body: Mapping[str, Any]) -> ModelRequest:
    offered = list(_offered(body))
    custom = {str(tool["name"]) for tool in offered if tool.get("type") == "custom"}
    # Models that orchestrate their tools by a script find this one in that tool's description; a plain call works too.
    if any(f"`{_PATCH_TOOL}`" in str(tool.get("description", "")) for tool in offered):
        custom.add(_PATCH_TOOL)
    conversation = body.get("input") or ()
    if isinstance(conversation, str):
        conversation = ({"role": "user", "content": conversation},)
    return ModelRequest(
        agent=_AGENT,
        model=str(body.get("model", "")),
        said=tuple(said for item in conversation for said in _said(item)),
        tools={str(tool["name"]): tuple((tool.get("parameters") or {}).get("properties", {})) for tool in offered},
        custom_tools=frozenset(custom),
        streaming=bool(body.get("stream")),
    )


def _patch(call: Call) -> str:
    lines = "".join(f"+{line}\n" for line in call.text.splitlines())
    return f"*** Begin Patch\n*** Add File: {call.path}\n{lines}*** End Patch\n"


def _shell_call(command: str, request: ModelRequest) -> tuple[str, Mapping[str, Any]]:
    """The shell tool under the name this version and model offer it by."""
    if "shell_command" in request.tools:
        return "shell_command", {"command": command}
    if "shell" in request.tools:
        return "shell", {"command": ["bash", "-lc", command]}
    return "exec_command", {"cmd": command, "yield_time_ms": _YIELD_MS}


def _call_item(call: Call, answer: Answer, request: ModelRequest) -> dict[str, Any]:
    ids = {"id": f"item_{answer.id}", "call_id": f"call_{answer.id}", "status": "completed"}
    # A patch cannot leave out the last line's end.
    if call.kind == "write" and call.text.endswith("\n") and _PATCH_TOOL in request.custom_tools:
        return {"type": "custom_tool_call", **ids, "name": _PATCH_TOOL, "input": _patch(call)}
    match call.kind:
        case "write":
            folder = shlex.quote(call.path.rpartition("/")[0] or ".")
            command = f"mkdir -p {folder} && printf %s {shlex.quote(call.text)} > {shlex.quote(call.path)}"
        case "read":
            command = f"cat {shlex.quote(call.path)}"
        case _:
            command = call.text
    name, arguments = _shell_call(command, request)
    return {"type": "function_call", **ids, "name": name, "arguments": json.dumps(arguments)}


def _items(answer: Answer, request: ModelRequest) -> Iterator[dict[str, Any] | Wire]:
    for number, piece in enumerate(answer.pieces):
        match piece:
            case Pause() | Drop():
                yield piece
            case Thought(text=text):
                summary = [{"type": "summary_text", "text": text}]
                yield {"type": "reasoning", "id": f"rs_{answer.id}_{number}", "summary": summary, "content": None}
            case Call(kind="reply", reply=reply):
                yield _said_item(f"msg_{answer.id}_{number}", json.dumps(reply))
            case Text(text=text):
                yield _said_item(f"msg_{answer.id}_{number}", text)
            case Call():
                yield _call_item(piece, answer, request)


def _said_item(item_id: str, text: str) -> dict[str, Any]:
    content = [{"type": "output_text", "text": text, "annotations": []}]
    return {"type": "message", "id": item_id, "role": "assistant", "status": "completed", "content": content}


def _response(answer: Answer, request: ModelRequest, status: str) -> dict[str, Any]:
    return {"id": f"resp_{answer.id}", "object": "response", "status": status, "model": request.model, "output": []}


def _usage(answer: Answer) -> Mapping[str, Any]:
    return {
        "input_tokens": answer.usage.input,
        "input_tokens_details": {"cached_tokens": answer.usage.cached},
        "output_tokens": answer.usage.output,
        "output_tokens_details": {"reasoning_tokens": answer.usage.thinking},
        "total_tokens": answer.usage.input + answer.usage.output,
    }


def _event(name: str, **fields: Any) -> bytes:
    return f"event: {name}\ndata: {json.dumps({'type': name, **fields})}\n\n".encode()


def _stream(answer: Answer, request: ModelRequest) -> Iterator[Wire]:
    yield _event("response.created", response=_response(answer, request, "in_progress"))
    index = 0
    for item in _items(answer, request):
        if not isinstance(item, dict):
            yield item
            continue
        if item["type"] == "message":
            started = {**item, "status": "in_progress", "content": []}
            yield _event("response.output_item.added", output_index=index, item=started)
            delta = item["content"][0]["text"]
            yield _event(
                "response.output_text.delta", output_index=index, item_id=item["id"], content_index=0, delta=delta
            )
        yield _event("response.output_item.done", output_index=index, item=item)
        index += 1
    yield _event("response.completed", response={**_response(answer, request, "completed"), "usage": _usage(answer)})


def _whole(answer: Answer, request: ModelRequest) -> Mapping[str, Any]:
    output = [item for item in _items(answer, request) if isinstance(item, dict)]
    return {**_response(answer, request, "completed"), "output": output, "usage": _usage(answer)}


def _error(refusal: Refusal, now: float) -> tuple[Mapping[str, str], Mapping[str, Any]]:
    if refusal.resets_in_s is None:
        return {}, {"error": {"type": "server_error", "code": None, "message": refusal.message}}
    error = {
        "type": "usage_limit_reached",
        "message": refusal.message,
        "plan_type": "plus",
        "resets_at": int(now) + refusal.resets_in_s,
        "resets_in_seconds": refusal.resets_in_s,
    }
    return {}, {"error": error}


DIALECT = Dialect(_AGENT, _understands, _read, _stream, _whole, _error)
