from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from orchestrator.store.measured_sessions import CACHE_NAME, measured_sessions
from tests.store.conftest import PASSED, closed
from tests.store.test_recorder import kept


def test_what_has_not_changed_is_not_read_again(tmp_path: Path) -> None:
    kept(tmp_path, 0x7F3A, closed(PASSED))
    first = measured_sessions(tmp_path)
    assert (len(first.sessions), first.read_again, first.problems) == (1, 1, ())
    again = measured_sessions(tmp_path)
    assert (again.sessions, again.read_again) == (first.sessions, 0)
    kept(tmp_path, 0x7F3B, closed(PASSED))
    assert measured_sessions(tmp_path).read_again == 1


def test_a_session_that_grew_is_read_again_and_one_that_went_is_forgotten(tmp_path: Path) -> None:
    played = closed(PASSED)
    folder = kept(tmp_path, 0x7F3A, played, entries=10)
    assert measured_sessions(tmp_path).sessions[0].ended == ""
    folder.journal_file.unlink()
    for leftover in folder.path.iterdir():
        leftover.unlink()
    folder.path.rmdir()
    kept(tmp_path, 0x7F3A, played)
    assert measured_sessions(tmp_path).sessions[0].ended == "done"
    for leftover in folder.path.iterdir():
        leftover.unlink()
    folder.path.rmdir()
    assert measured_sessions(tmp_path).sessions == ()


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b'{"version": 0, "sessions": {}}', b"\xff"])
def test_a_damaged_cache_is_none(tmp_path: Path, content: bytes) -> None:
    kept(tmp_path, 0x7F3A, closed(PASSED))
    whole = measured_sessions(tmp_path)
    (tmp_path / CACHE_NAME).write_bytes(content)
    assert measured_sessions(tmp_path) == whole


def test_a_journal_that_cannot_be_measured_is_named_and_left_out(tmp_path: Path) -> None:
    folder = kept(tmp_path, 0x7F3A, closed(PASSED))
    kept(tmp_path, 0x7F3B, closed(PASSED))
    folder.journal_file.write_bytes(b"{}\n" + folder.journal_file.read_bytes())
    os.mkfifo(tmp_path / "pipe")
    found = measured_sessions(tmp_path)
    assert len(found.sessions) == 1
    assert [name for name, _ in found.problems] == [folder.id]


NOW = "2026-11-30T00:00:00+00:00"
OPENED = {"options": {}, "session": "s", "kind": "session_opened"}
CLOSED = {"outcome": "done", "kind": "session_closed"}


@pytest.mark.parametrize(
    ("bodies", "at", "why"),
    [
        ([OPENED, CLOSED], "2026-11-30T00:00:00", "no time zone"),
        ([{**OPENED, "session": {}}, CLOSED], NOW, "session: Input should be a valid string"),
        ([OPENED, {**CLOSED, "outcome": []}], NOW, "ended: Input should be a valid string"),
        (
            [OPENED, {"worker": "a", "insertions": "1", "deletions": "2", "kind": "work_measured"}, CLOSED],
            NOW,
            "its figures are none",
        ),
    ],
)
def test_a_journal_whose_values_are_of_another_kind_breaks_nothing(
    tmp_path: Path, bodies: list[dict[str, object]], at: str, why: str
) -> None:
    kept(tmp_path, 0x7F3B, closed(PASSED))
    folder = tmp_path / "20261130-000000-7f3a"
    folder.mkdir()
    lines = [json.dumps({"n": n, "at": at, "body": body}) + "\n" for n, body in enumerate(bodies, 1)]
    (folder / "journal.jsonl").write_text("".join(lines))
    found = measured_sessions(tmp_path)
    ((name, said),) = found.problems
    assert (len(found.sessions), name, why in said) == (1, folder.name, True), said


def test_a_workspace_that_cannot_be_written_is_measured_all_the_same(ordinary_folder: Path) -> None:
    kept(ordinary_folder, 0x7F3A, closed(PASSED))
    ordinary_folder.chmod(0o500)
    try:
        assert len(measured_sessions(ordinary_folder).sessions) == 1
    finally:
        ordinary_folder.chmod(0o700)
    assert measured_sessions(ordinary_folder / "missing").sessions == ()
