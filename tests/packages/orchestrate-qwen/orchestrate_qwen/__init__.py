"""Qwen Code as an agent of orchestrate: command line, records, known errors, as observed with 0.24.4."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any, Final

from orchestrator.agents.command_lines import Grammar, Option, additions, assembled, folders
from orchestrator.agents.contract import Agent, Credential, Translation, changed
from orchestrator.agents.failures import failure_kind, http_status, permission_trouble, resets_at, shortened
from orchestrator.agents.growing_map import EMPTY
from orchestrator.agents.hooks import HOOK_COMMAND, HOOK_WITHIN_S
from orchestrator.agents.logins import fields, is_due, is_later, shape
from orchestrator.agents.self_reports import events_of_text
from orchestrator.agents.user_settings import settings_of
from orchestrator.models.events import (
    AgentEvent,
    ConversationStarted,
    Denied,
    EventType,
    Failed,
    FailureKind,
    Payload,
    Reasoned,
    ToolCalled,
    ToolReturned,
    TurnEnded,
    Unrecognised,
    UsageReported,
)
from orchestrator.models.identity import AgentName
from orchestrator.models.launch import LaunchSpec, PlacedFile, StopStep
from orchestrator.models.money import Usage, tokens
from orchestrator.models.recovery import GiveUp, RecoveryRule, Relaunch, Wait
from orchestrator.models.work import Assignment, Role
from orchestrator.wire.records import Noise, RawRecord

NAME: Final = AgentName("qwen")

GRAMMAR = Grammar(
    aliases={"-m": "--model", "-r": "--resume", "-o": "--output-format"},
    repeatable=frozenset({"--include-directories"}),
    valued=frozenset({"--include-directories", "--model", "--resume", "--approval-mode", "--json-schema"}),
)

# Its timeout counts in milliseconds from 1000 on.
_HOOK: Final = {"type": "command", "command": HOOK_COMMAND, "timeout": HOOK_WITHIN_S * 1000}

DENIAL_WORDS: Final = re.compile(r"Qwen Code requires permission to use \"?[\w-]+\"?, but that permission was declined")

RULES: Final[tuple[RecoveryRule, ...]] = (
    RecoveryRule(
        name="qwen-permission",
        pattern=DENIAL_WORDS,
        remedy=Relaunch(flags=("--approval-mode=yolo",)),
        because="qwen asks a person for permission, and none is there",
        source="qwen 0.24.4, observed",
    ),
    RecoveryRule(
        name="qwen-refused",
        pattern=re.compile(r"\[API Error: "),
        remedy=GiveUp("set another OPENAI_API_KEY"),
        because="the service does not accept the key",
        failure=FailureKind.AUTHENTICATION,
        source="qwen 0.24.4, observed",
    ),
    RecoveryRule(
        name="qwen-usage-limit",
        pattern=re.compile(r"\[API Error: "),
        remedy=Wait(),
        because="the account's limit is reached for now",
        failure=FailureKind.USAGE_LIMIT,
        evidence="binary",
        source="qwen 0.24.4",
    ),
)


def newer_login(before: bytes, after: bytes, now_s: float) -> str:
    """Whether a login file that a worker leaves may replace the user's: empty, or why not.

    The file says nothing of whose it is.  A refresh keeps the refresh token, or brings another when it was due; where
    the model is found (``resource_url``) it may leave out, but not change.
    """
    old, new = fields(before), fields(after)
    if not old.get("refresh_token") or not new.get("refresh_token") or "expiry_date" not in old:
        return "it is not of the same form"
    kept = {name: value for name, value in old.items() if name in new or name != "resource_url"}
    if shape(kept) != shape(new):
        return "it is not of the same form"
    if any(new[name] != kept[name] for name in kept if name not in ("access_token", "refresh_token", "expiry_date")):
        return "it is not certain that it is the same account's"
    if not is_later(old["expiry_date"], new["expiry_date"], per_second=1000):
        return "it is not newer"
    if old["refresh_token"] != new["refresh_token"] and not is_due(old["expiry_date"] / 1000, now_s):
        return "its refresh token is another, though the former login was not due to be renewed"
    return ""


def launch(assignment: Assignment) -> LaunchSpec:
    """One headless turn with the prompt on standard input."""
    settings = {
        "security": {"auth": {"selectedType": "openai"}},
        "general": {"enableAutoUpdate": False},
        "privacy": {"usageStatisticsEnabled": False},
        "tools": {"approvalMode": "auto-edit"},
        # Without one command allowed it withholds the shell, and no word tells of it; so it refuses aloud.
        "permissions": {"allow": ["run_shell_command(pwd)"]},
        "hooks": {"PreToolUse": [{"matcher": "^(run_shell_command|monitor)$", "hooks": [_HOOK]}]},
    }
    return LaunchSpec(
        argv=("qwen", *assembled(_options(assignment), assignment, GRAMMAR)),
        cwd=assignment.target,
        env=additions(_environment(assignment), assignment),
        stdin=assignment.prompt,
        files=(PlacedFile(assignment.home / ".qwen" / "settings.json", json.dumps(settings, indent=1) + "\n"),),
        stop_ladder=(StopStep("TERM", 3.0),),
    )


def _options(assignment: Assignment) -> list[Option]:
    options: list[Option] = [("--output-format", "stream-json")]
    if assignment.bypass_approvals:
        options.append(("--approval-mode=yolo",))
    options.extend(("--include-directories", folder) for folder in folders(assignment))
    if assignment.model is not None:
        options.append(("--model", assignment.model))
    if assignment.reply_schema is not None:
        options.append(("--json-schema", json.dumps(assignment.reply_schema, separators=(",", ":"))))
    if assignment.resume is not None:
        options.append(("--resume", assignment.resume))
    return options


def _environment(assignment: Assignment) -> dict[str, str]:
    env = {"NO_COLOR": "1", "QWEN_CODE_SUPPRESS_YOLO_WARNING": "1"}
    if assignment.endpoint is not None:
        env["OPENAI_BASE_URL"] = f"{assignment.endpoint.url.rstrip('/')}/v1"
        env["OPENAI_API_KEY"] = assignment.endpoint.key
        env["OPENAI_MODEL"] = "scripted"
    return env


def translate(state: Translation, record: RawRecord | Noise, at: datetime) -> tuple[Translation, Sequence[AgentEvent]]:
    """See :data:`orchestrator.agents.contract.Translator`."""
    if isinstance(record, Noise):
        return state, (_event(EventType.STATUS, Unrecognised(record.text, record.stream), at),)
    data = record.data
    match data.get("type"):
        case "system" if data.get("subtype") == "init":
            started = ConversationStarted(str(data.get("session_id", "")), cli_version=_text(data, "qwen_code_version"))
            fresh = changed(state, conversation=started.reference, ended=False, denials=0, tools=EMPTY)
            return fresh, (_event(EventType.STATUS, started, at),)
        case "assistant" | "user":
            return _of_message(state, data.get("message"), at)
        case "result":
            return _of_result(state, data, at)
        case "stream_event":
            return state, ()
    return state, (_event(EventType.STATUS, Unrecognised(f"record {data.get('type')}", record=data), at),)


def _event(kind: EventType, payload: Payload, at: datetime) -> AgentEvent:
    return AgentEvent(kind, NAME, at, payload)


def _text(data: Mapping[str, Any], key: str) -> str | None:
    value = data.get(key)
    return value if isinstance(value, str) else None


def _of_message(state: Translation, message: object, at: datetime) -> tuple[Translation, Sequence[AgentEvent]]:
    content = message.get("content") if isinstance(message, Mapping) else None
    events: list[AgentEvent] = []
    for block in content if isinstance(content, list) else ():
        if not isinstance(block, Mapping):
            continue
        text = _text(block, "text") or _text(block, "thinking") or ""
        match block.get("type"):
            case "text" if not text.startswith("[API Error: "):  # the result tells of it
                events.extend(events_of_text(NAME, text, at))
                state = changed(state, last_text=text)
            case "thinking":
                events.append(_event(EventType.PROGRESS, Reasoned(text), at))
            case "tool_use":
                called = _call(block)
                events.append(_event(EventType.PROGRESS, called, at))
                state = changed(state, tools=state.tools.adding(called.call_id, called.tool))
            case "tool_result":
                state = _of_tool_result(state, block, at=at, events=events)
    return state, events


def _call(block: Mapping[str, Any]) -> ToolCalled:
    given = block.get("input")
    arguments: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
    path, command = _text(arguments, "file_path"), _text(arguments, "command")
    summary = shortened(command or path or ", ".join(map(str, arguments)), 200)
    return ToolCalled(str(block.get("name", "")), str(block.get("id", "")), summary, path=path, command=command)


def _of_tool_result(
    state: Translation, block: Mapping[str, Any], *, at: datetime, events: list[AgentEvent]
) -> Translation:
    ok, said = block.get("is_error") is False, _text(block, "content") or ""
    call_id = str(block.get("tool_use_id", ""))
    if not ok and DENIAL_WORDS.search(said, 0, 2_000):
        events.append(_event(EventType.ERROR, Denied(shortened(said), state.tools.get(call_id)), at))
        events.append(_event(EventType.PROGRESS, ToolReturned(call_id, False, "denied"), at))
        return changed(state, denials=state.denials + 1)
    events.append(_event(EventType.PROGRESS, ToolReturned(call_id, ok, shortened(said)), at))
    trouble = None if ok else permission_trouble(said)
    if trouble is not None:
        events.append(_event(EventType.ERROR, Failed(trouble, FailureKind.TOOL), at))
    return state


def _of_result(state: Translation, data: Mapping[str, Any], at: datetime) -> tuple[Translation, Sequence[AgentEvent]]:
    events: list[AgentEvent] = []
    ok = data.get("is_error") is False
    error, figures = data.get("error"), data.get("usage")
    if not ok:
        words = str(error.get("message")) if isinstance(error, Mapping) else str(data.get("subtype"))
        status = http_status(words)
        failed = Failed(words, failure_kind(words, status), status, resets_at(words, at), final=True)
        events.append(_event(EventType.ERROR, failed, at))
    if isinstance(figures, Mapping):
        cached = tokens(figures.get("cache_read_input_tokens"))
        fresh = tokens(figures.get("input_tokens"))
        usage = Usage(
            input_tokens=None if fresh is None else max(fresh - (cached or 0), 0),
            output_tokens=tokens(figures.get("output_tokens")),
            cached_tokens=cached,
        )
        events.append(_event(EventType.STATUS, UsageReported(usage), at))
    reply = data.get("structured_result")
    text = _text(data, "result") or state.last_text
    given = reply if isinstance(reply, Mapping) else None
    ended = TurnEnded(ok, str(data.get("subtype", "")), text, given, state.denials)
    events.append(_event(EventType.STATUS, ended, at))
    return changed(state, ended=True, last_text=text), events


AGENT = Agent(
    name=NAME,
    title="Qwen Code",
    executable="qwen",
    package="@qwen-code/qwen-code",
    pinned="0.24.4",
    launch=launch,
    translate=translate,
    record_types=frozenset({"system", "assistant", "user", "result", "stream_event"}),
    recovery_rules=RULES,
    credential=Credential(
        environment=("OPENAI_API_KEY",),
        files=(PurePosixPath(".qwen/oauth_creds.json"),),
        login_hint="set OPENAI_API_KEY, OPENAI_BASE_URL and OPENAI_MODEL",
        newer_login=newer_login,
        settings=("OPENAI_BASE_URL", "OPENAI_MODEL"),
    ),
    oldest=(0, 24, 4),
    model_hosts=("dashscope.aliyuncs.com", "dashscope-intl.aliyuncs.com", "api.openai.com"),
    role_strengths=(Role.IMPLEMENTER, Role.REVIEWER),
    replies="schema",
    obeys_proxy=True,
    user_settings=settings_of(
        ".qwen",
        mcp=("settings.json", "mcpServers"),
        instructions="QWEN.md",
        skills="skills",
        commands="commands",
        subagents="agents",
        providers=("settings.json", "modelProviders"),
        hooks=("settings.json", "hooks"),
        extensions="extensions",
    ),
)
