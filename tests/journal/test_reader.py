from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestrator.errors import JournalDamaged
from orchestrator.journal import reader
from orchestrator.journal.reader import JournalReading, entries_from_end, read_journal, read_last_entry
from orchestrator.journal.writer import Journal
from orchestrator.models.effects import Outcome
from orchestrator.models.entries import CoordinatorResumed, SessionClosed, SessionOpened

NOW = datetime(2026, 11, 21, 17, 58, 11, tzinfo=UTC)
FORMAT_1 = Path(__file__).parents[1] / "recordings" / "journals" / "format-1.jsonl"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "journal.jsonl"
    with Journal(path) as journal:
        journal.append_many([CoordinatorResumed(pid=pid) for pid in range(1, 6)], NOW)
    return path


def test_reading_goes_on_after_any_entry(path: Path) -> None:
    ends = [0]
    reading = JournalReading(path)
    for n, entry in enumerate(reading, start=1):
        assert (entry.n, reading.n) == (n, n)
        ends.append(reading.end)
    for after, end in enumerate(ends):
        assert [entry.n for entry in JournalReading(path, after, end)] == list(range(after + 1, 6))
    assert list(JournalReading(path, 5, ends[-1] + 7)) == []


def test_a_file_that_does_not_exist_has_no_entries(tmp_path: Path) -> None:
    assert list(read_journal(tmp_path / "journal.jsonl")) == []
    assert read_last_entry(tmp_path / "journal.jsonl") is None


def test_a_last_line_torn_at_any_byte_is_not_an_entry(path: Path) -> None:
    whole = path.read_bytes()
    last_start = whole.rindex(b"\n", 0, len(whole) - 1) + 1
    for cut in range(last_start, len(whole)):
        path.write_bytes(whole[:cut])
        assert [entry.n for entry in read_journal(path)] == [1, 2, 3, 4]
        last = read_last_entry(path)
        assert last is not None
        assert last.n == 4


@pytest.mark.parametrize(
    "instead",
    [
        pytest.param(b"garbage", id="garbage"),
        pytest.param(b"", id="a blank line"),
        pytest.param(b"\0" * 80, id="zeros"),
        pytest.param(b'{"n":3,"at":"2026-11-21T17:58:11Z","body":{"kind":"unheard_of"}}', id="an unknown kind"),
        pytest.param(b'{"n":4,"at":"2026-11-21T17:58:11Z","body":{"kind":"time_passed"}}', id="a number too far"),
        pytest.param(b"[3]", id="another shape"),
    ],
)
def test_damage_in_the_middle_is_said_with_number_and_offset(path: Path, instead: bytes) -> None:
    lines = path.read_bytes().split(b"\n")
    offset = len(b"\n".join(lines[:2])) + 1
    path.write_bytes(b"\n".join([*lines[:2], instead, *lines[3:]]))
    entries = read_journal(path)
    assert [next(entries).n, next(entries).n] == [1, 2]
    with pytest.raises(JournalDamaged, match=f"entry 3 at byte {offset} is damaged"):
        next(entries)


def test_a_missing_line_is_a_gap_in_the_numbers(path: Path) -> None:
    lines = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join(lines[:1] + lines[2:]))
    with pytest.raises(JournalDamaged, match=r"entry 2 .* numbered 3"):
        list(read_journal(path))


def test_a_newer_format_is_refused_before_anything_is_misread(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b'{"n":1,"at":"x","body":{"kind":"session_opened","format":5,"options":{"unheard":1}}}\n')
    with pytest.raises(JournalDamaged, match="is in format 5; this program knows formats up to 4") as raised:
        list(read_journal(path))
    assert "newer version" in (raised.value.hint or "")


def test_fields_that_a_later_minor_version_adds_are_passed_over(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b'"kind":', b'"added_later":[1],"kind":'))
    assert [entry.n for entry in read_journal(path)] == [1, 2, 3, 4, 5]


def test_the_journal_kept_from_format_1_still_reads() -> None:
    entries = list(read_journal(FORMAT_1))
    first, last = entries[0].body, entries[-1].body
    assert isinstance(first, SessionOpened)
    assert first.options.task == "Add input validation to the signup form"
    assert isinstance(last, SessionClosed)
    assert (last.outcome, last.reason) == (Outcome.DONE, "every step is done")
    kinds = {entry.body.kind for entry in entries}
    assert kinds == KINDS_OF_FORMAT_1, "the kept journal holds one entry of every kind of its format"


def test_a_journal_of_format_2_is_read_to_its_end() -> None:
    entries = list(read_journal(FORMAT_1.with_name("format-2.jsonl")))
    first, last = entries[0].body, entries[-1].body
    assert isinstance(first, SessionOpened)
    assert (first.format, first.options.task) == (2, "Add a file")
    assert isinstance(last, SessionClosed)
    assert (last.outcome, last.reason) == (Outcome.DONE, "every step is done, with evidence")


KINDS_OF_FORMAT_1 = {
    "session_opened",
    "worker_started",
    "start_failed",
    "agent_output",
    "stream_fault",
    "worker_exited",
    "sampled",
    "snapshot_taken",
    "work_measured",
    "checks_measured",
    "user_command",
    "time_passed",
    "coordinator_resumed",
    "effect_done",
    "effect_intended",
    "session_closed",
}


@pytest.mark.parametrize("kind", ["pipe", "folder", "loop", "device"])
def test_what_is_no_journal_is_said_and_not_waited_for(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "journal.jsonl"
    match kind:
        case "pipe":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case "loop":
            path.symlink_to(path.name)
        case "device":
            path.symlink_to("/dev/zero")
    with pytest.raises(JournalDamaged, match=r"cannot read .*: it is a"):
        list(read_journal(path))
    with pytest.raises(JournalDamaged, match=r"cannot read .*: it is a"):
        read_last_entry(path)


def test_a_line_that_is_longer_than_any_entry_is_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MOST_LINE_BYTES", 1000)
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b"\0" * 200_000)
    with pytest.raises(JournalDamaged, match="entry 1 at byte 0 is damaged: it is longer"):
        list(read_journal(path))
    with pytest.raises(JournalDamaged, match="are no entries"):
        read_last_entry(path)


@pytest.mark.parametrize("block", [2, 100, 300, 1 << 20])
def test_entries_are_read_from_the_end_in_blocks_of_any_size(
    path: Path, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(reader, "_BUFFER_BYTES", block)
    entries = list(read_journal(path))
    size = path.stat().st_size
    with path.open("ab") as file:
        file.write(b'{"n":6,"at":"torn')

    found = list(entries_from_end(path))

    assert [entry for entry, _ in found] == entries[::-1]
    assert found[0][1] == size
    assert [path.read_bytes()[:end].count(b"\n") for _, end in found] == [5, 4, 3, 2, 1]


def test_what_lies_in_front_of_the_entries_asked_for_is_not_read(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], b"no entry\n", *lines[2:]]))
    found = entries_from_end(path)
    assert [next(found)[0].n for _ in range(3)] == [5, 4, 3]
    with pytest.raises(JournalDamaged, match="entry 2 at byte"):
        next(found)


def test_a_gap_in_the_numbers_is_seen_from_the_end_too(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:3], lines[4]]))
    with pytest.raises(JournalDamaged, match="it is numbered 3"):
        list(entries_from_end(path))


def test_a_missing_journal_has_no_entries_at_its_end(tmp_path: Path) -> None:
    assert list(entries_from_end(tmp_path / "journal.jsonl")) == []


def test_entries_are_read_backwards_from_any_place(path: Path) -> None:
    ends = [end for _, end in entries_from_end(path)]

    assert [entry.n for entry, _ in entries_from_end(path, ends[2])] == [3, 2, 1]
    assert [entry.n for entry, _ in entries_from_end(path, ends[2] + 3)] == [3, 2, 1]
    assert [entry.n for entry, _ in entries_from_end(path, ends[0] + 99)] == [5, 4, 3, 2, 1]
    assert list(entries_from_end(path, 0)) == []
