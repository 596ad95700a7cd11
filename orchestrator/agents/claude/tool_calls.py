"""What Claude Code's tools were asked and what they answered, denials included: content blocks in, events out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from orchestrator.agents.claude.rules import DENIAL_WORDS
from orchestrator.agents.contract import Translation, changed
from orchestrator.agents.failures import permission_trouble, shortened
from orchestrator.models.events import AgentEvent, Denied, EventType, Failed, FailureKind, ToolCalled, ToolReturned
from orchestrator.models.identity import AgentName

NAME: Final = AgentName("claude")

_NAMED_PATH = re.compile(r"requested permissions to (?:write to|read from|edit) (/.+?), but you haven't")


def call_of(block: Mapping[str, Any]) -> ToolCalled:
    """The call a ``tool_use`` block asks for."""
    tool, given = str(block.get("name", "")), block.get("input")
    arguments: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
    command, path = arguments.get("command"), arguments.get("file_path", arguments.get("notebook_path"))
    first = next((value for value in arguments.values() if isinstance(value, str) and value), "")
    summary = command if isinstance(command, str) else path if isinstance(path, str) else first
    return ToolCalled(
        tool,
        str(block.get("id", "")),
        shortened(summary, 300),
        path=path if isinstance(path, str) else None,
        command=command if isinstance(command, str) else None,
    )


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
        block["text"] for block in blocks if isinstance(block, Mapping) and isinstance(block.get("text"), str)
    )


def _unwrapped(text: str) -> str:
    return text.removeprefix("<tool_use_error>").removesuffix("</tool_use_error>")


def _exit_code(text: str) -> int | None:
    """Of ``Exit code 3\\n…``, which is how Bash's failure begins."""
    number = text[10:].partition("\n")[0] if text.startswith("Exit code ") else ""
    return int(number) if number.isdecimal() and len(number) < 6 else None
