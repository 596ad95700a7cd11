"""What the newest sessions found of the CLIs is read from their files; what is damaged is left out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from orchestrator.journal.last_probes import MOST_SESSIONS, LastProbe, last_probes

AT = "2026-01-01T10:11:12+00:00"


def session(workspace: Path, number: int, *found: Any, **more: Any) -> None:
    folder = workspace / f"20260101-1011{number:02}-abcd"
    folder.mkdir(parents=True)
    (folder / "session.json").write_text(json.dumps({"opened_at": AT, "found": found, **more}))


def agent(name: str, version: str | None, *, usable: bool = True) -> dict[str, Any]:
    return {"name": name, "version": version, "usable": usable}


def test_the_newest_session_that_looked_at_an_agent_counts(tmp_path: Path) -> None:
    session(tmp_path, 1, agent("claude", "1.0"), agent("codex", "2.0"))
    session(tmp_path, 2, agent("claude", "1.1", usable=False))
    assert last_probes(tmp_path) == {
        "claude": LastProbe("1.1", usable=False, at=AT),
        "codex": LastProbe("2.0", usable=True, at=AT),
    }


def test_a_rehearsal_says_nothing_of_the_users_own(tmp_path: Path) -> None:
    session(tmp_path, 1, agent("claude", "1.0"), rehearsal={"endpoints": {}})
    assert last_probes(tmp_path) == {}


@pytest.mark.parametrize(
    "content", ["", "[]", "{", "[" * 100_000, '{"found": 1}', '{"found": [1, {"name": 2}], "opened_at": "x"}', "\0"]
)
def test_a_damaged_file_is_left_out(tmp_path: Path, content: str) -> None:
    session(tmp_path, 1, agent("claude", "1.0"))
    session(tmp_path, 2)
    (tmp_path / "20260101-101102-abcd" / "session.json").write_text(content)
    assert last_probes(tmp_path) == {"claude": LastProbe("1.0", usable=True, at=AT)}


def test_no_more_than_the_newest_are_looked_at(tmp_path: Path) -> None:
    session(tmp_path, 0, agent("claude", "1.0"))
    for number in range(1, MOST_SESSIONS + 1):
        session(tmp_path, number)
    assert last_probes(tmp_path) == {}


def test_a_workspace_that_is_not_there_has_none(tmp_path: Path) -> None:
    assert last_probes(tmp_path / "nowhere") == {}
