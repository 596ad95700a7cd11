"""Every token and cent is reported once: within a turn, over turns, over resumes, after a kill."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import reduce
from operator import add
from typing import Any

from orchestrator.agents.claude import AGENT
from orchestrator.agents.contract import Translation
from orchestrator.models.events import UsageReported
from orchestrator.models.money import Usage
from orchestrator.wire.records import RawRecord

AT = datetime(2026, 11, 21, 18, tzinfo=UTC)


def run(*records: Mapping[str, Any], state: Translation | None = None) -> tuple[Translation, Usage]:
    state = state or Translation()
    used: list[Usage] = []
    for record in records:
        state, events = AGENT.translate(state, RawRecord(record), AT)
        used.extend(event.payload.usage for event in events if isinstance(event.payload, UsageReported))
    return state, reduce(add, used, Usage())


def init(session: str = "s") -> dict[str, Any]:
    return {"type": "system", "subtype": "init", "session_id": session, "model": "m"}


def message(name: str) -> dict[str, Any]:
    usage = {"input_tokens": 100, "cache_creation_input_tokens": 10, "cache_read_input_tokens": 20, "output_tokens": 1}
    content = [{"type": "text", "text": "x"}]
    return {"type": "assistant", "message": {"id": name, "model": "m", "content": content, "usage": usage}}


def result(turns: int) -> dict[str, Any]:
    figures = {
        "inputTokens": 100 * turns,
        "cacheCreationInputTokens": 10 * turns,
        "cacheReadInputTokens": 20 * turns,
        "outputTokens": 25 * turns,
    }
    ended = {"type": "result", "subtype": "success", "is_error": False, "result": "x", "session_id": "s"}
    return {**ended, "total_cost_usd": 0.5 * turns, "modelUsage": {"m": figures}}


ONE = Usage(input_tokens=110, output_tokens=25, cached_tokens=20, cost_usd=0.5, model="m")


def test_a_turn_is_counted_once() -> None:
    assert run(init(), message("m1"), result(1))[1] == ONE


def test_a_message_in_several_lines_is_counted_once() -> None:
    assert run(init(), message("m1"), message("m1"), message("m1"), result(1))[1] == ONE


def test_input_tokens_are_told_inside_the_turn() -> None:
    assert run(init(), message("m1"))[1] == Usage(input_tokens=110, cached_tokens=20, model="m")


def test_totals_over_two_turns_are_differenced() -> None:
    state, first = run(init(), message("m1"), result(1))
    _, second = run(init(), message("m2"), result(2), state=state)
    assert (first, second) == (ONE, ONE)


def test_totals_are_differenced_over_a_resume() -> None:
    state, _ = run(init(), message("m1"), result(1))
    resumed = Translation(totals=state.totals, conversation="s")
    assert run(init(), message("m2"), result(2), state=resumed)[1] == ONE


def test_what_a_killed_turn_told_is_not_taken_from_the_next() -> None:
    state, _ = run(init(), message("m1"), result(1))
    killed, _ = run(init(), message("m2"), state=state)
    assert run(init(), message("m3"), result(2), state=Translation(totals=killed.totals))[1] == ONE


def test_another_conversation_than_the_expected_one_counts_from_nothing() -> None:
    state, _ = run(init(), message("m1"), result(1))
    assert run(init("other"), message("m2"), result(1), state=state)[1] == ONE


def test_a_total_that_shrank_counts_from_nothing() -> None:
    state, _ = run(init(), result(5))
    assert run(result(1), state=Translation(totals=state.totals))[1] == Usage(110, 25, 20, 0.5)


def test_what_is_not_stated_stays_unknown() -> None:
    assert run(init(), {"type": "result", "subtype": "success", "is_error": False})[1] == Usage()
    assert run(init(), {"type": "result", "total_cost_usd": 0.25})[1] == Usage(cost_usd=0.25, model="m")
