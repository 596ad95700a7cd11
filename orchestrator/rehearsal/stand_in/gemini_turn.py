"""Play one turn of the stand-in for Gemini CLI: routing, requests and tool calls, and the stream that shows them."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .cli_options import Options, Refused
from .exchange import (
    ConnectionLost,
    Conversation,
    HttpError,
    complain,
    emit,
    inside,
    post,
    read_file,
    run_command,
    write_file,
)

_ROUTER_MODEL = "gemini-3.5-flash-lite"
_WRITERS = {"yolo": ("write_file", "run_shell_command"), "auto_edit": ("write_file",)}
_PARAMETERS = {
    "write_file": ("file_path", "content"),
    "read_file": ("file_path",),
    "run_shell_command": ("command", "description"),
}
_RETRIED = (429, 500, 502, 503, 504)
_SUBSTITUTION = re.compile(r"\$\(|`")


@dataclass
class Run:
    """One turn: what it was started with, and what it has said so far."""

    options: Options
    settings: Mapping[str, Any]
    conversation: Conversation
    mode: str
    folders: list[str]
    text: str = ""
    calls: int = 0
    models: dict[str, dict[str, int]] = field(default_factory=dict)
    started: float = field(default_factory=time.monotonic)

    def say(self, kind: str, **fields: Any) -> None:
        if self.options.one("--output-format") == "stream-json":
            emit({"type": kind, "timestamp": _now(), **fields})

    @property
    def model(self) -> str:
        return self.options.one("--model") or "gemini-3.8-flash"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def play(run: Run, prompt: str) -> int:
    """Play one turn as Gemini CLI does, and return its exit code."""
    run.say("init", session_id=run.conversation.reference, model=run.options.one("--model", "auto"))
    run.say("message", role="user", content=prompt)
    run.conversation.say({"role": "user", "parts": [{"text": prompt}]})
    try:
        if not run.options.has("--model"):
            _route(run)
        while True:
            parts = _ask(run)
            run.conversation.say({"role": "model", "parts": parts})
            results = [_perform(run, part["functionCall"]) for part in parts if "functionCall" in part]
            if not results:
                break
            run.conversation.say({"role": "user", "parts": results})
    except HttpError as error:
        return _fail(run, _words(error), error.status & 0xFF if error.status != 404 else 1)
    except ConnectionLost as error:
        lost = "terminated" if error.begun else "exception TypeError: fetch failed sending request"
        return _fail(run, f"[API Error: {lost}]", 1)
    run.say("result", status="success", stats=_stats(run))
    _say_whole(run, {"session_id": run.conversation.reference, "response": run.text, "stats": _stats(run)})
    return 0


def _say_whole(run: Run, document: Mapping[str, Any]) -> None:
    match run.options.one("--output-format", "text"):
        case "json":
            print(json.dumps(document, indent=2, ensure_ascii=False))
        case "text":
            print(run.text)


def _base() -> str:
    base = os.environ.get("GOOGLE_GEMINI_BASE_URL")
    if not base:
        raise Refused("stand-in: GOOGLE_GEMINI_BASE_URL is not set; a stand-in only talks to a rehearsal's model")
    return f"{base}/v1beta/models"


def _route(run: Run) -> None:
    """Ask which model should answer, as the real one does; its failure is not fatal."""
    body = {"contents": run.conversation.messages, "generationConfig": {"responseMimeType": "application/json"}}
    try:
        for answer in post(f"{_base()}/{_ROUTER_MODEL}:generateContent", body, _headers()):
            _count(run, _ROUTER_MODEL, answer.get("usageMetadata", {}))
    except (HttpError, ConnectionLost):
        return


def _headers() -> dict[str, str]:
    return {"x-goog-api-key": os.environ.get("GEMINI_API_KEY", "")}


def _ask(run: Run) -> list[dict[str, Any]]:
    most = int(run.settings.get("general", {}).get("maxAttempts", 10))
    for attempt in range(1, most + 1):
        try:
            return _receive(run)
        except HttpError as error:
            if error.status not in _RETRIED or attempt == most or "PerDay" in error.body:
                raise
            complain(f"Attempt {attempt} failed with status {error.status}. Retrying with backoff...")
        time.sleep(min(5 * 2 ** (attempt - 1), 30))
    raise AssertionError("the last attempt either returns or raises")


def _receive(run: Run) -> list[dict[str, Any]]:
    declared = [
        {"name": name, "parametersJsonSchema": {"type": "object", "properties": {key: {} for key in names}}}
        for name, names in _PARAMETERS.items()
        if name in _offered(run)
    ]
    body = {"contents": run.conversation.messages, "tools": [{"functionDeclarations": declared}]}
    parts: list[dict[str, Any]] = []
    ended = False
    for chunk in post(f"{_base()}/{run.model}:streamGenerateContent?alt=sse", body, _headers()):
        for candidate in chunk.get("candidates", ()):
            for part in candidate["content"].get("parts", ()):
                parts.append(part)
                if part.get("text") and not part.get("thought"):
                    run.text += part["text"]
                    run.say("message", role="assistant", content=part["text"], delta=True)
            ended = ended or "finishReason" in candidate
        _count(run, run.model, chunk.get("usageMetadata", {}))
    if not ended:
        raise ConnectionLost("terminated", begun=True)
    return parts


def _offered(run: Run) -> tuple[str, ...]:
    return ("read_file", *_WRITERS.get(run.mode, ()))


def _count(run: Run, model: str, usage: Mapping[str, int]) -> None:
    figures = run.models.setdefault(
        model, {"total_tokens": 0, "input_tokens": 0, "output_tokens": 0, "cached": 0, "input": 0}
    )
    total, prompt = usage.get("totalTokenCount", 0), usage.get("promptTokenCount", 0)
    cached = usage.get("cachedContentTokenCount", 0)
    figures["total_tokens"] += total
    figures["input_tokens"] += prompt
    figures["output_tokens"] += total - prompt
    figures["cached"] += cached
    figures["input"] += prompt - cached


def _stats(run: Run) -> dict[str, Any]:
    joined = {
        name: sum(figures[name] for figures in run.models.values())
        for name in ("total_tokens", "input_tokens", "output_tokens", "cached", "input")
    }
    duration = int((time.monotonic() - run.started) * 1000)
    return {**joined, "duration_ms": duration, "tool_calls": run.calls, "models": run.models}


def _perform(run: Run, call: Mapping[str, Any]) -> dict[str, Any]:
    name, given = call["name"], call.get("args", {})
    run.calls += 1
    call_id = f"{name}__{name}_{int(time.time() * 1000)}_{run.calls}"
    run.say("tool_use", tool_name=name, tool_id=call_id, parameters=given)
    kind, text = _do(run, name, given)
    if kind:
        complain(f"Error executing tool {name}: {text}")
        error = {"type": kind, "message": text}
        run.say("tool_result", tool_id=call_id, status="error", output=text, error=error)
    else:
        run.say("tool_result", tool_id=call_id, status="success", **({"output": text} if text else {}))
    response = {"error" if kind else "output": text}
    return {"functionResponse": {"id": call_id, "name": name, "response": response}}


def _do(run: Run, name: str, given: Mapping[str, str]) -> tuple[str, str]:
    """Do a tool call; returns the kind of error (empty if none) and the words."""
    if name not in _offered(run):
        near = ", ".join(f'"{other}"' for other in _offered(run))
        return "tool_not_registered", f'Tool "{name}" not found. Did you mean one of: {near}?'
    if name == "run_shell_command":
        if _SUBSTITUTION.search(given["command"]):
            return "", "Blocked: command substitution detected in shell command."
        code, output = run_command(given["command"])
        return "", output + (f"\nExit Code: {code}" if code else "")
    path, own = given["file_path"], str(Path.home() / ".gemini" / "tmp")
    if not inside(path, [*run.folders, own]):
        roots = ", ".join(run.folders)
        return "invalid_tool_params", (
            f'Path not in workspace: Attempted path "{path}" resolves outside the allowed workspace directories:'
            f" {roots} or the project temp directory: {own}"
        )
    if name == "write_file":
        problem = write_file(path, given["content"])
        return ("unhandled_exception", problem) if problem else ("", "")
    text, problem = read_file(path)
    return ("unhandled_exception", problem) if problem else ("", text)


def _words(error: HttpError) -> str:
    if error.status == 429 and "PerDay" in error.body:
        return "[API Error: You have exhausted your daily quota on this model.]\nPlease wait and try again later."
    return f"[API Error: {error.body}]"


def _fail(run: Run, words: str, code: int) -> int:
    error = {"type": "unknown", "message": words}
    run.say("result", status="error", error=error, stats=_stats(run))
    match run.options.one("--output-format", "text"):
        case "json":
            document = {"session_id": run.conversation.reference, "error": {**error, "code": code}}
            complain(json.dumps(document, indent=2))
        case "text":
            complain(words)
    return code
