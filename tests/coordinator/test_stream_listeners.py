from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestrator.agents.contract import Translation
from orchestrator.agents.growing_map import EMPTY
from orchestrator.agents.registry import get_agent
from orchestrator.coordinator.stream_listeners import Listener, Offsets, as_recorded, beginning
from orchestrator.journal.folder import SessionFolder, create_session
from orchestrator.models.effects import EffectId
from orchestrator.models.entries import AgentOutput, Command, SnapshotTaken, StreamFault, StreamRead, UserCommand
from orchestrator.models.events import Said
from orchestrator.models.identity import AgentName, WorkerId
from orchestrator.models.work import Assignment, Role
from orchestrator.safety.redaction import Redactor

NOW = datetime(2026, 11, 21, tzinfo=UTC)
SECRET = "canary-in-two-halves"


@pytest.fixture
def folder(tmp_path: Path) -> SessionFolder:
    return create_session(tmp_path, NOW, "7f3a")


def listener(folder: SessionFolder, agent: str) -> Listener:
    made = Listener(WorkerId(agent), 1, get_agent(AgentName(agent)), Redactor([SECRET]), lambda: NOW)
    made.follow_all(folder, Offsets())
    return made


def texts(heard: list[object]) -> list[str]:
    events = [event for one in heard if isinstance(one, AgentOutput) for event in one.events]
    return [event.payload.text for event in events if isinstance(event.payload, Said)]


def test_a_secret_that_comes_in_pieces_is_joined_before_it_is_looked_for(folder: SessionFolder) -> None:
    """gemini 0.61.0 says its answers in deltas."""
    pieces = ("the key is canary-in", "-two-", "halves, as you see")
    deltas = [{"type": "message", "role": "assistant", "content": piece, "delta": True} for piece in pieces]
    records = [{"type": "init", "session_id": "s", "model": "m"}, *deltas, {"type": "result", "status": "success"}]
    raw = folder.raw_stdout(WorkerId("gemini"))
    raw.write_text("".join(json.dumps(record) + "\n" for record in records))
    heard: list[object] = [one for batch in listener(folder, "gemini").finish() for one in batch]
    assert "the key is [redacted:known], as you see" in texts(heard)
    assert SECRET not in str(heard)


def test_what_was_read_is_reckoned_up_once_and_again_when_there_is_more(folder: SessionFolder) -> None:
    raw = folder.raw_stdout(WorkerId("claude"))
    raw.write_bytes(b"one\n")
    heard = listener(folder, "claude")
    heard.hear()
    (first,) = heard.reckoning()
    assert first == StreamRead(WorkerId("claude"), 1, "stdout", 0, 4, hashlib.sha256(b"one\n").hexdigest())
    assert heard.reckoning() == []
    with raw.open("ab") as file:
        file.write(b"two\n")
    heard.hear()
    (second,) = heard.reckoning()
    assert isinstance(second, StreamRead)
    assert (second.end, second.sha256) == (8, hashlib.sha256(b"one\ntwo\n").hexdigest())
    heard.close()


def test_bytes_that_changed_after_they_were_read_are_found_by_verifying(folder: SessionFolder) -> None:
    raw = folder.raw_stdout(WorkerId("claude"))
    raw.write_bytes(b"one\n")
    heard = listener(folder, "claude")
    heard.hear()
    raw.write_bytes(b"two\n")
    heard.verify()
    faults = [one for one in heard.reckoning() if isinstance(one, StreamFault)]
    assert [(fault.stream, fault.fault) for fault in faults] == [("stdout", "tampered")]
    heard.close()


def test_bytes_that_changed_while_nobody_coordinated_are_found_when_they_are_read_again(folder: SessionFolder) -> None:
    raw = folder.raw_stdout(WorkerId("claude"))
    raw.write_bytes(b"two\nmore\n")
    heard = Listener(WorkerId("claude"), 1, get_agent(AgentName("claude")), Redactor(), lambda: NOW)
    heard.follow("stdout", raw, 0, expect=(4, hashlib.sha256(b"one\n").hexdigest()))
    faults = [one for one in heard.hear() if isinstance(one, StreamFault)]
    assert [fault.fault for fault in faults] == ["tampered"]
    heard.close()


def test_a_file_that_is_shorter_than_what_had_been_read_is_tampered_with(folder: SessionFolder) -> None:
    raw = folder.raw_stdout(WorkerId("claude"))
    raw.write_bytes(b"one\n")
    heard = Listener(WorkerId("claude"), 1, get_agent(AgentName("claude")), Redactor(), lambda: NOW)
    heard.follow("stdout", raw, 0, expect=(400, hashlib.sha256(b"one\n" * 100).hexdigest()))
    faults = [one for one in heard.hear() if isinstance(one, StreamFault)]
    assert [(fault.fault, fault.text) for fault in faults] == [
        ("tampered", "claude.jsonl: it shrank from 400 to 4 bytes")
    ]
    heard.close()


def test_an_unchanged_prefix_is_read_on_from_without_a_fault(folder: SessionFolder) -> None:
    raw = folder.raw_stdout(WorkerId("claude"))
    raw.write_bytes(b"one\nmore\n")
    heard = Listener(WorkerId("claude"), 1, get_agent(AgentName("claude")), Redactor(), lambda: NOW)
    heard.follow("stdout", raw, 0, skip_until=4, expect=(4, hashlib.sha256(b"one\n").hexdigest()))
    said = [one for batch in heard.finish() for one in batch]
    assert [(type(one), getattr(one, "start", 0)) for one in said] == [(AgentOutput, 4)]
    heard.close()


def test_whatever_is_measured_enters_the_journal_redacted_and_what_a_person_says_as_it_was_said() -> None:
    redactor = Redactor([SECRET])
    taken = as_recorded(redactor, SnapshotTaken(f"+{SECRET}", (f"{SECRET}.txt",), 1, 0, EffectId(1, 0)))
    assert taken == SnapshotTaken("+[redacted:known]", ("[redacted:known].txt",), 1, 0, EffectId(1, 0))
    answer = UserCommand(Command.ANSWER, by="terminal", text=SECRET)
    assert as_recorded(redactor, answer) is answer


def test_where_an_attempt_ends_the_next_one_begins(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"one\ntwo\nto")
    listener = Listener(WorkerId("claude"), 1, get_agent(AgentName("claude")), Redactor(), lambda: NOW)
    listener.follow("stdout", tmp_path / "a", 4)
    listener.follow("events", tmp_path / "missing", 0)
    assert [one for batch in listener.finish() for one in batch]
    assert listener.ends() == Offsets(stdout=10)
    listener.close()


@pytest.mark.parametrize(
    ("resume", "begins"),
    [
        pytest.param("c-1", Translation(totals={"input_tokens": 900}, conversation="c-1"), id="the same conversation"),
        pytest.param(None, Translation(), id="a fresh one"),
    ],
)
def test_an_attempt_begins_with_the_figures_of_its_conversation_and_nothing_else(
    resume: str | None, begins: Translation, tmp_path: Path
) -> None:
    """Above all not with the errors that an attempt which was cut off had told of."""
    said = EMPTY.adding("failed")
    cut_off = Translation(
        pending_text="half a", counted=said, totals={"input_tokens": 900}, denials=2, conversation="c-1"
    )
    assignment = Assignment(
        WorkerId("codex"), AgentName("codex"), Role.IMPLEMENTER, "go on", tmp_path, tmp_path, tmp_path, resume=resume
    )
    assert beginning(cut_off, assignment) == begins


def test_only_the_files_that_changed_are_looked_at(folder: SessionFolder) -> None:
    worker = WorkerId("claude")
    folder.raw_stdout(worker).write_bytes(b"from the output\n")
    folder.raw_stderr(worker).write_bytes(b"from the errors\n")
    heard = listener(folder, "claude")
    (one,) = heard.hear({folder.raw_stderr(worker)})
    assert isinstance(one, AgentOutput)
    assert one.stream == "stderr"
    assert set(heard.paths()) == {folder.raw_stdout(worker), folder.raw_stderr(worker), folder.events_file(worker)}
    (other,) = heard.hear()
    assert isinstance(other, AgentOutput)
    assert other.stream == "stdout"


def test_it_says_whether_there_is_more_than_it_read(folder: SessionFolder) -> None:
    raw = folder.raw_stdout(WorkerId("claude"))
    raw.write_bytes(b'{"type": "system", "subtype": "status"}\n' * 40_000)
    heard = listener(folder, "claude")
    more = []
    for _ in range(3):
        heard.hear()
        more.append(heard.has_more)
    assert more == [True, False, False]


def test_what_lies_behind_what_an_earlier_coordinator_read_is_more(folder: SessionFolder) -> None:
    raw = folder.raw_stdout(WorkerId("claude"))
    raw.write_bytes(b"one\ntwo\n")
    made = Listener(WorkerId("claude"), 1, get_agent(AgentName("claude")), Redactor(), lambda: NOW)
    made.follow("stdout", raw, 0, expect=(4, hashlib.sha256(b"one\n").hexdigest()))
    assert len(made.hear()) == 1
    assert made.has_more
    assert len(made.hear()) == 1
    assert not made.has_more
