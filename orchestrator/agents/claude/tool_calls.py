"""Translate Claude Code's tool calls into events: what was asked, what came back, and what was denied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, Literal

from orchestrator.agents.claude.rules import DENIAL_WORDS
from orchestrator.agents.contract import Translation, changed
from orchestrator.agents.failures import permission_trouble, shortened
from orchestrator.late_pattern import late_pattern
from orchestrator.models.events import (
    AgentEvent,
    BackgroundEnded,
    BackgroundStarted,
    Denied,
    EventType,
    Failed,
    FailureKind,
    ToolCalled,
    ToolReturned,
)
from orchestrator.models.identity import AgentName

NAME: Final = AgentName("claude")

_LEFT_RUNNING = late_pattern(r"Command running in background with ID: ([\w-]+)")
_ENDING_TOOLS = frozenset({"TaskStop", "KillShell", "KillBash"})
_TASK_NAMES = ("task_id", "shell_id", "bash_id")
_ENDS: Final[Mapping[str, Literal["completed", "failed", "stopped"]]] = {
    "completed": "completed",
    "failed": "failed",
    "stopped": "stopped",
    "killed": "stopped",
}
"""What the records call the end of a background task; 2.1.329 was seen to say ``completed``."""
_NAMED_PATH = late_pattern(r"requested permissions to (?:write to|read from|edit) (/.+?), but you haven't")


def call_of(block: Mapping[str, Any], parent: object = None) -> ToolCalled:
    """The call a ``tool_use`` block asks for.

    Args:
        parent: The record's ``parent_tool_use_id``: the call of the subagent that asks.
    """
    tool, given = str(block.get("name", "")), block.get("input")
    arguments: Mapping[str, Any] = given if isinstance(given, dict) else {}
    command, path = arguments.get("command"), arguments.get("file_path", arguments.get("notebook_path"))
    first = next((value for value in arguments.values() if isinstance(value, str) and value), "")
    summary = command if isinstance(command, str) else path if isinstance(path, str) else first
    return ToolCalled(
        tool,
        str(block.get("id", "")),
        shortened(summary, 300),
        path=path if isinstance(path, str) else None,
        command=command if isinstance(command, str) else None,
        parent=parent if isinstance(parent, str) else None,
    )


def note_ending(state: Translation, block: Mapping[str, Any]) -> Translation:
    """Remember which background task the agent asks to be ended, so that its end is not taken for a mishap."""
    given = block.get("input")
    arguments: Mapping[str, Any] = given if isinstance(given, dict) else {}
    task = next((arguments[name] for name in _TASK_NAMES if isinstance(arguments.get(name), str)), None)
    if block.get("name") not in _ENDING_TOOLS or task is None:
        return state
    return changed(state, counted=state.counted.adding(f"ends:{task}"))


def background_of(state: Translation, data: Mapping[str, Any]) -> BackgroundStarted | BackgroundEnded | None:
    """What a ``task_started``, ``task_updated`` or ``task_notification`` record says of a background task."""
    task, patch = data.get("task_id"), data.get("patch")
    if not isinstance(task, str):
        return None
    told = patch if isinstance(patch, Mapping) else data
    status = told.get("status")
    if isinstance(status, str) and status in _ENDS:
        by_agent = _ENDS[status] == "stopped" and f"ends:{task}" in state.counted
        return BackgroundEnded(
            task, "ended" if by_agent else _ENDS[status], shortened(str(data.get("summary") or status), 300)
        )
    starts = data.get("subtype") == "task_started" and data.get("is_backgrounded") is not False
    if starts or told.get("is_backgrounded") is True:
        call = data.get("tool_use_id")
        words = shortened(str(data.get("description") or "a task"), 300)
        return BackgroundStarted(task, call if isinstance(call, str) else "", words)
    return None


def add_result(
    state: Translation, block: Mapping[str, Any], data: Mapping[str, Any], *, at: datetime, events: list[AgentEvent]
) -> Translation:
    """Report what a ``tool_result`` block says.

    Args:
        data: The whole record, which holds the metadata of the decision (329).
    """
    call_id, failed = str(block.get("tool_use_id", "")), block.get("is_error") is True
    text = _text_in(block.get("content"))
    tool = state.tools.get(call_id)
    if not failed:
        beside = _LEFT_RUNNING.match(text)
        if beside is not None and f"beside:{beside[1]}" not in state.counted:
            events.append(
                AgentEvent(EventType.STATUS, NAME, at, BackgroundStarted(beside[1], call_id, tool or "a task"))
            )
        events.append(AgentEvent(EventType.PROGRESS, NAME, at, ToolReturned(call_id, True, shortened(text))))
        return state
    told = f"denied:{call_id}" in state.counted
    ran = text.startswith("Exit code ")  # so whatever its output says, it was not denied
    if not told and (_rejected(data) or (not ran and DENIAL_WORDS.search(text, 0, 2_000))):
        state = add_denial(state, Denied(_unwrapped(text), tool), call_id, at=at, events=events)
        told = True
    shown = "denied" if told else shortened(_unwrapped(text))
    returned = ToolReturned(call_id, False, shown, exit_code=_exit_code(text))
    events.append(AgentEvent(EventType.PROGRESS, NAME, at, returned))
    trouble = None if told else permission_trouble(text)
    if trouble is not None:
        events.append(AgentEvent(EventType.ERROR, NAME, at, Failed(trouble, FailureKind.TOOL)))
    return state


def add_denial(
    state: Translation, denied: Denied, call_id: str, *, at: datetime, events: list[AgentEvent]
) -> Translation:
    """Report a denial and remember its call, because up to three records tell of the same one."""
    named = _NAMED_PATH.search(denied.text)
    if denied.path is None and named is not None:
        denied = replace(denied, path=named[1])
    events.append(AgentEvent(EventType.ERROR, NAME, at, denied))
    return changed(state, counted=state.counted.adding(f"denied:{call_id}"), denials=state.denials + 1)


def _rejected(data: Mapping[str, Any]) -> bool:
    """Whether the result's own metadata says that permission was refused (329)."""
    meta = data.get("tool_result_meta")
    decisions = (
        item.get("permission_decision")
        for item in (meta if isinstance(meta, list) else ())
        if isinstance(item, Mapping)
    )
    return any(isinstance(one, Mapping) and one.get("decision") == "reject" for one in decisions)


def _text_in(content: object) -> str:
    if isinstance(content, str):
        return content
    blocks = content if isinstance(content, list) else ()
    return "\n".join(
        block["text"] for block in blocks if isinstance(block, dict) and isinstance(block.get("text"), str)
    )


def _unwrapped(text: str) -> str:
    return text.removeprefix("<tool_use_error>").removesuffix("</tool_use_error>")


def _exit_code(text: str) -> int | None:
    """Read the exit code from ``Exit code 3\\n…``, as the output of a failed Bash call begins."""
    number = text[10:].partition("\n")[0] if text.startswith("Exit code ") else ""
    return int(number) if number.isdecimal() and len(number) < 6 else None
