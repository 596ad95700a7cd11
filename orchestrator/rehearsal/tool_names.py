"""Find the tool of the asking CLI that does what the scripted model wants.

A dialect that several CLIs speak cannot know their tools by heart: it looks for the names and parameters that are
common among them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from orchestrator.rehearsal.dialogue import Call

_TOOLS: Final[Mapping[str, tuple[str, ...]]] = {
    "write": ("write_file", "write", "Write", "create_file"),
    "read": ("read_file", "read", "Read", "view"),
    "run": ("run_shell_command", "bash", "Bash", "shell", "execute_command"),
    "reply": ("StructuredOutput", "structured_output"),
}
"""Usual names by kind of call, in the order in which they are looked for."""
_PATHS: Final = ("file_path", "filePath", "absolute_path", "path")
_TEXTS: Final = ("content", "contents", "file_text", "text")
_COMMANDS: Final = ("command", "cmd")
_BESIDE: Final[Mapping[str, Any]] = {"description": "Rehearse", "is_background": False}
"""What some tools want in addition."""


def offered_call(call: Call, tools: Mapping[str, Sequence[str]]) -> tuple[str, Mapping[str, Any]] | None:
    """Name and arguments of the offered tool that does it; ``None`` where none is offered.

    Args:
        tools: Parameter names by tool name, as the request offers them.
    """
    name = next((name for name in _TOOLS[call.kind] if name in tools), None)
    if name is None:
        return None
    if call.kind == "reply":
        return name, call.reply
    parameters = tools[name]
    wanted = {
        "write": ((_PATHS, call.path), (_TEXTS, call.text)),
        "read": ((_PATHS, call.path),),
        "run": ((_COMMANDS, call.text),),
    }[call.kind]
    arguments: dict[str, Any] = {_first(names, parameters): value for names, value in wanted}
    arguments |= {key: value for key, value in _BESIDE.items() if key in parameters and call.kind == "run"}
    return name, arguments


def _first(names: Sequence[str], parameters: Sequence[str]) -> str:
    return next((name for name in names if name in parameters), names[0])
