"""Play one turn of the stand-in for Claude Code: requests, tool calls and denials, and the stream that shows them."""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .claude_tools import denial, perform
from .cli_options import Options, Refused
from .exchange import ConnectionLost, Conversation, HttpError, complain, emit, post

VERSION = "2.1.332"
_MODEL = "claude-opus-5-5"
_REPLIED = "Structured output provided successfully"
_PRICES = {"input": 4e-6, "output": 2e-5}
"""Dollars a token: made up, but never zero, so that a rehearsal shows costs adding up."""
_TOOLS = {"Bash": ("command", "description"), "Read": ("file_path",), "Write": ("file_path", "content")}
_LONGEST_WAIT_S = 60.0
"""Observed: told to wait for an hour, it gives up at once; told to wait for three seconds, it waits."""
_NOT_RETRIED = (400, 403, 404, 413)
_ERRORS = {401: "authentication_failed", 429: "rate_limit", 529: "overloaded"}


@dataclass
class Run:
    """One turn: what it was started with, and what it has said so far."""

    options: Options
    mode: str
    conversation: Conversation
    folders: list[str]
    """Where files may be touched without bypass."""
    schema: Any = None
    denials: list[dict[str, Any]] = field(default_factory=list)
    usage: dict[str, int] = field(default_factory=dict)
    text: str = ""
    reply: Any = None
    turns: int = 1
    started: float = field(default_factory=time.monotonic)

    @property
    def streams(self) -> bool:
        return self.options.one("--output-format", "text") == "stream-json"

    def say(self, kind: str, **fields: Any) -> None:
        if self.streams:
            emit({"type": kind, **fields, "session_id": self.conversation.reference, "uuid": str(uuid.uuid4())})


def play(run: Run, prompt: str) -> int:
    """Play one turn as Claude Code does, and return its exit code."""
    offered = _offered(run)
    run.say(
        "system",
        subtype="init",
        cwd=os.getcwd(),
        tools=sorted(offered),
        mcp_servers=[],
        model=run.options.one("--model", _MODEL),
        permissionMode=run.mode,
        apiKeySource="ANTHROPIC_API_KEY" if os.environ.get("ANTHROPIC_API_KEY") else "none",
        claude_code_version=VERSION,
        additional_directories=run.options.many("--add-dir"),
    )
    if not (os.environ.get("ANTHROPIC_API_KEY") or os.environ.get("ANTHROPIC_AUTH_TOKEN")):
        return _fail(run, "Not logged in · Please run /login", "authentication_failed", None)
    run.conversation.say({"role": "user", "content": [{"type": "text", "text": prompt}]})
    while True:
        try:
            message = _ask(run, offered)
        except HttpError as error:
            kind = _ERRORS.get(error.status, "server_error" if error.status >= 500 else "invalid_request")
            return _fail(run, _words(error), kind, error.status)
        except ConnectionLost as error:
            return _fail(run, f"API Error: Connection error. ({error})", "unknown", None)
        calls = [block for block in message["content"] if block["type"] == "tool_use"]
        run.conversation.say({"role": "assistant", "content": message["content"]})
        if not calls:
            break
        run.turns += 1
        if any(call["name"] == "StructuredOutput" for call in calls):
            given = next(call for call in calls if call["name"] == "StructuredOutput")
            run.reply, run.text = given["input"], json.dumps(given["input"])
            run.conversation.say({"role": "user", "content": [_returned(run, given, _REPLIED)]})
            break
        results = [_perform(run, call, offered) for call in calls]
        run.conversation.say({"role": "user", "content": results})
    run.conversation.save()
    say_result(run, subtype="success", terminal="completed", is_error=False)
    return 0


def _offered(run: Run) -> dict[str, tuple[str, ...]]:
    chosen = {tool for value in run.options.many("--tools") for tool in value.split(",")}
    banned = {tool for value in run.options.many("--disallowedTools") for tool in value.split(",")}
    everything = not run.options.has("--tools") or "default" in chosen
    tools = {name: of for name, of in _TOOLS.items() if (everything or name in chosen) and name not in banned}
    if run.schema is not None:
        tools["StructuredOutput"] = tuple(run.schema.get("properties", {}))
    return tools


def _ask(run: Run, offered: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    """Send one request with the CLI's own retries, and write what streams in."""
    most = int(os.environ.get("CLAUDE_CODE_MAX_RETRIES", "10"))
    for attempt in range(1, most + 2):
        try:
            return _receive(run, offered)
        except HttpError as error:
            limit = min(most, 2) if error.status == 529 else most
            hopeless = error.status in _NOT_RETRIED or float(error.headers.get("retry-after", 0)) > _LONGEST_WAIT_S
            if hopeless or attempt > limit:
                raise
            status: int | None = error.status
            kind = _ERRORS.get(error.status, "server_error")
            wait_s = max(float(error.headers.get("retry-after", 0)), 0.5 * 2 ** (attempt - 1))
        except ConnectionLost:
            if attempt > most:
                raise
            status, kind, wait_s = None, "unknown", 0.5 * 2 ** (attempt - 1)
        run.say(
            "system",
            subtype="api_retry",
            attempt=attempt,
            max_retries=most,
            retry_delay_ms=int(wait_s * 1000),
            error_status=status,
            error=kind,
        )
        time.sleep(wait_s)
    raise AssertionError("the last attempt either returns or raises")


def _receive(run: Run, offered: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    base = os.environ.get("ANTHROPIC_BASE_URL")
    if not base:
        raise Refused("stand-in: ANTHROPIC_BASE_URL is not set; a stand-in only talks to a rehearsal's model")
    body = {
        "model": run.options.one("--model", _MODEL),
        "messages": run.conversation.messages,
        "tools": [{"name": n, "input_schema": {"properties": {key: {} for key in p}}} for n, p in offered.items()],
        "max_tokens": 32000,
        "stream": True,
    }
    headers = {"x-api-key": os.environ.get("ANTHROPIC_API_KEY", ""), "anthropic-version": "2023-06-01"}
    message: dict[str, Any] = {}
    partial, whole = "", False
    for event in post(f"{base}/v1/messages?beta=true", body, headers):
        match event["type"]:
            case "message_start":
                message = dict(event["message"], content=[])
            case "content_block_start":
                partial = ""
                message["content"].append(dict(event["content_block"]))
            case "content_block_delta":
                delta = event["delta"]
                partial += str(delta.get("text") or delta.get("thinking") or delta.get("partial_json") or "")
            case "content_block_stop":
                _finish_block(run, message, partial)
            case "message_delta":
                _count(run, event["usage"])
            case "message_stop":
                whole = True
    if not whole:
        raise ConnectionLost("the answer was cut", begun=True)
    return message


def _finish_block(run: Run, message: dict[str, Any], partial: str) -> None:
    block = message["content"][-1]
    if block["type"] == "tool_use":
        block["input"] = json.loads(partial or "{}")
    else:
        block[block["type"]] = partial
    if block["type"] == "text":
        run.text = partial
    if block["type"] == "thinking":
        tokens = len(partial) // 4 + 1
        run.say("system", subtype="thinking_tokens", estimated_tokens=tokens, estimated_tokens_delta=tokens)
    run.say("assistant", message={**message, "content": [block]}, parent_tool_use_id=None)


def _count(run: Run, usage: Mapping[str, int]) -> None:
    for name in ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens"):
        run.usage[name] = run.usage.get(name, 0) + usage.get(name, 0)
        run.conversation.add(name, usage.get(name, 0))
    cost = usage.get("input_tokens", 0) * _PRICES["input"] + usage.get("output_tokens", 0) * _PRICES["output"]
    run.conversation.add("cost", cost)


def _perform(run: Run, call: Mapping[str, Any], offered: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    name, given = call["name"], call["input"]
    denied = denial(run.mode, _allowed(run), run.folders, name=name, given=given)
    if name not in offered:
        text, failed = f"No such tool available: {name}. {name} is disabled for this session", True
    elif denied is not None:
        text, failed = _report_denial(run, call, *denied), True
    else:
        text, failed = perform(name, given)
    return _returned(run, call, text, **({"is_error": failed} if failed or name == "Bash" else {}))


def _returned(run: Run, call: Mapping[str, Any], text: str, **further: Any) -> dict[str, Any]:
    """Write the result of a call, and return it for the model."""
    result = {"tool_use_id": call["id"], "type": "tool_result", "content": text, **further}
    run.say("user", message={"role": "user", "content": [result]}, parent_tool_use_id=None)
    return result


def _allowed(run: Run) -> set[str]:
    return {tool for value in run.options.many("--allowedTools") for tool in value.split(",")}


def _report_denial(run: Run, call: Mapping[str, Any], reason: str | None, words: str) -> str:
    run.denials.append({"tool_name": call["name"], "tool_use_id": call["id"], "tool_input": call["input"]})
    typed = {"decision_reason_type": reason} if reason else {}
    run.say(
        "system", subtype="permission_denied", tool_name=call["name"], tool_use_id=call["id"], **typed, message=words
    )
    return words


def _words(error: HttpError) -> str:
    match error.status:
        case 401:
            return f"Failed to authenticate. API Error: 401 {error.message}"
        case 429:
            return f"API Error: Request rejected (429) · {error.message}"
        case 529:
            return "API Error: Repeated 529 Overloaded errors."
        case _:
            return f"API Error: {error.status} {error.message}"


def _fail(run: Run, words: str, kind: str, status: int | None) -> int:
    run.text = words
    message = {
        "id": str(uuid.uuid4()),
        "type": "message",
        "role": "assistant",
        "model": "<synthetic>",
        "stop_reason": "stop_sequence",
        "usage": {"input_tokens": 0, "output_tokens": 0},
        "content": [{"type": "text", "text": words}],
    }
    run.say("assistant", message=message, parent_tool_use_id=None, error=kind)
    say_result(run, subtype="success", terminal="api_error", is_error=True, status=status)
    return 1


def say_result(run: Run, *, subtype: str, terminal: str, is_error: bool, status: int | None = None) -> None:
    """Write the record that ends a turn, with the totals of the whole conversation."""
    totals = run.conversation.totals
    model_usage = {
        "inputTokens": totals.get("input_tokens", 0),
        "outputTokens": totals.get("output_tokens", 0),
        "cacheReadInputTokens": totals.get("cache_read_input_tokens", 0),
        "cacheCreationInputTokens": totals.get("cache_creation_input_tokens", 0),
        "costUSD": totals.get("cost", 0),
    }
    duration = int((time.monotonic() - run.started) * 1000)
    record: dict[str, Any] = {
        "duration_api_ms": duration,
        "stop_reason": "end_turn",
        "session_id": run.conversation.reference,
        "total_cost_usd": totals.get("cost", 0),
        "usage": run.usage,
        "modelUsage": {run.options.one("--model", _MODEL): model_usage} if totals else {},
        "permission_denials": run.denials,
        "terminal_reason": terminal,
        "is_error": is_error,
        "num_turns": run.turns,
        "subtype": subtype,
        "api_error_status": status,
        **({"result": run.text} if subtype == "success" else {"errors": [terminal]}),
        **({"structured_output": run.reply} if run.reply is not None else {}),
        "type": "result",
        "duration_ms": duration,
        "uuid": str(uuid.uuid4()),
    }
    if run.options.one("--output-format", "text") == "text":
        (complain if is_error else print)(run.text)
    else:
        emit(record)
