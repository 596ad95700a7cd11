"""Play one turn of the stand-in for Codex: requests, patches and commands, and the stream that shows them."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .cli_options import Options, Refused
from .exchange import ConnectionLost, Conversation, HttpError, complain, emit, inside, post, run_command, write_file

_BUSY = "We\u2019re currently experiencing high demand, which may cause temporary errors."
_TMP = "/tmp"  # noqa: S108 -- what codex itself leaves writable
_PATCH_FILE = re.compile(r"^\*\*\* (?P<verb>Add|Update|Delete) File: (?P<path>.+)$")


@dataclass
class Run:
    """One turn: what it was started with, and what it has said so far."""

    options: Options
    config: dict[str, Any]
    conversation: Conversation
    cwd: str
    mode: str
    items: int = 0
    text: str = ""
    usage: dict[str, int] = field(default_factory=dict)

    def item(self, kind: str, *, stage: str = "completed", again: bool = False, **fields: Any) -> None:
        """Write the line of one item; ``again`` completes the item that was started last."""
        number = self.items - 1 if again else self.items
        if not again:
            self.items += 1
        self.say(f"item.{stage}", item={"id": f"item_{number}", "type": kind, **fields})

    def say(self, kind: str, **fields: Any) -> None:
        if self.options.has("--json"):
            emit({"type": kind, **fields})


def play(run: Run, prompt: str) -> int:
    """Play one turn as Codex does, and return its exit code."""
    run.say("thread.started", thread_id=run.conversation.reference)
    run.say("turn.started")
    run.conversation.say(_message("user", prompt))
    try:
        while True:
            calls = _ask(run)
            if not calls:
                break
            run.conversation.say(*(_perform(run, call) for call in calls))
    except HttpError as error:
        return _fail(run, _words(run, error))
    except ConnectionLost as error:
        return _fail(run, f"stream disconnected before completion: {error}")
    if run.options.has("--output-last-message"):
        Path(run.options.one("--output-last-message")).write_text(run.text, encoding="utf-8")
    run.conversation.save()
    totals = run.conversation.totals
    names = ("input_tokens", "cached_input_tokens", "cache_write_input_tokens", "output_tokens")
    usage = {name: int(totals.get(name, 0)) for name in (*names, "reasoning_output_tokens")}
    run.say("turn.completed", usage=usage)
    if not run.options.has("--json"):
        print(run.text)
    return 0


def _message(role: str, text: str) -> dict[str, Any]:
    return {"type": "message", "role": role, "content": [{"type": "input_text", "text": text}]}


def _provider(run: Run) -> tuple[str, str, dict[str, Any]]:
    """Address, key and settings of the model provider.

    Raises:
        Refused: None is configured: a stand-in never talks to a real service.
    """
    name = str(run.config.get("model_provider", "openai"))
    provider = run.config.get("model_providers", {}).get(name, {})
    address = provider.get("base_url") or run.config.get("openai_base_url") or os.environ.get("OPENAI_BASE_URL")
    if not address:
        raise Refused("stand-in: no model provider with a base_url; a stand-in only talks to a rehearsal's model")
    variable = provider.get("env_key")
    if variable and variable not in os.environ:
        raise _MissingVariable(variable)
    return str(address), os.environ.get(variable or "CODEX_API_KEY", ""), provider


class _MissingVariable(HttpError):
    def __init__(self, name: str) -> None:
        super().__init__(0, f"Missing environment variable: `{name}`.", {})


def _ask(run: Run) -> list[dict[str, Any]]:
    """Ask for one answer, with the CLI's own retries, and return the tool calls in it."""
    address, key, provider = _provider(run)
    most = int(provider.get("stream_max_retries", 5))
    for attempt in range(1, most + 2):
        try:
            return _receive(run, address, key)
        except HttpError as error:
            # Observed: a 429 is only waited for when the answer says how long.
            hopeless = error.status == 400 or (error.status == 429 and "retry-after" not in error.headers)
            if hopeless or attempt > most:
                raise
            words = _words(run, error)
        except ConnectionLost as error:
            if attempt > most:
                raise
            words = f"stream disconnected before completion: {error}"
        run.say("error", message=f"Reconnecting... {attempt}/{most} ({words})")
        time.sleep(0.2 * 2 ** (attempt - 1))
    raise AssertionError("the last attempt either returns or raises")


def _receive(run: Run, address: str, key: str) -> list[dict[str, Any]]:
    shell = {"type": "object", "properties": {"cmd": {}, "workdir": {}, "yield_time_ms": {}}}
    body: dict[str, Any] = {
        "model": run.options.one("--model") or run.config.get("model", "gpt-5.5-codex"),
        "input": run.conversation.messages,
        "tools": [
            {"type": "function", "name": "exec_command", "parameters": shell},
            {"type": "custom", "name": "apply_patch"},
        ],
        "stream": True,
    }
    if run.options.has("--output-schema"):
        body["text"] = {"format": {"type": "json_schema", "schema": _schema(run.options.one("--output-schema"))}}
    calls, completed = [], False
    for event in post(f"{address}/responses", body, {"authorization": f"Bearer {key}"}):
        if event["type"] == "response.output_item.done":
            item = event["item"]
            run.conversation.say(item)
            if str(item["type"]).endswith("_call"):
                calls.append(item)
            else:
                _show(run, item)
        elif event["type"] == "response.completed":
            completed = True
            _count(run, event["response"]["usage"])
    if not completed:
        raise ConnectionLost("stream closed before response.completed", begun=True)
    return calls


def _schema(path: str) -> Any:
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Refused(f"Failed to read output schema file {path}: {error}") from error


def _count(run: Run, usage: Mapping[str, Any]) -> None:
    run.conversation.add("input_tokens", usage["input_tokens"])
    run.conversation.add("cached_input_tokens", usage["input_tokens_details"]["cached_tokens"])
    run.conversation.add("output_tokens", usage["output_tokens"])
    run.conversation.add("reasoning_output_tokens", usage["output_tokens_details"]["reasoning_tokens"])


def _show(run: Run, item: Mapping[str, Any]) -> None:
    """Write text and reasoning as they arrive, not only when the answer is complete."""
    match item["type"]:
        case "message":
            run.text = "".join(part["text"] for part in item["content"])
            run.item("agent_message", text=run.text)
        case "reasoning":
            run.item("reasoning", text="\n".join(part["text"] for part in item["summary"]))


def _perform(run: Run, call: Mapping[str, Any]) -> dict[str, Any]:
    """Do what a tool call says; the result to send back."""
    match call["name"]:
        case "apply_patch":
            output = _apply_patch(run, call["input"])
        case "exec_command":
            output = _execute(run, json.loads(call["arguments"])["cmd"])
        case name:
            output = _router_error(f"unsupported call: {name}")
    return {"type": f"{call['type']}_output", "call_id": call["call_id"], "output": output}


def _router_error(words: str) -> str:
    """Write a refusal to stderr; Codex's stream does not mention it."""
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    complain(f"{now} ERROR codex_core::tools::router: error={words}")
    return words


def _apply_patch(run: Run, patch: str) -> str:
    """Read the files to add from a patch; a rehearsal never asks for an update or a deletion."""
    files: dict[str, list[str]] = {}
    current: list[str] = []
    for line in patch.splitlines():
        header = _PATCH_FILE.match(line)
        if header:
            current = files.setdefault(os.path.join(run.cwd, header["path"]), [])
        elif line.startswith("+"):
            current.append(line[1:])
    refused = _patch_refusal(run, list(files))
    if refused:
        return _router_error(f"patch rejected: {refused}; rejected by user approval settings")
    changes = [{"path": path, "kind": "update" if os.path.exists(path) else "add"} for path in files]
    run.item("file_change", stage="started", changes=changes, status="in_progress")
    problems = [write_file(path, "".join(f"{line}\n" for line in lines)) for path, lines in files.items()]
    failed = [problem for problem in problems if problem]
    run.item("file_change", again=True, changes=changes, status="failed" if failed else "completed")
    if failed:
        return f"Exit code: 1\nOutput:\nFailed to write file {failed[0]}"
    return "Exit code: 0\nOutput:\nSuccess. Updated the following files:\n" + "\n".join(f"A {path}" for path in files)


def _patch_refusal(run: Run, paths: list[str]) -> str:
    if run.mode == "read-only":
        return "writing is blocked by read-only sandbox"
    roots = [run.cwd, *run.options.many("--add-dir"), os.environ.get("TMPDIR", _TMP), _TMP]
    if run.mode == "workspace-write" and not all(inside(path, roots) for path in paths):
        return "writing outside of the project"
    return ""


def _execute(run: Run, command: str) -> str:
    shown = f"/bin/bash -lc {json.dumps(command)}"
    run.item(
        "command_execution", stage="started", command=shown, aggregated_output="", exit_code=None, status="in_progress"
    )
    code, output = run_command(command)
    status = "failed" if code else "completed"
    run.item("command_execution", again=True, command=shown, aggregated_output=output, exit_code=code, status=status)
    return f"Process exited with code {code}\nOutput:\n{output}"


def _words(run: Run, error: HttpError) -> str:
    if error.status == 0:
        return error.body
    if error.status == 400:
        return error.body
    if error.status == 429:
        return _limit_words(error.body)
    if error.status in (500, 502, 503):
        return _BUSY
    url = f"{_provider(run)[0]}/responses"
    return f"unexpected status {error.status} {error.reason}: {error.message}, url: {url}"


def _limit_words(body: str) -> str:
    try:
        error = json.loads(body)["error"]
        if error["type"] != "usage_limit_reached":
            raise KeyError("type")
        resets = datetime.fromtimestamp(error["resets_at"], tz=UTC).astimezone()
    except (ValueError, KeyError, TypeError):
        return "exceeded retry limit, last status: 429 Too Many Requests"
    hour = resets.strftime("%I").lstrip("0")
    return f"You\u2019ve hit your usage limit. Purchase more credits or try again at {hour}:{resets:%M %p}."


def _fail(run: Run, words: str) -> int:
    run.say("error", message=words)
    run.say("turn.failed", error={"message": words})
    if not run.options.has("--json"):
        print(f"ERROR: {words}", file=sys.stderr)
    return 1
