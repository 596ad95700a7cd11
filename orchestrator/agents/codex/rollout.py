"""Tell of the commands that Codex's stream hides, from the rollout file of its conversation (0.171.0).

A command that fails at once in Codex's own sandbox, with a word about permission in its output, is shown by no record
of ``exec --json``: how fast it ends decides.  The rollout has all: the call, the shown item if there was one, and then
the output that the model got.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any, Final

from orchestrator.agents.codex.translating import translate
from orchestrator.agents.contract import Aside, Translation, changed
from orchestrator.late_pattern import late_pattern
from orchestrator.models.events import AgentEvent
from orchestrator.wire.raw_records import Noise, RawRecord

_SHELLS: Final = frozenset({"exec_command", "shell", "shell_command", "local_shell", "container.exec"})
_SHOWN: Final = "shown:"
"""Before the id of a call that the stream has shown, among the counted ids."""
_ENDED: Final = late_pattern(r"^(?:Process exited with code|Exit code:) (\d{1,3})$", re.MULTILINE)
_OUTPUT: Final = late_pattern(r"^Output:\n", re.MULTILINE)


def _begins_turn(data: Mapping[str, Any]) -> bool:
    payload = data.get("payload")
    return isinstance(payload, Mapping) and payload.get("type") == "task_started"


def tell(state: Translation, record: RawRecord | Noise, at: datetime) -> tuple[Translation, Sequence[AgentEvent]]:
    """Report the events of a hidden call once its output is in the file."""
    payload = record.data.get("payload") if isinstance(record, RawRecord) else None
    if not isinstance(payload, Mapping):
        return state, ()
    call_id = payload.get("call_id")
    match payload.get("type"):
        case "item_completed" if isinstance(item := payload.get("item"), Mapping):
            return changed(state, counted=state.counted.adding(f"{_SHOWN}{item.get('id')}")), ()
        case "function_call" if payload.get("name") in _SHELLS and isinstance(call_id, str):
            return changed(state, tools=state.tools.adding(call_id, _command(payload.get("arguments")))), ()
        case "function_call_output" if isinstance(call_id, str) and call_id in state.tools:
            if f"{_SHOWN}{call_id}" not in state.counted:
                return state, _hidden(call_id, state.tools[call_id], payload.get("output"), at)
    return state, ()


def _command(arguments: object) -> str:
    try:
        given = json.loads(arguments) if isinstance(arguments, str) else arguments
    except ValueError:
        return ""
    words = (given.get("cmd") or given.get("command")) if isinstance(given, Mapping) else None
    if isinstance(words, list):
        return str(words[-1]) if words else ""
    return words if isinstance(words, str) else ""


def _hidden(call_id: str, command: str, output: object, at: datetime) -> Sequence[AgentEvent]:
    text = output if isinstance(output, str) else ""
    ended = _ENDED.search(text, 0, 2_000)
    if ended is None or ended[1] == "0":
        return ()  # it still runs, or was not refused anything
    said = _OUTPUT.search(text, 0, 2_000)
    item = {
        **{"id": call_id, "type": "command_execution", "status": "failed", "exit_code": int(ended[1])},
        **{"command": command, "aggregated_output": text[said.end() :] if said else text},
    }
    _, events = translate(Translation(), RawRecord({"type": "item.completed", "item": item}), at)
    return events


ROLLOUT: Final = Aside(
    folder=PurePosixPath(".codex/sessions"),
    ending="-{conversation}.jsonl",
    translate=tell,
    begins_turn=_begins_turn,
)
