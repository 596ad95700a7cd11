"""Logins that a killed session's workers renewed, given back from what it wrote down."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from orchestrator.coordinator.left_logins import return_left_logins
from orchestrator.coordinator.workspace_cleanup import clean_workspace
from orchestrator.journal.folder import SessionFolder
from orchestrator.journal.session_lock import hold_session_lock
from orchestrator.sandbox.homes import note_home, prepare_home

LOGIN = PurePosixPath(".claude/.credentials.json")


def login(access: str, expires: int, *, refresh: str = "mine") -> str:
    value = {"accessToken": access, "refreshToken": refresh, "expiresAt": expires}
    return json.dumps({"claudeAiOauth": value})


FIRST, SECOND = login("first", 4_000_000_000_000), login("second", 4_000_003_600_000)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The user's own login."""
    path = tmp_path / "user" / LOGIN
    path.parent.mkdir(parents=True)
    path.write_text(FIRST)
    return path


@pytest.fixture
def folder(tmp_path: Path, own: Path) -> SessionFolder:
    """A session that was killed after it had made a home."""
    folder = SessionFolder(tmp_path / "workspace" / "20261121-175811-7f3a")
    folder.path.mkdir(parents=True)
    logins = folder.path / "logins"
    home = prepare_home(
        folder.path / "homes" / "w1", user_home=tmp_path / "user", credential_files=(LOGIN,), kept=logins / "claude"
    )
    note_home(replace(home, note=logins / "w1.json"), "claude")
    return folder


def test_a_newer_login_is_given_back_once_and_said(folder: SessionFolder, own: Path) -> None:
    (folder.path / "homes" / "w1" / LOGIN).write_text(SECOND)
    [found] = clean_workspace(folder.workspace)
    assert str(found) == f"{folder.id}: {own} was renewed by a worker"
    assert own.read_text() == SECOND
    assert clean_workspace(folder.workspace) == ()


def test_anothers_login_is_refused_and_said(folder: SessionFolder, own: Path) -> None:
    (folder.path / "homes" / "w1" / LOGIN).write_text(login("second", 4_000_003_600_000, refresh="another's"))
    [found] = return_left_logins(folder)
    assert "was left as it is" in str(found)
    assert own.read_text() == FIRST


def test_a_session_that_somebody_runs_gives_its_logins_back_itself(folder: SessionFolder, own: Path) -> None:
    (folder.path / "homes" / "w1" / LOGIN).write_text(SECOND)
    with hold_session_lock(folder):
        assert clean_workspace(folder.workspace) == ()
    assert own.read_text() == FIRST


def test_an_agent_that_this_version_does_not_know_is_passed_over(folder: SessionFolder, own: Path) -> None:
    note = folder.path / "logins" / "w1.json"
    note.write_text(json.dumps({**json.loads(note.read_text()), "agent": "nobody"}))
    (folder.path / "homes" / "w1" / LOGIN).write_text(SECOND)
    assert list(return_left_logins(folder)) == []
    assert own.read_text() == FIRST
