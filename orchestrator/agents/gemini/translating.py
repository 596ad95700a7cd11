"""Translate Gemini CLI's stream-json records into events (0.61.0)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from orchestrator.agents.contract import Translation, changed
from orchestrator.agents.failures import (
    failure_beside,
    failure_kind,
    http_status,
    permission_trouble,
    resets_at,
    shortened,
)
from orchestrator.agents.gemini.rules import DENIAL_WORDS, RULES
from orchestrator.agents.growing_map import EMPTY
from orchestrator.agents.self_reports import events_of_text, object_in
from orchestrator.late_pattern import late_pattern
from orchestrator.models.events import (
    AgentEvent,
    BackgroundStarted,
    ConversationStarted,
    Denied,
    EventType,
    Failed,
    FailureKind,
    Payload,
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

NAME: Final = AgentName("gemini")

MAX_PENDING = 16 * 1024
"""Characters of one unfinished line that are held back; joining deltas is quadratic in this."""

MAX_ANSWER = 64 * 1024
"""Characters of the final answer that are remembered, counted from its end."""

_WARNED = "warned"
"""Stands among the counted ids once the stream has held an error record: the result then says success all the same."""

_ATTEMPT = late_pattern(r"Attempt (\d{1,6}) failed(?: with status (\d+))?\. Retrying with backoff")
_NAMED_PATH = late_pattern(r"Attempted path \"([^\"]+)\"|plan path \((/[^)]+)\)|File path '([^']+)'")
_FRAME = late_pattern(r"at .*(?:file:///|node:)\S+:\d+")
_DENIED_TYPES = frozenset({"policy_violation", "path_not_in_workspace", "permission_denied"})
_SHELL = "run_shell_command"
_COMMAND_FAILED = late_pattern(
    r"Command (?:failed: |exited with code: |terminated by signal: |cancelled by user|was automatically cancelled)"
)
"""What the shell tool shows of a command that printed nothing (in the bundle of 0.61.0)."""
_LEFT_RUNNING = late_pattern(r"Command moved to background \(PID: (\d+)\)")
_WRITING_TOOLS = frozenset({"write_file", "replace", _SHELL})


RECORD_TYPES: Final = frozenset({"init", "message", "tool_use", "tool_result", "error", "result"})


def translate(state: Translation, record: RawRecord | Noise, at: datetime) -> tuple[Translation, Sequence[AgentEvent]]:
    """See :data:`orchestrator.agents.contract.Translator`."""
    if isinstance(record, Noise):
        event = _of_noise(record, at)
        return state, (event,) if event is not None else ()
    data = record.data
    kind = data.get("type")
    if kind == "message" and data.get("delta") is True and data.get("role") == "assistant":
        return _of_delta(state, data, at)
    state, events = _flushed(state, at)
    match kind:
        case "message":
            return _of_message(state, data, events, at=at)
        case "tool_use":
            return _of_tool_use(state, data, events, at=at)
        case "tool_result":
            return _of_tool_result(state, data, events, at=at)
        case "init":
            return _of_init(state, data, events, at=at)
        case "error":
            return _of_error(state, data, events, at=at)
        case "result":
            return _of_result(state, data, events, at=at)
    return state, [*events, _unrecognised(data, at)]


def _event(kind: EventType, payload: Payload, at: datetime) -> AgentEvent:
    return AgentEvent(kind, NAME, at, payload)


def _unrecognised(data: Mapping[str, Any], at: datetime) -> AgentEvent:
    kind = data.get("type")
    shown = kind if isinstance(kind, str) else "without type"
    return _event(EventType.STATUS, Unrecognised(f"record {shown}", record=data), at)


def _of_noise(noise: Noise, at: datetime) -> AgentEvent | None:
    if again := _ATTEMPT.match(noise.text):
        why = f"status {again[2]}" if again[2] else noise.text[again.end() :].lstrip(". ") or "no answer"
        return _event(EventType.STATUS, Retrying(why, int(again[1])), at)
    if _FRAME.match(noise.text):  # a dozen of them stand behind every retry
        return None
    # What stands behind this was told by the tool's own result on stdout.
    failed = None if noise.text.startswith("Error executing tool ") else failure_beside(noise, RULES)
    if failed is None:
        return _event(EventType.STATUS, Unrecognised(noise.text, noise.stream), at)
    return _event(EventType.ERROR, failed, at)


def _of_delta(state: Translation, data: Mapping[str, Any], at: datetime) -> tuple[Translation, Sequence[AgentEvent]]:
    content = data.get("content")
    if not isinstance(content, str) or not content:
        return state, ()
    pending = state.pending_text + content
    if "\n" not in content and len(pending) < MAX_PENDING:
        return changed(state, pending_text=pending), ()
    end = pending.rfind("\n") + 1 or len(pending)
    whole, rest = pending[:end], pending[end:]
    answer = (state.last_text + whole)[-MAX_ANSWER:]
    return changed(state, pending_text=rest, last_text=answer), events_of_text(NAME, whole, at)


def _flushed(state: Translation, at: datetime) -> tuple[Translation, list[AgentEvent]]:
    """Give out what is pending; this is called before any record that is no delta."""
    if not state.pending_text:
        return state, []
    text = state.pending_text
    state = changed(state, pending_text="", last_text=(state.last_text + text)[-MAX_ANSWER:])
    return state, events_of_text(NAME, text, at)


def _of_message(
    state: Translation, data: Mapping[str, Any], events: list[AgentEvent], *, at: datetime
) -> tuple[Translation, Sequence[AgentEvent]]:
    content = data.get("content")
    if data.get("role") != "assistant" or not isinstance(content, str):
        return state, events  # the prompt's own echo
    return changed(state, last_text=content[-MAX_ANSWER:]), [*events, *events_of_text(NAME, content, at)]


def _of_init(
    state: Translation, data: Mapping[str, Any], events: list[AgentEvent], *, at: datetime
) -> tuple[Translation, Sequence[AgentEvent]]:
    reference, model = str(data.get("session_id", "")), data.get("model")
    # "auto" is what was asked for, not what will answer.
    model = model if isinstance(model, str) and model != "auto" else None
    events.append(_event(EventType.STATUS, ConversationStarted(reference, model), at))
    return changed(state, conversation=reference, model=model, last_text="", ended=False), events


def _of_tool_use(
    state: Translation, data: Mapping[str, Any], events: list[AgentEvent], *, at: datetime
) -> tuple[Translation, Sequence[AgentEvent]]:
    tool, call_id, given = str(data.get("tool_name", "")), str(data.get("tool_id", "")), data.get("parameters")
    arguments: Mapping[str, Any] = given if isinstance(given, dict) else {}
    command, path = arguments.get("command"), arguments.get("file_path", arguments.get("dir_path"))
    first = next((value for value in arguments.values() if isinstance(value, str) and value), "")
    summary = command if isinstance(command, str) else path if isinstance(path, str) else first
    call = ToolCalled(
        tool,
        call_id,
        shortened(summary, 300),
        path=path if isinstance(path, str) else None,
        command=command if isinstance(command, str) else None,
    )
    events.append(_event(EventType.PROGRESS, call, at))
    # What was said before a call is not the final answer.
    return changed(state, tools=state.tools.adding(call_id, tool), last_text=""), events


def _of_tool_result(
    state: Translation, data: Mapping[str, Any], events: list[AgentEvent], *, at: datetime
) -> tuple[Translation, Sequence[AgentEvent]]:
    call_id, output, error = str(data.get("tool_id", "")), str(data.get("output") or ""), data.get("error")
    tool = state.tools.get(call_id)
    if data.get("status") == "success":
        beside = _LEFT_RUNNING.match(output)
        if beside is not None:
            events.append(_event(EventType.STATUS, BackgroundStarted(beside[1], call_id, shortened(output, 300)), at))
        # The shell tool calls itself a success whatever became of its command; only one without output tells.
        ok = not (tool == _SHELL and _COMMAND_FAILED.match(output))
        events.append(_event(EventType.PROGRESS, ToolReturned(call_id, ok, shortened(output)), at))
        return state, events
    text, kind = output, None
    if isinstance(error, Mapping):
        text, kind = str(error.get("message") or output), error.get("type")
    denied = _is_denial(text, kind, tool)
    if denied:
        reason = kind if isinstance(kind, str) else None
        named = _NAMED_PATH.search(text)
        path = named[named.lastindex or 0] if named else None
        events.append(_event(EventType.ERROR, Denied(text, tool, path, reason), at))
        state = changed(state, denials=state.denials + 1)
    events.append(_event(EventType.PROGRESS, ToolReturned(call_id, False, "denied" if denied else shortened(text)), at))
    if not denied and (trouble := permission_trouble(text)):
        events.append(_event(EventType.ERROR, Failed(trouble, FailureKind.TOOL), at))
    return state, events


def _is_denial(text: str, kind: object, tool: str | None) -> bool:
    """Whether permission was the reason; a writing tool that is "not found" is one the approval mode withholds."""
    if kind == "tool_not_registered":
        return tool in _WRITING_TOOLS
    return (isinstance(kind, str) and kind in _DENIED_TYPES) or DENIAL_WORDS.search(text) is not None


def _of_error(
    state: Translation, data: Mapping[str, Any], events: list[AgentEvent], *, at: datetime
) -> tuple[Translation, Sequence[AgentEvent]]:
    text = str(data.get("message", ""))
    kind = FailureKind.ABORTED if "stopping execution" in text else failure_kind(text)
    events.append(_event(EventType.ERROR, Failed(text, kind, http_status(text)), at))
    return changed(state, counted=state.counted.adding(_WARNED)), events


def _of_result(
    state: Translation, data: Mapping[str, Any], events: list[AgentEvent], *, at: datetime
) -> tuple[Translation, Sequence[AgentEvent]]:
    error = data.get("error")
    ok = data.get("status") == "success" and error is None and _WARNED not in state.counted
    subtype = "success" if ok else "stopped" if data.get("status") == "success" else "error"
    if isinstance(error, Mapping):
        text, kind = str(error.get("message", "")), error.get("type")
        status = http_status(text)
        limit = kind == "FatalTurnLimitedError" or "max session turns" in text
        reason = FailureKind.TURN_LIMIT if limit else failure_kind(text, status)
        failed = Failed(text, reason, status, resets_at(text, at), final=True)
        events.append(_event(EventType.ERROR, failed, at))
        subtype = kind if isinstance(kind, str) and kind != "unknown" else subtype
    events.extend(_event(EventType.STATUS, used, at) for used in _used(data.get("stats")))
    reply = object_in(state.last_text)
    events.append(_event(EventType.STATUS, TurnEnded(ok, subtype, state.last_text, reply, state.denials), at))
    return changed(state, counted=EMPTY, tools=EMPTY, denials=0, reply=reply, ended=True), events


def _used(stats: object) -> list[UsageReported]:
    """Report the usage of each model that was asked; the figures are those of this run."""
    models = stats.get("models") if isinstance(stats, Mapping) else None
    if isinstance(models, Mapping) and models:
        named = [(str(name), figures) for name, figures in models.items() if isinstance(figures, Mapping)]
        asked = [(name, figures) for name, figures in named if figures.get("total_tokens") != 0]
        return [UsageReported(_usage(figures, name)) for name, figures in asked or named[-1:]]
    return [UsageReported(_usage(stats, None))] if isinstance(stats, Mapping) else []


def _usage(figures: Mapping[str, Any], model: str | None) -> Usage:
    """Read the figures of one model.  ``output_tokens`` leaves out thinking tokens, the total does not (0.61.0)."""
    fresh, output, cached = (tokens(figures.get(name)) for name in ("input", "output_tokens", "cached"))
    total = tokens(figures.get("total_tokens"))
    if total is not None and fresh is not None:
        output = max(output or 0, total - fresh - (cached or 0))
    return Usage(fresh, output, cached, model=model)
