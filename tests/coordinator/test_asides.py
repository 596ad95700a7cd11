"""A CLI's own file is found by its conversation, read with a bound, and told for its last turn only."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import pytest

from orchestrator.agents.contract import Aside, Translation, changed
from orchestrator.agents.registry import get_agent
from orchestrator.coordinator.asides import AsideReader
from orchestrator.models.events import AgentEvent, EventType, Said, Unrecognised
from orchestrator.models.identity import AgentName
from orchestrator.wire.records import Noise, RawRecord

NOW = datetime(2026, 11, 30, tzinfo=UTC)
CODEX = get_agent(AgentName("codex"))


def tell(state: Translation, record: RawRecord | Noise, at: datetime) -> tuple[Translation, Sequence[AgentEvent]]:
    assert isinstance(record, RawRecord)
    said = Said(f"{state.last_text}{record.data.get('text')}")
    return changed(state, last_text="after the first: "), [AgentEvent(EventType.PROGRESS, CODEX.name, at, said)]


ASIDE = Aside(PurePosixPath("kept"), "-{conversation}.jsonl", tell, lambda data: data.get("text") == "begin")


@pytest.fixture
def reader(tmp_path: Path) -> AsideReader:
    (tmp_path / "kept" / "2026").mkdir(parents=True)
    return AsideReader(CODEX, ASIDE, tmp_path)


def write(reader: AsideReader, *texts: str, name: str = "a-conversation.jsonl") -> None:
    lines = "".join(f'{{"text": "{text}"}}\n' for text in texts)
    (reader.home / "kept" / "2026" / name).write_text(lines)


def texts(reader: AsideReader, conversation: str = "conversation") -> list[str]:
    return [
        event.payload.text
        for event in reader.last_turn(conversation, NOW)
        if isinstance(event.payload, Said | Unrecognised)
    ]


def test_only_the_last_turn_is_told_and_with_state_of_its_own(reader: AsideReader) -> None:
    write(reader, "begin", "old", "begin", "new")
    assert texts(reader) == ["begin", "after the first: new"]


def test_another_conversation_is_not_told(reader: AsideReader) -> None:
    write(reader, "begin")
    assert texts(reader, "other") == []
    assert texts(reader, "") == []
    assert texts(reader, "../../../etc/passwd") == []


def test_what_is_no_file_is_passed_over(reader: AsideReader) -> None:
    write(reader, "begin")
    folder = reader.home / "kept" / "2026"
    os.mkfifo(folder / "b-conversation.jsonl")
    (folder / "c-conversation.jsonl").symlink_to("/dev/zero")
    (folder / "d-conversation.jsonl").mkdir()
    assert texts(reader) == ["begin"]


def test_a_file_that_is_too_large_is_said(reader: AsideReader) -> None:
    with (reader.home / "kept" / "a-conversation.jsonl").open("wb") as file:
        file.truncate(1 << 40)
    (said,) = texts(reader)
    assert said.startswith("Codex's own record of the conversation was not read")


def test_a_flood_is_cut(reader: AsideReader) -> None:
    write(reader, "begin", *["x"] * 500)
    assert len(texts(reader)) == 100


def test_an_agent_without_one_has_no_reader(tmp_path: Path) -> None:
    assert AsideReader.of(get_agent(AgentName("claude")), tmp_path) is None
    assert AsideReader.of(CODEX, tmp_path) is not None
