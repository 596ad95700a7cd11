"""Translate OpenCode's JSON records into events (1.18.33)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from orchestrator.agents.contract import Translation, changed
from orchestrator.agents.failures import failure_beside, failure_kind, permission_trouble, resets_at, shortened
from orchestrator.agents.growing_map import EMPTY
from orchestrator.agents.opencode.rules import DENIAL_WORDS, RULES
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
from orchestrator.models.money import Usage, cost_usd, tokens
from orchestrator.wire.raw_records import Noise, RawRecord

NAME: Final = AgentName("opencode")
RECORD_TYPES: Final = frozenset({"step_start", "step_finish", "text", "reasoning", "tool_use", "error"})

_RETRY: Final = late_pattern(r'message="stream error".* error\.error="((?:[^"\\]|\\.){1,2000})"')
"""Its log's words for a request that it will make again."""
_PATHS: Final = ("filePath", "path")


def translate(state: Translation, record: RawRecord | Noise, at: datetime) -> tuple[Translation, Sequence[AgentEvent]]:
    """See :data:`orchestrator.agents.contract.Translator`."""
    if isinstance(record, Noise):
        return state, (_of_noise(record, at),)
    data = record.data
    events: list[AgentEvent] = []
    state = _begun(state, data, at=at, events=events)
    given = data.get("part")
    part: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
    match data.get("type"):
        case "step_start":
            pass
        case "text" if isinstance(part.get("text"), str):
            events.extend(events_of_text(NAME, part["text"], at))
            state = changed(state, last_text=part["text"])
        case "reasoning" if isinstance(part.get("text"), str):
            if part["text"]:
                events.append(_event(EventType.PROGRESS, Reasoned(part["text"]), at))
        case "tool_use" if isinstance(part.get("state"), Mapping):
            state = _of_tool(state, part, part["state"], at=at, events=events)
        case "step_finish":
            state = _of_finish(state, part, at=at, events=events)
        case "error":
            state = _of_error(state, data.get("error"), at=at, events=events)
        case kind:
            text = f"record {kind if isinstance(kind, str) else 'without type'}"
            events.append(_event(EventType.STATUS, Unrecognised(text, record=data), at))
    return state, events


def _event(kind: EventType, payload: Payload, at: datetime) -> AgentEvent:
    return AgentEvent(kind, NAME, at, payload)


def _of_noise(noise: Noise, at: datetime) -> AgentEvent:
    retry = _RETRY.search(noise.text)
    if retry is not None:
        kind = failure_kind(retry[1])
        if kind in (FailureKind.USAGE_LIMIT, FailureKind.BILLING):
            # It would ask again for ever, and tells so nowhere else.
            return _event(EventType.ERROR, Failed(retry[1], kind, resets_at=resets_at(retry[1], at)), at)
        return _event(EventType.STATUS, Retrying(retry[1]), at)
    failed = failure_beside(noise, RULES)
    if failed is None:
        return _event(EventType.STATUS, Unrecognised(noise.text, noise.stream), at)
    return _event(EventType.ERROR, failed, at)


def _begun(state: Translation, data: Mapping[str, Any], *, at: datetime, events: list[AgentEvent]) -> Translation:
    """Every record names the conversation; the first of a turn begins it."""
    session = data.get("sessionID")
    if not isinstance(session, str) or (state.conversation == session and not state.ended):
        return state
    events.append(_event(EventType.STATUS, ConversationStarted(session), at))
    return changed(state, conversation=session, ended=False, denials=0, last_text="", tools=EMPTY, counted=EMPTY)


def _of_tool(
    state: Translation, part: Mapping[str, Any], told: Mapping[str, Any], *, at: datetime, events: list[AgentEvent]
) -> Translation:
    """Translate one record into a tool call and its result: OpenCode reports both at once."""
    given = told.get("input")
    arguments: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
    call_id, tool = str(part.get("callID", "")), str(part.get("tool", "a tool"))
    path = next((arguments[name] for name in _PATHS if isinstance(arguments.get(name), str)), None)
    command = arguments.get("command") if isinstance(arguments.get("command"), str) else None
    summary = shortened(command or path or ", ".join(f"{key}={value}" for key, value in arguments.items()), 200)
    events.append(_event(EventType.PROGRESS, ToolCalled(tool, call_id, summary, path=path, command=command), at))
    metadata = told.get("metadata")
    code = metadata.get("exit") if isinstance(metadata, Mapping) else None
    code = code if isinstance(code, int) and not isinstance(code, bool) else None
    ok = told.get("status") == "completed" and code in (None, 0)
    output = told.get("output") if told.get("status") == "completed" else told.get("error")
    text = output if isinstance(output, str) else ""
    if not ok and told.get("status") == "error" and DENIAL_WORDS.search(text, 0, 2_000):
        events.append(_event(EventType.ERROR, Denied(text, tool, path), at))
        events.append(_event(EventType.PROGRESS, ToolReturned(call_id, False, "denied"), at))
        return changed(state, denials=state.denials + 1)
    events.append(_event(EventType.PROGRESS, ToolReturned(call_id, ok, shortened(text), exit_code=code), at))
    trouble = None if ok else permission_trouble(text)
    if trouble is not None:
        events.append(_event(EventType.ERROR, Failed(trouble, FailureKind.TOOL), at))
    return state


def _of_finish(state: Translation, part: Mapping[str, Any], *, at: datetime, events: list[AgentEvent]) -> Translation:
    """Translate the end of a step, which also ends the turn unless the model called a tool."""
    figures = part.get("tokens")
    if isinstance(figures, Mapping):
        events.append(_event(EventType.STATUS, UsageReported(_usage(figures, part)), at))
    reason = part.get("reason")
    if reason == "tool-calls" or not isinstance(reason, str) or state.ended:
        return state
    ok = reason == "stop"
    if not ok:
        kind = FailureKind.CONTEXT_FULL if reason == "length" else FailureKind.UNKNOWN
        events.append(_event(EventType.ERROR, Failed(f"the model stopped: {reason}", kind, final=True), at))
    ended = TurnEnded(ok, reason, state.last_text, object_in(state.last_text), state.denials)
    events.append(_event(EventType.STATUS, ended, at))
    return changed(state, ended=True)


def _usage(figures: Mapping[str, Any], part: Mapping[str, Any]) -> Usage:
    cache = figures.get("cache")
    cached: Mapping[str, Any] = cache if isinstance(cache, Mapping) else {}
    fresh = [count for key in (figures.get("input"), cached.get("write")) if (count := tokens(key)) is not None]
    out = [count for key in ("output", "reasoning") if (count := tokens(figures.get(key))) is not None]
    cost = cost_usd(part.get("cost"))
    return Usage(
        input_tokens=sum(fresh) if fresh else None,
        output_tokens=sum(out) if out else None,
        cached_tokens=tokens(cached.get("read")),
        cost_usd=cost or None,  # it says 0 of a model whose price it does not know
    )


def _of_error(state: Translation, given: object, *, at: datetime, events: list[AgentEvent]) -> Translation:
    """Translate a failed turn; retries appear only in OpenCode's own log."""
    error: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
    more = error.get("data")
    data: Mapping[str, Any] = more if isinstance(more, Mapping) else {}
    words = str(data.get("message") or "no reason is given")
    text = f"{error.get('name', 'error')}: {words}"
    status = data.get("statusCode")
    status = status if isinstance(status, int) and not isinstance(status, bool) else None
    failed = Failed(text, failure_kind(words, status), status, resets_at(words, at), final=True)
    events.append(_event(EventType.ERROR, failed, at))
    if state.ended:
        return state
    ended = TurnEnded(False, str(error.get("name", "error")), state.last_text, denials=state.denials)
    events.append(_event(EventType.STATUS, ended, at))
    return changed(state, ended=True)
