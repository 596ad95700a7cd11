from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orchestrator.journal import index as index_module
from orchestrator.journal.folder import SessionFolder, all_sessions, create_session
from orchestrator.journal.index import INDEX_NAME, SessionIndex, SessionRow
from orchestrator.journal.session_lock import hold_session_lock
from orchestrator.journal.writer import Journal
from orchestrator.models.effects import Outcome
from orchestrator.models.entries import SessionClosed, SessionOpened, TimePassed

NOW = datetime(2026, 11, 21, 17, 58, 11, tzinfo=UTC)
REFRESH_MANY = """
import os, sys; from datetime import UTC, datetime; from pathlib import Path
from orchestrator.journal.folder import create_session
from orchestrator.journal.index import SessionIndex
from orchestrator.journal.writer import Journal
from orchestrator.models.entries import TimePassed
workspace = Path(sys.argv[1]); index = SessionIndex(workspace)
for n in range(20):
    folder = create_session(workspace, datetime.now(UTC), "0000")
    with Journal(folder.journal_file) as journal:
        journal.append(TimePassed(), datetime.now(UTC))
    if n % 7 == int(sys.argv[2]):
        index.delete()
    index.refresh()
    assert folder.id in {row.id for row in index.rows()}, folder.id
print("done", flush=True)
"""


def make_session(workspace: Path, opened: SessionOpened, *, second: int, outcome: Outcome | None) -> SessionFolder:
    folder = create_session(workspace, NOW + timedelta(seconds=second), "0000")
    with Journal(folder.journal_file) as journal:
        journal.append(replace(opened, session=folder.id), NOW)
        if outcome is not None:
            journal.append(SessionClosed(outcome, "because"), NOW + timedelta(minutes=1))
    return folder


def refreshed(workspace: Path) -> list[SessionRow]:
    index = SessionIndex(workspace)
    index.refresh()
    return index.rows()


def test_a_workspace_without_sessions_has_no_rows_and_gets_no_file(tmp_path: Path) -> None:
    assert refreshed(tmp_path) == []
    assert refreshed(tmp_path / "missing") == []
    assert [path.name for path in tmp_path.iterdir()] == []


def test_a_row_says_what_the_journal_says_newest_first(workspace: Path, opened: SessionOpened) -> None:
    make_session(workspace, opened, second=1, outcome=Outcome.DONE)
    make_session(workspace, opened, second=2, outcome=None)
    newer, older = refreshed(workspace)
    assert (older.outcome, older.reason, older.entries) == (Outcome.DONE, "because", 2)
    assert (older.task, older.target, older.agents) == ("Add input validation", "/srv/shop", ("claude", "codex"))
    assert (older.opened_at, older.last_at) == (NOW, NOW + timedelta(minutes=1))
    assert (newer.id, newer.outcome, newer.holder) == ("20261121-175813-0000", None, None)


def test_who_runs_a_session_is_asked_each_time(workspace: Path, opened: SessionOpened) -> None:
    folder = make_session(workspace, opened, second=1, outcome=None)
    index = SessionIndex(workspace)
    index.refresh()
    with hold_session_lock(folder):
        assert [row.holder for row in index.rows()] == [os.getpid()]
    assert [row.holder for row in index.rows()] == [None]


def test_growth_and_removal_are_taken_in(workspace: Path, opened: SessionOpened) -> None:
    folder = make_session(workspace, opened, second=1, outcome=None)
    gone = make_session(workspace, opened, second=2, outcome=None)
    assert len(refreshed(workspace)) == 2
    with Journal(folder.journal_file) as journal:
        journal.append(TimePassed(), NOW)
    gone.path.rename(workspace / "put-away")
    assert [(row.id, row.entries) for row in refreshed(workspace)] == [(folder.id, 2)]


def test_a_damaged_or_empty_journal_is_a_row_too(workspace: Path) -> None:
    damaged = create_session(workspace, NOW, "0001")
    damaged.journal_file.write_bytes(b"garbage\n")
    create_session(workspace, NOW, "0002")
    empty, bad = refreshed(workspace)
    assert (empty.entries, empty.problem) == (0, None)
    assert "entry 1 at byte 0 is damaged" in (bad.problem or "")


@pytest.mark.parametrize("harm", ["deleted", "garbage", "empty", "other version"])
def test_an_index_that_is_no_good_is_derived_again(workspace: Path, opened: SessionOpened, harm: str) -> None:
    make_session(workspace, opened, second=1, outcome=Outcome.FAILED)
    before = refreshed(workspace)
    path = workspace / INDEX_NAME
    match harm:
        case "deleted":
            SessionIndex(workspace).delete()
            assert not path.exists()
        case "garbage":
            SessionIndex(workspace).delete()
            path.write_bytes(b"no database at all, and longer than a header" * 40)
        case "empty":
            path.write_bytes(b"")
        case _:
            with sqlite3.connect(path) as database:
                database.execute("PRAGMA user_version = 99")
                database.execute("ALTER TABLE session RENAME TO other")
            database.close()
    assert refreshed(workspace) == before


def test_a_workspace_that_cannot_be_written_is_listed_from_memory(opened: SessionOpened, ordinary_folder: Path) -> None:
    workspace = ordinary_folder / "workspace"
    make_session(workspace, opened, second=1, outcome=Outcome.DONE)
    workspace.chmod(0o500)
    assert not os.access(workspace, os.W_OK)
    try:
        assert [row.outcome for row in refreshed(workspace)] == [Outcome.DONE]
    finally:
        workspace.chmod(0o700)


@pytest.mark.slow
def test_four_processes_write_and_rebuild_it_at_once(
    workspace: Path, start_python: Callable[..., subprocess.Popen[str]]
) -> None:
    workspace.mkdir()
    # Numbers past 6 never delete: deleting under a reader is the next test's.
    processes = [start_python(REFRESH_MANY, workspace, 9) for _ in range(4)]
    assert [process.communicate(timeout=50)[0] for process in processes] == ["done\n"] * 4
    assert len(refreshed(workspace)) == 80


@pytest.mark.slow
def test_deleting_it_under_others_loses_no_session(
    workspace: Path, start_python: Callable[..., subprocess.Popen[str]]
) -> None:
    workspace.mkdir()
    process = start_python(REFRESH_MANY, workspace, 3)
    assert process.communicate(timeout=50)[0] == "done\n"
    assert len(refreshed(workspace)) == 20


def made(workspace: Path, opened: SessionOpened) -> Path:
    for second in range(3):
        make_session(workspace, opened, second=second, outcome=Outcome.DONE)
    return workspace


@pytest.mark.parametrize("odd", ["folder", "pipe", "loop", "device", "no database"])
def test_whatever_stands_in_its_place_the_sessions_are_listed(tmp_path: Path, opened: SessionOpened, odd: str) -> None:
    workspace = made(tmp_path, opened)
    place = workspace / INDEX_NAME
    match odd:
        case "folder":
            place.mkdir()
        case "pipe":
            os.mkfifo(place)
        case "loop":
            place.symlink_to(place.name)
        case "device":
            place.symlink_to("/dev/zero")
        case "no database":
            place.write_bytes(b"\0" * 100_000)
    index = SessionIndex(workspace)
    index.refresh()
    assert [row.id for row in index.rows()] == [folder.id for folder in all_sessions(workspace)]
    assert index.rows()


def test_an_index_that_another_program_holds_is_done_without(
    tmp_path: Path, opened: SessionOpened, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = made(tmp_path, opened)
    monkeypatch.setattr(index_module, "_BUSY_S", 0.05)
    SessionIndex(workspace).refresh()
    with closing(sqlite3.connect(workspace / INDEX_NAME)) as holder:
        holder.execute("PRAGMA journal_mode = DELETE")
        holder.execute("BEGIN EXCLUSIVE")
        index = SessionIndex(workspace)
        index.refresh()
        assert [row.id for row in index.rows()] == [folder.id for folder in all_sessions(workspace)]
        assert index.rows()
