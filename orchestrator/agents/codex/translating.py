"""Translate the records of Codex's ``exec --json`` into events (0.169.0)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from orchestrator.agents.codex.rules import RULES
from orchestrator.agents.contract import Translation, changed
from orchestrator.agents.failures import (
    failure_beside,
    failure_kind,
    http_status,
    permission_trouble,
    resets_at,
    shortened,
)
from orchestrator.agents.growing_map import EMPTY
from orchestrator.agents.self_reports import events_of_text, object_in
from orchestrator.late_pattern import late_pattern
from orchestrator.models.events import (
    AgentEvent,
    ConversationStarted,
    Denied,
    EventType,
    Failed,
    FailureKind,
    Payload,
    Reasoned,
    Retrying,
    ToolCalled,
    ToolReturned,
    TurnEnded,
    Unrecognised,
    UsageReported,
)
from orchestrator.models.identity import AgentName
from orchestrator.models.money import Usage, tokens
from orchestrator.wire.raw_records import Noise, RawRecord

NAME: Final = AgentName("codex")

_FAILED = "failed"
"""Stands among the counted ids once the turn's failure has been reported."""

_RECONNECTING = late_pattern(r"Reconnecting\.\.\. (?:(\d{1,6})/(\d{1,6}) )?(.*)", re.DOTALL)
_ROUTER = late_pattern(r"ERROR codex_core::tools::router: error=(.*)", re.DOTALL)
_SHELL = late_pattern(r"^(?:/\S+/)?(?:ba|z|da)?sh -l?c (['\"])(.*)\1$", re.DOTALL)


RECORD_TYPES: Final = frozenset(
    {
        *("thread.started", "turn.started", "turn.completed", "turn.failed"),
        *("item.started", "item.updated", "item.completed", "error"),
    }
)


def translate(state: Translation, record: RawRecord | Noise, at: datetime) -> tuple[Translation, Sequence[AgentEvent]]:
    """See :data:`orchestrator.agents.contract.Translator`."""
    if isinstance(record, Noise):
        return _of_noise(state, record, at)
    data = record.data
    match data.get("type"):
        case "item.started" | "item.completed" | "item.updated":
            item = data.get("item")
            if isinstance(item, dict):
                return _of_item(state, item, data, at=at)
        case "turn.started":
            return changed(state, ended=False) if state.ended else state, ()
        case "turn.completed":
            return _of_turn_completed(state, data, at)
        case "turn.failed":
            return _of_turn_failed(state, data, at)
        case "thread.started":
            return _of_thread(state, data, at)
        case "error":
            return _of_error(state, str(data.get("message", "")), at)
    return state, (_unrecognised(data, at),)


def _event(kind: EventType, payload: Payload, at: datetime) -> AgentEvent:
    return AgentEvent(kind, NAME, at, payload)


def _unrecognised(data: Mapping[str, Any], at: datetime) -> AgentEvent:
    item = data.get("item")
    names = [data.get("type"), item.get("type") if isinstance(item, dict) else None]
    shown = "/".join(name for name in names if isinstance(name, str)) or "without type"
    return _event(EventType.STATUS, Unrecognised(f"record {shown}", record=data), at)


def _of_noise(state: Translation, noise: Noise, at: datetime) -> tuple[Translation, Sequence[AgentEvent]]:
    if router := _ROUTER.search(noise.text):  # the only place where a refused patch or escalation is told
        denied = Denied(router[1], reason="router")
        return changed(state, denials=state.denials + 1), (_event(EventType.ERROR, denied, at),)
    failed = failure_beside(noise, RULES)
    if failed is None:
        return state, (_event(EventType.STATUS, Unrecognised(noise.text, noise.stream), at),)
    return state, (_event(EventType.ERROR, failed, at),)


def _of_thread(state: Translation, data: Mapping[str, Any], at: datetime) -> tuple[Translation, Sequence[AgentEvent]]:
    reference = str(data.get("thread_id", ""))
    fresh = state.conversation is not None and state.conversation != reference
    started = _event(EventType.STATUS, ConversationStarted(reference), at)
    return changed(state, conversation=reference, totals={} if fresh else state.totals, ended=False), (started,)


def _of_item(
    state: Translation, item: Mapping[str, Any], data: Mapping[str, Any], *, at: datetime
) -> tuple[Translation, Sequence[AgentEvent]]:
    done = data.get("type") == "item.completed"
    match item.get("type"):
        case "agent_message" if isinstance(text := item.get("text"), str):
            return (changed(state, last_text=text), events_of_text(NAME, text, at)) if done else (state, ())
        case "reasoning" if isinstance(text := item.get("text"), str):
            return state, (_event(EventType.PROGRESS, Reasoned(text), at),) if done else ()
        case "command_execution":
            return _of_command(state, item, done=done, at=at)
        case "file_change":
            return _of_file_change(state, item, done=done, at=at)
        case "mcp_tool_call" | "web_search" | "collab_tool_call":  # in the binary only
            return _of_other_tool(state, item, done=done, at=at)
        case "error" if isinstance(item.get("message"), str):  # a warning, not a failure
            return state, (_event(EventType.STATUS, Unrecognised(item["message"], record=data), at),)
    return state, (_unrecognised(data, at),)


def _called(state: Translation, call: ToolCalled, at: datetime) -> tuple[Translation, list[AgentEvent]]:
    """Report a call once: an item may arrive completed without ever having been started."""
    if call.call_id in state.tools:
        return state, []
    return changed(state, tools=state.tools.adding(call.call_id, call.tool)), [_event(EventType.PROGRESS, call, at)]


def _returned(
    state: Translation, returned: ToolReturned, events: list[AgentEvent], at: datetime
) -> tuple[Translation, Sequence[AgentEvent]]:
    events.append(_event(EventType.PROGRESS, returned, at))
    return state, events


def _of_command(
    state: Translation, item: Mapping[str, Any], *, done: bool, at: datetime
) -> tuple[Translation, Sequence[AgentEvent]]:
    call_id, line = str(item.get("id", "")), str(item.get("command", ""))
    inner = _SHELL.match(line)
    command = inner[2] if inner else line
    state, events = _called(state, ToolCalled("shell", call_id, shortened(command, 300), command=command), at)
    if not done:
        return state, events
    output, code = str(item.get("aggregated_output") or ""), item.get("exit_code")
    exit_code = code if isinstance(code, int) and not isinstance(code, bool) else None
    ok = item.get("status") == "completed" and exit_code in (0, None)
    trouble = permission_trouble(output)
    if ok and "Read-only file system" in output and trouble:
        # The shell went on after it, so the exit code tells nothing.
        events.append(_event(EventType.ERROR, Denied(trouble, "shell", reason="read_only"), at))
        state = changed(state, denials=state.denials + 1)
        return _returned(state, ToolReturned(call_id, False, "denied", exit_code), events, at)
    state, _ = _returned(state, ToolReturned(call_id, ok, shortened(output), exit_code), events, at)
    if not ok and trouble:
        events.append(_event(EventType.ERROR, Failed(trouble, FailureKind.TOOL), at))
    return state, events


def _of_file_change(
    state: Translation, item: Mapping[str, Any], *, done: bool, at: datetime
) -> tuple[Translation, Sequence[AgentEvent]]:
    call_id, listed = str(item.get("id", "")), item.get("changes")
    changes = [change for change in listed if isinstance(change, Mapping)] if isinstance(listed, list) else []
    summary = ", ".join(f"{change.get('kind', 'change')} {change.get('path', '')}" for change in changes)
    path = changes[0].get("path") if changes else None
    call = ToolCalled("file_change", call_id, shortened(summary, 300), path=path if isinstance(path, str) else None)
    state, events = _called(state, call, at)
    if not done:
        return state, events
    return _returned(state, ToolReturned(call_id, item.get("status") == "completed"), events, at)


def _of_other_tool(
    state: Translation, item: Mapping[str, Any], *, done: bool, at: datetime
) -> tuple[Translation, Sequence[AgentEvent]]:
    call_id, kind = str(item.get("id", "")), str(item["type"])
    summary = str(item.get("query") or item.get("tool") or kind)
    state, events = _called(state, ToolCalled(kind, call_id, shortened(summary, 300)), at)
    if not done:
        return state, events
    error = item.get("error")
    text = str(error.get("message", "")) if isinstance(error, Mapping) else ""
    ok = item.get("status") in ("completed", None) and not text
    return _returned(state, ToolReturned(call_id, ok, shortened(text)), events, at)


def _of_error(state: Translation, text: str, at: datetime) -> tuple[Translation, Sequence[AgentEvent]]:
    if again := _RECONNECTING.match(text):
        attempt, of = (int(again[1]), int(again[2])) if again[1] else (None, None)
        why = again[3][1:-1] if again[3].startswith("(") else again[3]
        return state, (_event(EventType.STATUS, Retrying(why, attempt, of), at),)
    return changed(state, counted=state.counted.adding(_FAILED)), (_failure(text, at),)


def _failure(text: str, at: datetime) -> AgentEvent:
    status = http_status(text)
    failed = Failed(text, failure_kind(text, status), status, resets_at(text, at), final=True)
    return _event(EventType.ERROR, failed, at)


def _of_turn_completed(
    state: Translation, data: Mapping[str, Any], at: datetime
) -> tuple[Translation, Sequence[AgentEvent]]:
    events: list[AgentEvent] = []
    usage = data.get("usage")
    if isinstance(usage, dict):
        state, used = _used(state, usage)
        events.append(_event(EventType.STATUS, UsageReported(used), at))
    reply = object_in(state.last_text)
    ended = TurnEnded(True, "completed", state.last_text, reply, state.denials)
    events.append(_event(EventType.STATUS, ended, at))
    return changed(_after_turn(state), reply=reply), events


def _of_turn_failed(
    state: Translation, data: Mapping[str, Any], at: datetime
) -> tuple[Translation, Sequence[AgentEvent]]:
    error = data.get("error")
    text = str(error.get("message", "")) if isinstance(error, Mapping) else "the turn failed"
    events = [] if _FAILED in state.counted else [_failure(text, at)]
    events.append(_event(EventType.STATUS, TurnEnded(False, "failed", text, denials=state.denials), at))
    return _after_turn(state), events


def _after_turn(state: Translation) -> Translation:
    return changed(state, counted=EMPTY, tools=EMPTY, denials=0, ended=True)


def _used(state: Translation, usage: Mapping[str, Any]) -> tuple[Translation, Usage]:
    """What this turn adds to the thread's totals.  Codex counts cached tokens among the input ones; we do not."""
    stated = {
        name: count
        for name in ("input_tokens", "cached_input_tokens", "output_tokens")
        if (count := tokens(usage.get(name))) is not None
    }
    shrunk = any(value < state.totals.get(name, 0) for name, value in stated.items())
    before = {} if shrunk else state.totals  # a total that shrank is another thread's
    rest = {name: int(value - before.get(name, 0)) for name, value in stated.items()}
    fresh, cached = rest.get("input_tokens"), rest.get("cached_input_tokens")
    used = Usage(
        input_tokens=None if fresh is None else max(fresh - (cached or 0), 0),
        output_tokens=rest.get("output_tokens"),
        cached_tokens=cached,
        model=state.model,
    )
    return changed(state, totals={**state.totals, **stated}), used
