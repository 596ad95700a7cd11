"""Tool calls, their results, and denials, each told once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from orchestrator.agents.claude import AGENT
from orchestrator.agents.contract import Translation
from orchestrator.models.events import Denied, Failed, FailureKind, ToolCalled, ToolReturned, TurnEnded
from orchestrator.wire.records import RawRecord

AT = datetime(2026, 11, 21, 18, tzinfo=UTC)
REFUSED = "Claude requested permissions to write to /x/o.txt, but you haven't granted it yet."
DENIED = {"type": "system", "subtype": "permission_denied", "tool_name": "Write", "tool_use_id": "t1"}


def payloads(*records: Mapping[str, Any]) -> list[object]:
    state = Translation()
    found: list[object] = []
    for record in records:
        state, events = AGENT.translate(state, RawRecord(record), AT)
        found.extend(event.payload for event in events)
    return found


def call(name: str, **given: Any) -> dict[str, Any]:
    block = {"type": "tool_use", "id": "t1", "name": name, "input": given}
    return {"type": "assistant", "message": {"content": [block]}}


def answer(content: object, *, is_error: bool = True) -> dict[str, Any]:
    block = {"type": "tool_result", "tool_use_id": "t1", "content": content, "is_error": is_error}
    return {"type": "user", "message": {"content": [block]}}


def ended(*denied: str) -> dict[str, Any]:
    listed = [{"tool_name": "Write", "tool_use_id": one, "tool_input": {"file_path": "/x/o.txt"}} for one in denied]
    return {"type": "result", "subtype": "success", "is_error": False, "result": "", "permission_denials": listed}


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (call("Bash", command="ls -l", description="d"), ToolCalled("Bash", "t1", "ls -l", command="ls -l")),
        (call("Write", file_path="/a", content="b"), ToolCalled("Write", "t1", "/a", path="/a")),
        (call("WebSearch", n=1, query="cats"), ToolCalled("WebSearch", "t1", "cats")),
        (call("Task"), ToolCalled("Task", "t1", "")),
    ],
    ids=["a command", "a file", "something else", "nothing given"],
)
def test_a_call_is_one_readable_line(record: Mapping[str, Any], expected: ToolCalled) -> None:
    assert payloads(record) == [expected]


def test_a_failed_command_has_its_exit_code() -> None:
    assert payloads(answer("Exit code 3\nout")) == [ToolReturned("t1", False, "Exit code 3\nout", 3)]


def test_output_in_blocks_is_joined() -> None:
    assert payloads(answer([{"type": "text", "text": "a"}, {"type": "image"}], is_error=False)) == [
        ToolReturned("t1", True, "a")
    ]


def test_a_denial_that_three_records_tell_of_is_one_denial() -> None:
    found = payloads(call("Write"), {**DENIED, "message": REFUSED}, answer(REFUSED), ended("t1"))
    assert [one for one in found if isinstance(one, Denied)] == [Denied(REFUSED, "Write", "/x/o.txt")]
    assert isinstance(found[-1], TurnEnded)
    assert found[-1].denials == 1


def test_197_tells_of_a_denial_in_the_tools_result_only() -> None:
    found = payloads(call("Write", file_path="/x/o.txt"), answer(REFUSED), ended("t1"))
    assert [one for one in found if isinstance(one, Denied)] == [Denied(REFUSED, "Write", "/x/o.txt")]


def test_json_mode_tells_of_a_denial_in_the_result_only() -> None:
    denied = [one for one in payloads(ended("t1", "t2")) if isinstance(one, Denied)]
    assert denied == [Denied("Write was denied: /x/o.txt", "Write", "/x/o.txt")] * 2


def test_a_commands_output_that_speaks_of_approval_is_no_denial() -> None:
    found = payloads(answer("Exit code 1\nthis change requires approval"))
    assert not any(isinstance(one, Denied) for one in found)


def test_what_the_operating_system_refuses_is_a_failure_of_the_tool() -> None:
    found = payloads(answer("EACCES: permission denied, open '/x'"))
    assert found[-1] == Failed("EACCES: permission denied, open '/x'", FailureKind.TOOL)


def test_the_next_turn_counts_its_own_denials() -> None:
    found = payloads({**DENIED, "message": REFUSED}, ended("t1"), ended())
    assert [one.denials for one in found if isinstance(one, TurnEnded)] == [1, 0]
