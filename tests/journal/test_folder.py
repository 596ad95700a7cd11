from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from orchestrator.errors import EnvironmentUnfit, SessionUnknown
from orchestrator.journal.folder import (
    SESSION_ID,
    SessionFolder,
    all_sessions,
    create_session,
    journal_stamp,
    newest_session,
    open_session,
)
from orchestrator.journal.session_lock import hold_session_lock
from orchestrator.models.identity import WorkerId

NOW = datetime(2026, 11, 21, 17, 58, 11, tzinfo=UTC)


def test_the_id_says_the_time_in_utc(workspace: Path) -> None:
    local = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert create_session(workspace, local, "7f3a").id == "20261121-175811-7f3a"


def test_two_sessions_of_one_second_and_token_get_ids_of_their_own(workspace: Path) -> None:
    ids = [create_session(workspace, NOW, "ffff").id for _ in range(3)]
    assert ids == ["20261121-175811-ffff", "20261121-175811-0000", "20261121-175811-0001"]
    assert all(SESSION_ID.fullmatch(name) for name in ids)


def test_every_folder_is_private_whatever_the_umask(workspace: Path) -> None:
    before = os.umask(0)
    try:
        folder = create_session(workspace, NOW, "7f3a")
    finally:
        os.umask(before)
    for path in (folder.path, *folder.path.rglob("*")):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path


def test_a_workspace_that_is_a_file_is_the_users_to_mend(tmp_path: Path) -> None:
    (tmp_path / "workspace").write_text("")
    with pytest.raises(EnvironmentUnfit, match="cannot make a session folder"):
        create_session(tmp_path / "workspace", NOW, "7f3a")


@pytest.mark.parametrize("session", ["20261121-175811-0000", "..", "", "../workspace", "20261121-175811-7f3a/../x"])
def test_an_id_that_names_no_session_is_unknown(folder: SessionFolder, session: str) -> None:
    with pytest.raises(SessionUnknown):
        open_session(folder.workspace, session)


def test_a_session_is_opened_by_its_id(folder: SessionFolder) -> None:
    assert open_session(folder.workspace, folder.id) == folder


def test_the_newest_is_the_one_begun_last(workspace: Path) -> None:
    assert newest_session(workspace, live_only=False) is None
    older = create_session(workspace, NOW, "ffff")
    newer = create_session(workspace, NOW + timedelta(seconds=1), "0000")
    (workspace / "README.md").write_text("")
    (workspace / "20991231-000000-0000").write_text("a file, no session")
    assert all_sessions(workspace) == [newer, older]
    assert newest_session(workspace, live_only=False) == newer


def test_live_is_only_what_a_coordinator_holds(workspace: Path) -> None:
    older = create_session(workspace, NOW, "0000")
    create_session(workspace, NOW + timedelta(seconds=1), "0000")
    assert newest_session(workspace, live_only=True) is None
    with hold_session_lock(older):
        assert newest_session(workspace, live_only=True) == older


def test_reviewers_write_into_reviews_and_main_workers_beside_the_journal(folder: SessionFolder) -> None:
    assert folder.raw_stdout(WorkerId("codex-2")) == folder.path / "codex-2.jsonl"
    assert folder.raw_stderr(WorkerId("claude")) == folder.path / "claude.stderr.log"
    assert folder.raw_stdout(WorkerId("review-001-gemini")) == folder.path / "reviews" / "review-001-gemini.jsonl"
    assert folder.events_file(WorkerId("gemini")) == folder.path / "scratch" / "gemini" / "events.jsonl"


@pytest.mark.parametrize("worker", ["", "..", "a/b", "journal", "Journal", ".hidden", "ä"])
def test_a_worker_whose_name_would_hit_another_file_is_refused(folder: SessionFolder, worker: str) -> None:
    with pytest.raises(ValueError, match="not fit for a file name"):
        folder.raw_stdout(WorkerId(worker))


def test_a_worker_may_have_capitals_in_its_name(folder: SessionFolder) -> None:
    assert folder.raw_stdout(WorkerId("Auditor")) == folder.path / "Auditor.jsonl"


def test_a_journal_that_grew_or_is_gone_has_another_stamp(tmp_path: Path) -> None:
    folder = SessionFolder(tmp_path)
    assert journal_stamp(folder) == (0, 0)
    folder.journal_file.write_bytes(b"{}\n")
    before = journal_stamp(folder)
    assert before[0] == 3
    with folder.journal_file.open("ab") as file:
        file.write(b"{}\n")
    assert journal_stamp(folder) != before
