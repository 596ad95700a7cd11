"""A wish of the script becomes a call of whatever the CLI offers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from orchestrator.rehearsal.dialogue import Call
from orchestrator.rehearsal.tool_names import offered_call

WRITE, RUN = Call("write", path="/a", text="x"), Call("run", text="ls")


@pytest.mark.parametrize(
    ("call", "tools", "name", "arguments"),
    [
        (WRITE, {"write": ("filePath", "content")}, "write", {"filePath": "/a", "content": "x"}),
        (WRITE, {"write_file": ("file_path", "content")}, "write_file", {"file_path": "/a", "content": "x"}),
        (Call("read", path="/a"), {"read_file": ("absolute_path",)}, "read_file", {"absolute_path": "/a"}),
        (RUN, {"bash": ("command",)}, "bash", {"command": "ls"}),
        (
            RUN,
            {"run_shell_command": ("command", "is_background", "description")},
            "run_shell_command",
            {"command": "ls", "is_background": False, "description": "Rehearse"},
        ),
        (Call("reply", reply={"a": 1}), {"structured_output": ("a",)}, "structured_output", {"a": 1}),
    ],
)
def test_the_offered_tool_is_called_by_its_own_names(
    call: Call, tools: Mapping[str, tuple[str, ...]], name: str, arguments: Mapping[str, Any]
) -> None:
    assert offered_call(call, tools) == (name, arguments)


def test_without_a_tool_for_it_there_is_no_call() -> None:
    assert offered_call(WRITE, {"bash": ("command",)}) is None
    assert offered_call(Call("reply"), {"bash": ("command",)}) is None
