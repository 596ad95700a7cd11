"""What an adapter keeps of a stream costs the same for each record, however many came before it.

Counted, not timed: the items of every container that a record makes anew are what copying costs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import pytest

from orchestrator.agents.contract import Translation
from orchestrator.agents.growing_map import GrowingMap
from orchestrator.agents.registry import get_agent
from orchestrator.wire.records import RawRecord

AT = datetime(2026, 11, 30, tzinfo=UTC)
RECORDS = 4_000
MOST_COPIED = 8
"""Items a record: the totals of a conversation have six names."""


def claude(number: int) -> Iterator[Mapping[str, Any]]:
    usage = {"input_tokens": 1, "output_tokens": 1}
    call = {"type": "tool_use", "id": f"t{number}", "name": "Bash", "input": {"command": "true"}}
    yield {"type": "assistant", "message": {"id": f"m{number}", "model": "m", "content": [call], "usage": usage}}
    denied = {"type": "tool_result", "tool_use_id": f"t{number}", "is_error": True, "content": "permission denied"}
    yield {
        "type": "user",
        "message": {"content": [denied]},
        "tool_result_meta": [{"permission_decision": {"decision": "reject"}}],
    }


def gemini(number: int) -> Iterator[Mapping[str, Any]]:
    yield {"type": "tool_use", "tool_name": "read_file", "tool_id": f"t{number}", "parameters": {"file_path": "a"}}
    yield {"type": "error", "message": "something is odd"}


def codex(number: int) -> Iterator[Mapping[str, Any]]:
    item = {"id": f"item_{number}", "type": "command_execution", "command": "true", "status": "in_progress"}
    yield {"type": "item.started", "item": item}
    yield {"type": "error", "message": "something is odd"}


@pytest.mark.parametrize("records", [claude, gemini, codex], ids=lambda records: records.__name__)
def test_a_record_copies_nothing_that_grows(records: Callable[[int], Iterator[Mapping[str, Any]]]) -> None:
    agent, state, most = get_agent(records.__name__), Translation(), 0
    for number in range(RECORDS):
        for data in records(number):
            before = {id(kept): kept for kept in kept_by(state)}
            state, _ = agent.translate(state, RawRecord(data), AT)
            most = max(most, sum(len(kept) for kept in kept_by(state) if id(kept) not in before))
    assert most <= MOST_COPIED
    assert len(state.tools) == RECORDS


def kept_by(state: Translation) -> list[Any]:
    """The containers that a state holds."""
    values = [getattr(state, one.name) for one in fields(state)]
    values = [value._shared if isinstance(value, GrowingMap) else value for value in values]
    return [value for value in values if isinstance(value, dict | set | frozenset | list | tuple)]
