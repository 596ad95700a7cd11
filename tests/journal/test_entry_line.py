from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.agents.contract import Translation
from orchestrator.agents.registry import get_agent
from orchestrator.journal.entry_line import lines_of
from orchestrator.models.entries import JOURNAL_ENTRY, AgentOutput, ClockMoved, JournalEntry, TimePassed
from orchestrator.models.events import (
    AgentEvent,
    EventType,
    Payload,
    Reasoned,
    Said,
    ToolCalled,
    ToolReturned,
    UsageReported,
)
from orchestrator.models.identity import AgentName, WorkerId
from orchestrator.models.money import Usage
from orchestrator.wire.records import decode_line

RECORDINGS = Path(__file__).resolve().parent.parent / "recordings"
AT = datetime(2026, 11, 30, 12, 0, 0, 120, tzinfo=UTC)
TEXT = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(['\x7f\x00\x1f\b\f\n\r\t"\\/\u2028', "ü🎈"])
FIGURE = st.none() | st.integers(0, 10**14)
PAYLOAD: st.SearchStrategy[Payload] = st.one_of(
    st.builds(Said, TEXT),
    st.builds(Reasoned, TEXT),
    st.builds(ToolCalled, TEXT, TEXT, TEXT, path=st.none() | TEXT, command=st.none() | TEXT, parent=st.none() | TEXT),
    st.builds(ToolReturned, TEXT, st.booleans(), TEXT, exit_code=st.none() | st.integers(-(2**63), 2**63)),
    st.builds(
        UsageReported,
        st.builds(Usage, FIGURE, FIGURE, FIGURE, st.none() | st.floats(0, 1e14), st.none() | TEXT),
    ),
)
TIMES = st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45))]))
EVENTS = st.lists(
    st.builds(AgentEvent, st.sampled_from(EventType), TEXT.map(AgentName), TIMES, PAYLOAD), max_size=3
).map(tuple)


def entry_of(*events: AgentEvent, at: datetime = AT) -> JournalEntry:
    return JournalEntry(7, at, AgentOutput(WorkerId("w1"), 2, "stdout", 5, 99, events))


@settings(max_examples=150)
@given(TIMES, TEXT, st.sampled_from(["stdout", "stderr", "events"]), EVENTS)
def test_a_line_is_byte_for_byte_what_pydantic_writes(
    at: datetime, worker: str, stream: str, events: tuple[AgentEvent, ...]
) -> None:
    # Of its two names the strategy draws as texts.
    entry = JournalEntry(3, at, AgentOutput(WorkerId(worker), 1, stream, 0, 12, events))  # type: ignore[arg-type]
    assert lines_of([entry]) == [JOURNAL_ENTRY.dump_json(entry, exclude_none=True)]


def test_what_the_recordings_say_is_written_as_pydantic_writes_it() -> None:
    count = 0
    for folder in sorted(RECORDINGS.glob("*-*/*"))[::6]:
        agent, state = get_agent(AgentName(folder.parent.name.partition("-")[0])), Translation()
        for line in (folder / "stdout.jsonl").read_bytes().splitlines():
            for record in decode_line(line, "stdout"):
                state, events = agent.translate(state, record, AT)
                entry = entry_of(*events)
                assert lines_of([entry]) == [JOURNAL_ENTRY.dump_json(entry, exclude_none=True)]
                count += len(events)
    assert count > 100


def test_other_entries_are_pydantics() -> None:
    lines = lines_of([JournalEntry(1, AT, TimePassed())]) or []
    assert [json.loads(line)["body"] for line in lines] == [{"kind": "time_passed"}]


def test_what_would_not_be_read_as_it_was_is_not_written() -> None:
    for payload in (Said("\ud800"), UsageReported(replace(Usage(), model="\ud800"))):
        assert lines_of([entry_of(AgentEvent(EventType.PROGRESS, AgentName("claude"), AT, payload))]) is None
    assert lines_of([JournalEntry(1, AT, ClockMoved(float("inf")))]) is None
