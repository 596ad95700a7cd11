from __future__ import annotations

import math
import os
import signal
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.errors import JournalDamaged
from orchestrator.journal.reader import read_journal
from orchestrator.journal.writer import Journal
from orchestrator.models.entries import (
    JOURNAL_FORMAT,
    AgentOutput,
    Body,
    Command,
    CoordinatorResumed,
    Sampled,
    SessionOpened,
    TimePassed,
    UserCommand,
)
from orchestrator.models.events import AgentEvent, EventType, Unrecognised
from orchestrator.models.identity import AgentName, WorkerId
from orchestrator.models.workers import Sample

NOW = datetime(2026, 11, 21, 17, 58, 11, tzinfo=UTC)
StartPython = Callable[..., subprocess.Popen[str]]

WRITE_FOR_EVER = """
import sys; from datetime import UTC, datetime; from pathlib import Path
from orchestrator.journal.writer import Journal
from orchestrator.models.entries import CoordinatorResumed
journal = Journal(Path(sys.argv[1]))
while True:
    print(journal.append(CoordinatorResumed(pid=7), datetime.now(UTC)).n, flush=True)
"""
WRITE_UP_TO_A_LIMIT = """
import resource, signal, sys; from datetime import UTC, datetime; from pathlib import Path
from orchestrator.errors import JournalDamaged
from orchestrator.journal.writer import Journal
from orchestrator.models.entries import Command, UserCommand
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
journal = Journal(Path(sys.argv[1]))
try:
    while True:
        journal.append(UserCommand(Command.ANSWER, "terminal", text="x" * 150), datetime.now(UTC))
except JournalDamaged as error:
    print(journal.last, error.hint, flush=True)
"""


def test_entries_are_numbered_from_one_and_read_back_as_written(folder_journal: Path, opened: SessionOpened) -> None:
    bodies: list[Body] = [
        opened,
        UserCommand(Command.ANSWER, "terminal", text='two\nlines and "quotes" \u2028 ü'),
        TimePassed(),
    ]
    with Journal(folder_journal) as journal:
        written = [journal.append(bodies[0], NOW), *journal.append_many(bodies[1:], NOW)]
        journal.sync()
        assert journal.last == 3
    assert [entry.n for entry in written] == [1, 2, 3]
    assert list(read_journal(folder_journal)) == written


def test_numbers_and_texts_that_json_has_no_word_for_do_not_make_the_journal_unreadable(folder_journal: Path) -> None:
    bodies: list[Body] = [
        Sampled(WorkerId("claude"), Sample(math.inf, -math.inf, 1)),
        UserCommand(Command.ANSWER, "terminal", text="half a pair \ud83d ü"),
        TimePassed(),
    ]
    with Journal(folder_journal) as journal:
        written = journal.append_many(bodies, NOW)
    assert [entry.body for entry in written] == [
        bodies[0],
        UserCommand(Command.ANSWER, "terminal", text="half a pair ? ü"),
        bodies[2],
    ]
    assert list(read_journal(folder_journal)) == written


def test_every_kind_of_entry_is_written_carefully_in_the_same_words(tmp_path: Path) -> None:
    kept = list(read_journal(Path(__file__).parents[1] / "recordings" / "journals" / "format-1.jsonl"))
    odd = UserCommand(Command.ANSWER, "terminal", text="\ud83d")
    with Journal(tmp_path / "plain.jsonl") as plain, Journal(tmp_path / "careful.jsonl") as careful:
        plain.append_many([entry.body for entry in kept], NOW)
        careful.append_many([*(entry.body for entry in kept), odd], NOW)
    assert careful.path.read_bytes().splitlines()[:-1] == plain.path.read_bytes().splitlines()


def test_a_null_that_an_agent_itself_wrote_is_read_back_as_the_writer_was_told(folder_journal: Path) -> None:
    seen = Unrecognised("new_thing", record={"timeout": None, "ratio": math.inf})
    event = AgentEvent(type=EventType.STATUS, agent=AgentName("claude"), timestamp=NOW, payload=seen)
    with Journal(folder_journal) as journal:
        written = journal.append(AgentOutput(WorkerId("claude"), 1, "stdout", 0, 10, (event,)), NOW)
    assert list(read_journal(folder_journal)) == [written]


def test_the_file_is_private(folder_journal: Path) -> None:
    Journal(folder_journal).close()
    assert folder_journal.stat().st_mode & 0o777 == 0o600


def test_numbering_goes_on_where_an_earlier_writer_left_off(folder_journal: Path) -> None:
    with Journal(folder_journal) as journal:
        journal.append_many([TimePassed()] * 3, NOW)
    with Journal(folder_journal) as journal:
        assert journal.append(TimePassed(), NOW).n == 4


def test_nothing_to_append_writes_nothing(folder_journal: Path) -> None:
    with Journal(folder_journal) as journal:
        assert journal.append_many([], NOW) == []
    assert folder_journal.read_bytes() == b""


def test_a_tail_torn_at_any_byte_is_cut_off_and_kept_aside(folder_journal: Path) -> None:
    with Journal(folder_journal) as journal:
        journal.append_many([CoordinatorResumed(pid=pid) for pid in (1, 2)], NOW)
    whole = folder_journal.read_bytes()
    first_end = whole.index(b"\n") + 1
    torn_file = folder_journal.with_suffix(".torn")
    for cut in range(first_end, len(whole)):
        folder_journal.write_bytes(whole[:cut])
        torn_file.unlink(missing_ok=True)
        with Journal(folder_journal) as journal:
            assert journal.append(CoordinatorResumed(pid=2), NOW).n == 2
        assert folder_journal.read_bytes() == whole
        assert (torn_file.read_bytes() if torn_file.exists() else b"\n") == whole[first_end:cut] + b"\n"


def test_a_first_line_torn_at_any_byte_leaves_an_empty_journal(folder_journal: Path) -> None:
    with Journal(folder_journal) as journal:
        journal.append(TimePassed(), NOW)
    whole = folder_journal.read_bytes()
    for cut in range(len(whole)):
        folder_journal.write_bytes(whole[:cut])
        with Journal(folder_journal) as journal:
            assert journal.last == 0


def test_a_torn_tail_longer_than_one_block_is_cut_off_whole(folder_journal: Path) -> None:
    with Journal(folder_journal) as journal:
        journal.append(UserCommand(Command.ANSWER, "terminal", text="y" * 200_000), NOW)
    whole = folder_journal.read_bytes()
    folder_journal.write_bytes(whole + b"z" * 300_000)
    with Journal(folder_journal) as journal:
        assert journal.last == 1
    assert folder_journal.read_bytes() == whole


def test_a_last_line_that_is_no_entry_stops_the_writer(folder_journal: Path) -> None:
    with Journal(folder_journal) as journal:
        journal.append(TimePassed(), NOW)
    with folder_journal.open("ab") as file:
        file.write(b"garbage\n")
    with pytest.raises(JournalDamaged, match="entry 2 at byte"):
        Journal(folder_journal)


def test_a_journal_of_a_newer_format_is_not_written_to(folder_journal: Path, opened: SessionOpened) -> None:
    with Journal(folder_journal) as journal:
        journal.append(opened, NOW)
    newer = folder_journal.read_bytes().replace(b'"format":%d' % JOURNAL_FORMAT, b'"format":%d' % (JOURNAL_FORMAT + 1))
    folder_journal.write_bytes(newer)
    with pytest.raises(JournalDamaged, match=f"is in format {JOURNAL_FORMAT + 1}"):
        Journal(folder_journal)
    assert folder_journal.read_bytes() == newer


def test_a_folder_that_is_missing_is_said_with_the_path(tmp_path: Path) -> None:
    with pytest.raises(JournalDamaged, match=r"cannot open .*missing/journal.jsonl"):
        Journal(tmp_path / "missing" / "journal.jsonl")


def test_a_full_disk_is_said_with_what_to_do(tmp_path: Path, not_proven: Callable[[str], NoReturn]) -> None:
    if not Path("/dev/full").exists():
        not_proven("there is no /dev/full here")
    with Journal(tmp_path / "journal.jsonl", reserve_bytes=0) as journal:
        full = os.open("/dev/full", os.O_WRONLY)
        os.dup2(full, journal._descriptor)
        os.close(full)
        with pytest.raises(JournalDamaged) as raised:
            journal.append(TimePassed(), NOW)
    assert "free some space" in (raised.value.hint or "")
    assert journal.last == 0


@pytest.mark.slow
def test_a_disk_that_takes_half_a_line_keeps_none_of_it(folder_journal: Path, start_python: StartPython) -> None:
    process = start_python(WRITE_UP_TO_A_LIMIT, folder_journal)
    out, _ = process.communicate(timeout=60)
    last, hint = out.split(" ", 1)
    assert "ulimit" in hint
    assert folder_journal.read_bytes().endswith(b"}\n")
    assert [entry.n for entry in read_journal(folder_journal)] == list(range(1, int(last) + 1))
    assert int(last) >= 3


@pytest.mark.slow
@pytest.mark.parametrize("after_entries", [1, 300])
def test_a_writer_killed_in_mid_stream_loses_nothing_it_was_told_stands(
    folder_journal: Path, start_python: StartPython, after_entries: int
) -> None:
    process = start_python(WRITE_FOR_EVER, folder_journal)
    assert process.stdout is not None
    told = [int(process.stdout.readline()) for _ in range(after_entries)]
    process.send_signal(signal.SIGKILL)
    told += [int(line) for line in process.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
    process.wait()
    numbers = [entry.n for entry in read_journal(folder_journal)]
    assert numbers[: len(told)] == told
    with Journal(folder_journal) as journal:
        assert journal.append(TimePassed(), NOW).n == numbers[-1] + 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.lists(st.text(max_size=40), max_size=4), st.integers(0, 60)), max_size=6))
def test_however_often_a_writer_dies_whole_entries_stay_and_numbers_have_no_gap(
    tmp_path: Path, rounds: list[tuple[list[str], int]]
) -> None:
    path = tmp_path / "journal.jsonl"
    path.unlink(missing_ok=True)
    expected: list[str] = []
    for texts, lost_bytes in rounds:
        with Journal(path) as journal:
            assert journal.last == len(expected)
            bodies = [UserCommand(Command.ANSWER, "terminal", text=text) for text in texts]
            journal.append_many(bodies, NOW)
        expected += texts
        whole = path.read_bytes()
        last_line = len(whole) - (whole.rfind(b"\n", 0, len(whole) - 1) + 1) if whole else 0
        lost = min(lost_bytes, max(0, last_line - 1))
        if lost:
            path.write_bytes(whole[:-lost])
            expected.pop()
        read = [entry.body for entry in read_journal(path)]
        assert [body.text for body in read if isinstance(body, UserCommand)] == expected


@pytest.fixture
def folder_journal(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"
