from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orchestrator.coordinator.old_sessions import delete, delete_remains, disk_use, old_sessions
from orchestrator.journal.folder import SessionFolder, create_session
from orchestrator.journal.session_lock import hold_session_lock

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture
def sessions(tmp_path: Path) -> list[SessionFolder]:
    """Three sessions, newest first, of today, a week and a month ago."""
    made = []
    for days in (0, 7, 30):
        at = NOW - timedelta(days=days)
        folder = create_session(tmp_path, at, "0000")
        folder.journal_file.write_bytes(b"x" * 10_000)
        os.utime(folder.journal_file, (at.timestamp(), at.timestamp()))
        made.append(folder)
    return made


def ids(workspace: Path, **choice: object) -> list[str]:
    return [session.folder.id for session in old_sessions(workspace, now=NOW, **choice)]  # type: ignore[arg-type]  # by name


def test_age_and_number_choose(sessions: list[SessionFolder], tmp_path: Path) -> None:
    names = [folder.id for folder in sessions]
    assert ids(tmp_path, older_than=timedelta(days=1)) == names[1:]
    assert ids(tmp_path, keep=2) == names[2:]
    assert ids(tmp_path, keep=0) == names
    assert ids(tmp_path, older_than=timedelta(days=20), keep=1) == names[2:]


def test_a_running_session_never_goes(sessions: list[SessionFolder], tmp_path: Path) -> None:
    with hold_session_lock(sessions[2]):
        assert sessions[2].id not in ids(tmp_path, keep=0)
    chosen = old_sessions(tmp_path, now=NOW, keep=2)
    with hold_session_lock(sessions[2]):
        (kept,) = delete(chosen)
    assert kept.problem
    assert sessions[2].path.is_dir()


def test_whatever_agents_left_in_it_is_deleted_and_nothing_outside(
    sessions: list[SessionFolder], tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("1")
    locked = sessions[2].scratch_dir / "claude" / "deep"
    locked.mkdir(parents=True)
    (locked / "file").write_text("1")
    (locked / "link").symlink_to(outside)
    os.mkfifo(locked / "pipe")
    locked.chmod(0)
    (gone,) = delete(old_sessions(tmp_path, now=NOW, keep=2))
    assert gone.problem == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([sessions[0].id, sessions[1].id, "outside"])
    assert (outside / "file").exists()


def test_what_an_earlier_clean_left_half_done_is_ended(sessions: list[SessionFolder], tmp_path: Path) -> None:
    sessions[1].path.rename(tmp_path / f".deleted-{sessions[1].id}")
    delete_remains(tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


def test_the_disk_a_session_takes_is_counted(sessions: list[SessionFolder]) -> None:
    used = disk_use(sessions[0])
    assert used is not None
    assert used >= 10_000
