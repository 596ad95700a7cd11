"""Speak Google's generateContent and streamGenerateContent as Gemini CLI 0.61.0 uses them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.late_pattern import late_pattern
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

_AGENT = AgentName("gemini")
_PATH = late_pattern(r"/models/(?P<model>[^/:]+):(?P<verb>\w+)$")
_ANSWERING = frozenset({"generateContent", "streamGenerateContent"})
_STATUS_NAMES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}


def _understands(path: str) -> bool:
    match = _PATH.search(path)
    return match is not None and match["verb"] in _ANSWERING


def _said(content: Mapping[str, Any]) -> Iterator[UserText | ToolResult]:
    if content.get("role", "user") == "model":
        return
    for part in content.get("parts") or ():
        if "functionResponse" in part:
            response = part["functionResponse"].get("response") or {}
            yield ToolResult(json.dumps(response), "error" in response)
        elif isinstance(part.get("text"), str) and not part["text"].lstrip().startswith("<session_context>"):
            yield UserText(part["text"])


def _example(schema: Mapping[str, Any]) -> Any:
    """Make the plainest value that fits a JSON schema, which is enough for the CLI's own classifiers."""
    if schema.get("enum"):
        return schema["enum"][0]
    match str(schema.get("type", "")).lower():
        case "object":
            return {name: _example(part) for name, part in (schema.get("properties") or {}).items()}
        case "array":
            return []
        case "integer" | "number":
            return 1
        case "boolean":
            return False
        case _:
            return "rehearsal"


def _read(path: str, body: Mapping[str, Any]) -> ModelRequest:
    match = _PATH.search(path.partition("?")[0])
    declared = [one for tool in body.get("tools") or () for one in tool.get("functionDeclarations") or ()]
    tools = {
        str(one["name"]): tuple((one.get("parametersJsonSchema") or one.get("parameters") or {}).get("properties", {}))
        for one in declared
    }
    settings = body.get("generationConfig") or {}
    # The router, the "who speaks next" check and the loop check ask for JSON and offer no tools.
    schema = settings.get("responseJsonSchema") or settings.get("responseSchema")
    side: Mapping[str, Any] | None = None
    if not tools:
        side = _example(schema) if isinstance(schema, Mapping) else {}
    return ModelRequest(
        agent=_AGENT,
        model=match["model"] if match else "",
        said=tuple(said for content in body.get("contents") or () for said in _said(content)),
        tools=tools,
        streaming=match is not None and match["verb"].startswith("stream"),
        side=side,
    )


def _call(call: Call) -> Mapping[str, Any]:
    match call.kind:
        case "write":
            return {"name": "write_file", "args": {"file_path": call.path, "content": call.text}}
        case "read":
            return {"name": "read_file", "args": {"file_path": call.path}}
        case _:
            return {"name": "run_shell_command", "args": {"command": call.text, "description": "Run a command"}}


def _parts(answer: Answer) -> Iterator[Mapping[str, Any] | Wire]:
    for piece in answer.pieces:
        match piece:
            case Pause() | Drop():
                yield piece
            case Thought(text=text):
                yield {"text": text, "thought": True}
            case Text(text=text):
                yield {"text": text}
            case Call(kind="reply", reply=reply):
                yield {"text": json.dumps(reply)}
            case Call():
                # Without a signature on the call, newer models' clients refuse to send the history back.
                yield {"functionCall": _call(piece), "thoughtSignature": "cmVoZWFyc2Fs"}


def _chunk(answer: Answer, request: ModelRequest, parts: list[Mapping[str, Any]], *, last: bool) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": parts}, "index": 0}
    chunk: dict[str, Any] = {"candidates": [candidate], "modelVersion": request.model, "responseId": answer.id}
    if last:
        candidate["finishReason"] = "STOP"
        chunk["usageMetadata"] = {
            "promptTokenCount": answer.usage.input,
            "cachedContentTokenCount": answer.usage.cached,
            "candidatesTokenCount": answer.usage.output - answer.usage.thinking,
            "thoughtsTokenCount": answer.usage.thinking,
            "totalTokenCount": answer.usage.input + answer.usage.output,
        }
    return chunk


def _stream(answer: Answer, request: ModelRequest) -> Iterator[Wire]:
    held: Mapping[str, Any] | None = None
    # The last part travels with the finish reason: a chunk without parts counts as an empty answer.
    for part in _parts(answer):
        if held is not None:
            yield _data(_chunk(answer, request, [held], last=False))
        held = None
        if isinstance(part, Mapping):
            held = part
        else:
            yield part
    yield _data(_chunk(answer, request, [held] if held is not None else [{"text": ""}], last=True))


def _data(chunk: Mapping[str, Any]) -> bytes:
    return f"data: {json.dumps(chunk)}\r\n\r\n".encode()


def _whole(answer: Answer, request: ModelRequest) -> Mapping[str, Any]:
    parts = [part for part in _parts(answer) if isinstance(part, Mapping)]
    return _chunk(answer, request, parts, last=True)


def _error(refusal: Refusal, now: float) -> tuple[Mapping[str, str], Mapping[str, Any]]:
    status = _STATUS_NAMES.get(refusal.status, "UNKNOWN")
    error: dict[str, Any] = {"code": refusal.status, "message": refusal.message, "status": status}
    if refusal.resets_in_s is not None:
        quota = {"quotaMetric": "generate_content_requests", "quotaId": "GenerateRequestsPerDayPerProjectPerModel"}
        error["details"] = [
            {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [quota]},
            {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{refusal.resets_in_s}s"},
        ]
    return {}, {"error": error}


def _asides(method: str, path: str, body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    if path.endswith(":countTokens"):
        return {"totalTokens": len(json.dumps(body)) // 4}
    return None


DIALECT = Dialect(_AGENT, _understands, _read, _stream, _whole, _error, _asides)
