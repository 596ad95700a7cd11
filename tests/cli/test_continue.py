"""A follow-up as a user asks for it: one rehearsal with stand-ins is run, and gone on with."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from orchestrator.journal.folder import SessionFolder
from orchestrator.journal.session_lock import hold_session_lock
from orchestrator.models.effects import Outcome
from orchestrator.models.entries import SessionClosed
from orchestrator.models.identity import WorkerId

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from tests.cli.conftest import Story

RunProgram = Callable[..., "subprocess.CompletedProcess[str]"]


def closed(story: Story, outcome: Outcome = Outcome.DONE) -> None:
    story.take(SessionClosed(outcome, "every step is done"))
    story.write()


def test_a_session_that_runs_is_not_gone_on_with(story: Story, orchestrate: Callable[..., Any]) -> None:
    story.write()
    with hold_session_lock(story.folder):
        ran = orchestrate("continue", "now also this")
    assert ran.code == 2
    assert "is running" in ran.err


def test_one_that_is_not_done_is_to_be_resumed(story: Story, orchestrate: Callable[..., Any]) -> None:
    closed(story, Outcome.INTERRUPTED)
    ran = orchestrate("continue", "now also this")
    assert ran.code == 2
    assert "interrupted" in ran.err
    assert f"orchestrate resume {story.folder.id}" in ran.err


def test_one_that_lost_its_coordinator_is_to_be_resumed(story: Story, orchestrate: Callable[..., Any]) -> None:
    story.write()
    ran = orchestrate("continue", story.folder.id, "now also this")
    assert ran.code == 2
    assert "has not come to its end" in ran.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("20200101-000000-0000", "now also this"), "no session"),
        (("now", "also", "this"), "in quotes"),
        (("",), "the task is empty"),
        ((), "there is no task"),
    ],
)
def test_what_cannot_be_meant_is_bad_usage(
    story: Story, orchestrate: Callable[..., Any], words: tuple[str, ...], said: str
) -> None:
    closed(story)
    ran = orchestrate("continue", *words)
    assert ran.code == 2
    assert said in ran.err


@dataclass
class Rehearsed:
    """One session that was run to its end, and how to go on with it."""

    program: RunProgram
    target: Path
    workspace: Path

    @property
    def folder(self) -> SessionFolder:
        (found,) = (path for path in self.workspace.iterdir() if (path / "journal.jsonl").exists())
        return SessionFolder(found)

    def goes_on(self, *words: str) -> subprocess.CompletedProcess[str]:
        where = ("--workspace", str(self.workspace), "--no-interactive", "--no-dashboard")
        return self.program("continue", *words, *where)


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory: pytest.TempPathFactory) -> Rehearsed:
    """The one session of this module: its tests go on with it in the order in which they stand."""
    import subprocess
    import sys

    root = tmp_path_factory.mktemp("continue")
    (root / "target").mkdir()
    (root / "target" / "notes.txt").write_text("hello\n")

    def program(*words: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "orchestrator", *words]
        return subprocess.run(line, cwd=root, capture_output=True, text=True, timeout=300, check=False)

    made = Rehearsed(program, root / "target", root / "workspace")
    where = ("--target", str(made.target), "--workspace", str(made.workspace))
    ran = program("Add input validation to the signup form", "--rehearse", "--stand-ins", "--no-dashboard", *where)
    assert ran.returncode == 0, ran.stderr
    return made


@pytest.mark.slow
def test_a_changed_target_is_named_and_needs_a_word(rehearsed: Rehearsed) -> None:
    copy = rehearsed.folder.path / "target"
    (copy / "notes.txt").write_text("by hand\n")
    ran = rehearsed.goes_on("now also this")
    assert ran.returncode == 2
    assert "notes.txt" in ran.stderr
    assert "--changed-target" in ran.stderr
    (copy / "notes.txt").write_text("hello\n")


@pytest.mark.slow
def test_a_target_that_is_gone_is_said(rehearsed: Rehearsed) -> None:
    copy = rehearsed.folder.path / "target"
    shutil.move(copy, rehearsed.folder.path / "away")
    ran = rehearsed.goes_on("now also this")
    shutil.move(rehearsed.folder.path / "away", copy)
    assert ran.returncode == 2
    assert "is gone" in ran.stderr


@pytest.mark.slow
def test_the_team_goes_on_with_what_is_there_now(rehearsed: Rehearsed) -> None:
    (rehearsed.folder.path / "target" / "notes.txt").write_text("by hand\n")
    ran = rehearsed.goes_on("now also cover the empty input", "--changed-target", "--json")
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert told["follow_ups"] == ["now also cover the empty input"]
    assert (told["status"], told["exit_code"]) == ("done", 0)
    assert not [warning for warning in told["warnings"] if "anew" in warning or "no longer knew" in warning]
    assert (rehearsed.folder.path / "target" / "rehearsal-claude.md").exists()
    raw = rehearsed.folder.raw_stdout(WorkerId("claude")).read_text()
    begun = {row["session_id"] for row in map(json.loads, raw.splitlines()) if row.get("subtype") == "init"}
    assert len(begun) == 1, "all its attempts are of the same conversation"
    first = f"follow-up on session {rehearsed.folder.id}: now also cover the empty input"
    assert first in ran.stderr.splitlines()
    shown = rehearsed.program("show", "--workspace", str(rehearsed.workspace))
    assert "now also cover the empty input" in shown.stdout
    again = rehearsed.program("replay", "--workspace", str(rehearsed.workspace))
    assert again.returncode == 0, again.stderr
