"""What codex's stream hides is told from its rollout, and nothing else is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from orchestrator.agents.codex.rollout import ROLLOUT, tell
from orchestrator.agents.contract import Translation
from orchestrator.models.events import AgentEvent, Failed, ToolCalled, ToolReturned
from orchestrator.testing.agents import READ_AT
from orchestrator.wire.records import Noise, RawRecord


def told(*payloads: Mapping[str, Any]) -> list[AgentEvent]:
    state, events = Translation(), list[AgentEvent]()
    for payload in payloads:
        state, more = tell(state, RawRecord({"type": "response_item", "payload": payload}), READ_AT)
        events += more
    return events


def call(arguments: object, name: str = "exec_command") -> Mapping[str, Any]:
    return {"type": "function_call", "name": name, "arguments": arguments, "call_id": "c1"}


def output(text: object) -> Mapping[str, Any]:
    return {"type": "function_call_output", "call_id": "c1", "output": text}


REFUSED = "Wall time: 0.0 seconds\nProcess exited with code 1\nOutput:\ntouch: /etc/a: Read-only file system\n"


def test_a_hidden_command_is_told_like_one_that_was_shown() -> None:
    called, returned, failed = (event.payload for event in told(call('{"cmd": "touch /etc/a"}'), output(REFUSED)))
    assert isinstance(called, ToolCalled)
    assert called.command == "touch /etc/a"
    assert isinstance(returned, ToolReturned)
    assert (returned.ok, returned.exit_code) == (False, 1)
    assert isinstance(failed, Failed)
    assert failed.text == "touch: /etc/a: Read-only file system"


def test_what_the_stream_showed_or_what_went_well_is_not_told() -> None:
    shown = {"type": "item_completed", "item": {"type": "CommandExecution", "id": "c1"}}
    assert not told(call('{"cmd": "x"}'), shown, output(REFUSED))
    assert not told(call('{"cmd": "x"}'), output("Process exited with code 0\nOutput:\nRead-only file system"))
    assert not told(call('{"cmd": "x"}'), output("Process running with session ID 7"))
    assert not told(output(REFUSED))
    assert not told(call("{}", name="update_plan"), output(REFUSED))


def test_no_form_of_a_record_makes_it_raise() -> None:
    for arguments in (None, 7, "no json", "[]", '{"cmd": 1}', '{"command": []}', {"command": ["sh", "-c", "x"]}):
        outputs: list[object] = [None, 7, [], REFUSED]
        for text in outputs:
            told(call(arguments), output(text))
    assert tell(Translation(), Noise("x", "stdout"), READ_AT)[1] == ()
    assert tell(Translation(), RawRecord({"payload": []}), READ_AT)[1] == ()


def test_a_turn_begins_with_its_task() -> None:
    assert ROLLOUT.begins_turn({"payload": {"type": "task_started"}})
    assert not ROLLOUT.begins_turn(json.loads('{"payload": "task_started"}'))
