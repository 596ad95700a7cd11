"""Translate Claude Code's stream-json records into events (2.1.329; 2.1.197 where marked).

Each token and cent it has consumed is counted once.  Input tokens are told with the first line of each message; output
tokens and cost only by the result, which is a total over all runs of the conversation, forked ones included.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from orchestrator.agents.claude import tool_calls
from orchestrator.agents.claude.rules import RULES
from orchestrator.agents.claude.tool_calls import NAME
from orchestrator.agents.contract import Translation, changed
from orchestrator.agents.failures import (
    failure_beside,
    failure_kind,
    http_status,
    resets_at,
)
from orchestrator.agents.growing_map import EMPTY
from orchestrator.agents.self_reports import events_of_text
from orchestrator.models.events import (
    AgentEvent,
    BackgroundStarted,
    ConversationStarted,
    Denied,
    EventType,
    Failed,
    FailureKind,
    Payload,
    Reasoned,
    Retrying,
    Said,
    TurnEnded,
    Unrecognised,
    UsageReported,
)
from orchestrator.models.money import Usage, cost_usd, tokens
from orchestrator.wire.raw_records import Noise, RawRecord

_TURN = "turn/"
"""Prefix of the totals of what has been reported inside the running turn."""

_FAILED = "failed"
"""Stands among the counted ids once the turn's failure has been reported."""

_KINDS = {
    "authentication_failed": FailureKind.AUTHENTICATION,
    "billing_error": FailureKind.BILLING,
    "rate_limit": FailureKind.USAGE_LIMIT,
    "model_not_found": FailureKind.INVALID_REQUEST,
}

_ENDS = {
    "error_max_turns": FailureKind.TURN_LIMIT,
    "error_max_budget_usd": FailureKind.BUDGET,
    "aborted_streaming": FailureKind.ABORTED,
    "aborted_tools": FailureKind.ABORTED,
    "prompt_too_long": FailureKind.CONTEXT_FULL,
}

_QUIET = frozenset(
    {
        "status",
        "thinking_tokens",
        "ui_invalidate",
        "background_tasks_changed",
        "task_progress",
    }
)
"""System records that tell nothing the other ones do not; the raw file keeps them."""


RECORD_TYPES: Final = frozenset({"assistant", "user", "system", "result", "stream_event", "rate_limit_event"})


def translate(state: Translation, record: RawRecord | Noise, at: datetime) -> tuple[Translation, Sequence[AgentEvent]]:
    """See :data:`orchestrator.agents.contract.Translator`."""
    if isinstance(record, Noise):
        return state, (_of_noise(record, at),)
    data = record.data
    match data.get("type"):
        case "assistant":
            return _of_assistant(state, data, at)
        case "user":
            return _of_user(state, data, at)
        case "system":
            return _of_system(state, data, at)
        case "result":
            return _of_result(state, data, at)
        case "stream_event":  # the same again in pieces
            return state, ()
        case "rate_limit_event":
            return state, _of_rate_limit(data, at)
    return state, (_unrecognised(data, at),)


def _event(kind: EventType, payload: Payload, at: datetime) -> AgentEvent:
    return AgentEvent(kind, NAME, at, payload)


def _unrecognised(data: Mapping[str, Any], at: datetime) -> AgentEvent:
    names = [str(data[key]) for key in ("type", "subtype") if isinstance(data.get(key), str)]
    return _event(EventType.STATUS, Unrecognised(f"record {'/'.join(names) or 'without type'}", record=data), at)


def _of_noise(noise: Noise, at: datetime) -> AgentEvent:
    failed = failure_beside(noise, RULES)
    if failed is None:
        return _event(EventType.STATUS, Unrecognised(noise.text, noise.stream), at)
    return _event(EventType.ERROR, failed, at)


def _of_assistant(
    state: Translation, data: Mapping[str, Any], at: datetime
) -> tuple[Translation, Sequence[AgentEvent]]:
    message = data.get("message")
    if not isinstance(message, dict):
        return state, (_unrecognised(data, at),)
    events: list[AgentEvent] = []
    content = message.get("content")
    for block in content if isinstance(content, list) else ():
        if isinstance(block, dict):
            state = _of_block(state, block, data, at=at, events=events)
    if message.get("model") != "<synthetic>":
        state, used = _usage_of_message(state, message)
        if used is not None:
            events.append(_event(EventType.STATUS, used, at))
    return state, events


def _of_block(
    state: Translation, block: Mapping[str, Any], data: Mapping[str, Any], *, at: datetime, events: list[AgentEvent]
) -> Translation:
    kind = block.get("type")
    text = block.get("text") if kind == "text" else block.get("thinking") if kind == "thinking" else None
    if isinstance(text, str):
        if data.get("error") is not None:  # the CLI speaks in the agent's place
            events.append(_failure(text, str(data["error"]), at=at))
            return changed(state, counted=state.counted.adding(_FAILED))
        if kind == "thinking":
            if text:
                events.append(_event(EventType.PROGRESS, Reasoned(text), at))
            return state
        if data.get("parent_tool_use_id") is not None:  # a subagent's words are not the agent's
            events.append(_event(EventType.PROGRESS, Said(text), at))
            return state
        events.extend(events_of_text(NAME, text, at))
        return changed(state, last_text=text)
    if kind == "tool_use":
        call = tool_calls.call_of(block, data.get("parent_tool_use_id"))
        events.append(_event(EventType.PROGRESS, call, at))
        state = tool_calls.note_ending(state, block)
        return changed(state, tools=state.tools.adding(call.call_id, call.tool))
    return state


def _of_user(state: Translation, data: Mapping[str, Any], at: datetime) -> tuple[Translation, Sequence[AgentEvent]]:
    """Translate tool results; the echo of the prompt is left out."""
    message = data.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    events: list[AgentEvent] = []
    for block in content if isinstance(content, list) else ():
        if isinstance(block, dict) and block.get("type") == "tool_result":
            state = tool_calls.add_result(state, block, data, at=at, events=events)
    return state, events


def _of_system(state: Translation, data: Mapping[str, Any], at: datetime) -> tuple[Translation, Sequence[AgentEvent]]:
    subtype = data.get("subtype")
    if subtype == "init":
        return _of_init(state, data, at)
    if subtype == "api_retry":
        return state, (_event(EventType.STATUS, _retry(data), at),)
    if subtype == "permission_denied":
        events: list[AgentEvent] = []
        reason = data.get("decision_reason_type")
        text = str(data.get("message") or data.get("decision_reason") or "permission denied")
        denied = Denied(
            text,
            tool=data.get("tool_name") if isinstance(data.get("tool_name"), str) else None,
            reason=reason if isinstance(reason, str) else None,
        )
        return tool_calls.add_denial(state, denied, str(data.get("tool_use_id", "")), at=at, events=events), events
    if subtype == "informational" and isinstance(data.get("content"), str):
        return state, (_event(EventType.STATUS, Unrecognised(data["content"], record=data), at),)
    if subtype in ("task_started", "task_updated", "task_notification"):
        task = tool_calls.background_of(state, data)
        if isinstance(task, BackgroundStarted):
            state = changed(state, counted=state.counted.adding(f"beside:{task.task}"))
        return state, (_event(EventType.STATUS, task, at),) if task is not None else ()
    if isinstance(subtype, str) and subtype in _QUIET:
        return state, ()
    return state, (_unrecognised(data, at),)


def _of_init(state: Translation, data: Mapping[str, Any], at: datetime) -> tuple[Translation, Sequence[AgentEvent]]:
    started = ConversationStarted(
        reference=str(data.get("session_id", "")),
        model=_string(data, "model"),
        permission_mode=_string(data, "permissionMode"),
        cli_version=_string(data, "claude_code_version"),
    )
    return _at_init(state, started), (_event(EventType.STATUS, started, at),)


def _string(data: Mapping[str, Any], key: str) -> str | None:
    value = data.get(key)
    return value if isinstance(value, str) else None


def _retry(data: Mapping[str, Any]) -> Retrying:
    status, delay = data.get("error_status"), data.get("retry_delay_ms")
    why = str(data.get("error") or "unknown")
    return Retrying(
        f"{why} ({status})" if status is not None else f"{why} (no answer)",
        attempt=_whole(data.get("attempt")),
        of=_whole(data.get("max_retries")),
        delay_s=delay / 1000 if isinstance(delay, int | float) and 0 <= delay < 1e12 else None,  # a float in 197
    )


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _failure(text: str, error: str, *, at: datetime, status: int | None = None) -> AgentEvent:
    status = status if status is not None else http_status(text)
    kind = _KINDS.get(error) or failure_kind(text, status)
    return _event(EventType.ERROR, Failed(text, kind, status, resets_at(text, at), final=True), at)


def _of_rate_limit(data: Mapping[str, Any], at: datetime) -> Sequence[AgentEvent]:
    """Translate a usage limit: never seen with an API key, but the binary has it for subscriptions."""
    info = data.get("rate_limit_info")
    if not isinstance(info, Mapping) or info.get("status") != "rejected":
        return ()
    until = info.get("resetsAt")
    ends = datetime.fromtimestamp(until, UTC) if isinstance(until, int) and 0 < until < 1 << 33 else None
    return (_event(EventType.ERROR, Failed("usage limit reached", FailureKind.USAGE_LIMIT, resets_at=ends), at),)


def _of_result(state: Translation, data: Mapping[str, Any], at: datetime) -> tuple[Translation, Sequence[AgentEvent]]:
    events: list[AgentEvent] = []
    if state.conversation is None and isinstance(data.get("session_id"), str):  # json mode has no init record
        started = ConversationStarted(data["session_id"])
        state = _at_init(state, started)
        events.append(_event(EventType.STATUS, started, at))
    refused = data.get("permission_denials")
    for denial in refused if isinstance(refused, list) else ():
        state = _of_late_denial(state, denial, at=at, events=events)
    subtype, text = _subtype(data), data.get("result")
    ok = data.get("is_error") is False and subtype == "success"
    if not ok and _FAILED not in state.counted:
        events.append(_ending_failure(data, subtype, at))
    state, used = _usage_of_result(state, data)
    if used is not None:
        events.append(_event(EventType.STATUS, used, at))
    answer = text if isinstance(text, str) else state.last_text
    reply = data.get("structured_output")
    ended = TurnEnded(ok, subtype, answer, reply if isinstance(reply, Mapping) else None, state.denials)
    events.append(_event(EventType.STATUS, ended, at))
    return changed(
        state, counted=EMPTY, tools=EMPTY, denials=0, reply=ended.reply, last_text=answer, ended=True
    ), events


def _of_late_denial(state: Translation, denial: object, *, at: datetime, events: list[AgentEvent]) -> Translation:
    """Translate a denial that no earlier record reported: in json mode, or with an unknown wording (2.1.197)."""
    if not isinstance(denial, Mapping) or f"denied:{denial.get('tool_use_id')}" in state.counted:
        return state
    tool, given = str(denial.get("tool_name", "")), denial.get("tool_input")
    call = tool_calls.call_of({"name": tool, "input": given})
    denied = Denied(f"{tool} was denied: {call.summary}", tool, path=call.path)
    return tool_calls.add_denial(state, denied, str(denial.get("tool_use_id")), at=at, events=events)


def _subtype(data: Mapping[str, Any]) -> str:
    """Read ``subtype``, or the reason beside it where a failure calls itself a success."""
    subtype, reason = str(data.get("subtype", "")), data.get("terminal_reason")
    if subtype == "success" and data.get("is_error") is not False:
        return str(reason) if reason not in (None, "completed") else "api_error"
    return subtype


def _ending_failure(data: Mapping[str, Any], subtype: str, at: datetime) -> AgentEvent:
    errors, result = data.get("errors"), data.get("result")
    words = [str(error) for error in errors] if isinstance(errors, list) else []
    kind = _ENDS.get(subtype) or _ENDS.get(str(data.get("terminal_reason")))
    if kind is not None or not isinstance(result, str):
        text = str(data.get("terminal_reason") or subtype)
        if words and kind is not FailureKind.ABORTED:
            text = "; ".join(words)
        kind = kind or failure_kind(text)
        return _event(EventType.ERROR, Failed(f"{subtype}: {text}", kind, final=True), at)
    return _failure(result, "", at=at, status=_whole(data.get("api_error_status")))


def _at_init(state: Translation, started: ConversationStarted) -> Translation:
    """Begin a turn: totals start from zero where the conversation is not the expected one."""
    fresh = state.conversation is not None and state.conversation != started.reference
    totals = {} if fresh else {key: value for key, value in state.totals.items() if not key.startswith(_TURN)}
    model = started.model or state.model
    return changed(state, conversation=started.reference, model=model, totals=totals, ended=False)


def _usage_of_message(state: Translation, message: Mapping[str, Any]) -> tuple[Translation, UsageReported | None]:
    """Report the usage of a message once, when its id is first seen."""
    name, said = message.get("id"), message.get("usage")
    if not isinstance(said, dict) or not isinstance(name, str) or name in state.counted:
        return state, None
    fresh = _added(said, "input_tokens", "cache_creation_input_tokens")
    cached = _added(said, "cache_read_input_tokens")
    model = message.get("model")
    if fresh is None and cached is None:
        return changed(state, counted=state.counted.adding(name)), None
    totals = {
        **state.totals,
        _TURN + "input": state.totals.get(_TURN + "input", 0) + (fresh or 0),
        _TURN + "cached": state.totals.get(_TURN + "cached", 0) + (cached or 0),
    }
    usage = Usage(input_tokens=fresh, cached_tokens=cached, model=model if isinstance(model, str) else None)
    return changed(state, counted=state.counted.adding(name), totals=totals), UsageReported(usage)


def _usage_of_result(state: Translation, result: Mapping[str, Any]) -> tuple[Translation, UsageReported | None]:
    """What the result adds to all that has been reported before; ``None`` where it states no figure."""
    stated = _stated(result)
    if not stated:
        return state, None
    before = state.totals
    if any(value < before.get(key, 0) for key, value in stated.items()):
        before = {key: value for key, value in before.items() if key.startswith(_TURN)}  # another conversation
    rest = {key: max(value - before.get(key, 0) - before.get(_TURN + key, 0), 0) for key, value in stated.items()}
    kept = {key: value for key, value in before.items() if not key.startswith(_TURN)}
    usage = Usage(
        input_tokens=_rounded_down(rest.get("input")),
        output_tokens=_rounded_down(rest.get("output")),
        cached_tokens=_rounded_down(rest.get("cached")),
        cost_usd=round(rest["cost"], 9) if "cost" in rest else None,
        model=state.model,
    )
    return changed(state, totals={**kept, **stated}), UsageReported(usage)


def _stated(result: Mapping[str, Any]) -> dict[str, float]:
    """Read the conversation's totals and give them our names."""
    stated: dict[str, float] = {}
    cost, models = cost_usd(result.get("total_cost_usd")), result.get("modelUsage")
    if cost is not None:
        stated["cost"] = cost
    figures = [one for one in models.values() if isinstance(one, Mapping)] if isinstance(models, Mapping) else None
    if figures is not None:
        stated["input"] = sum(_added(one, "inputTokens", "cacheCreationInputTokens") or 0 for one in figures)
        stated["output"] = sum(_added(one, "outputTokens") or 0 for one in figures)
        stated["cached"] = sum(_added(one, "cacheReadInputTokens") or 0 for one in figures)
    return stated


def _added(said: Mapping[str, Any], *names: str) -> int | None:
    values = [count for name in names if (count := tokens(said.get(name))) is not None]
    return sum(values) if values else None


def _rounded_down(value: float | None) -> int | None:
    return None if value is None else int(value)
