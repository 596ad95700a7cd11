from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from orchestrator.journal.session_lock import hold_session_lock

if TYPE_CHECKING:
    from tests.cli.conftest import Story


def test_it_has_to_be_said_which_may_go(orchestrate: Callable[..., Any]) -> None:
    ran = orchestrate("clean")
    assert ran.code == 2
    assert "--older-than 30d" in ran.err


def test_an_age_is_a_number_with_a_unit(orchestrate: Callable[..., Any]) -> None:
    for age in ("30", "soon", "-1d", ""):
        assert orchestrate("clean", "--older-than", age).code == 2, age
    for age in ("30d", "2w", "12h", "1h30m"):
        assert orchestrate("clean", "--older-than", age, "--dry-run").code == 0, age


def test_a_dry_run_names_and_a_run_deletes(story: Story, orchestrate: Callable[..., Any]) -> None:
    story.write()
    said = orchestrate("clean", "--keep", "0", "--dry-run")
    assert story.folder.id in said.out
    assert "1 session to be deleted" in said.out
    assert story.folder.path.is_dir()
    done = json.loads(orchestrate("clean", "--keep", "0", "--json").out)
    assert [row["id"] for row in done["sessions"]] == [story.folder.id]
    assert not story.folder.path.exists()
    assert orchestrate("sessions").out == ""


def test_a_running_session_stays(story: Story, orchestrate: Callable[..., Any]) -> None:
    story.write()
    with hold_session_lock(story.folder):
        ran = orchestrate("clean", "--keep", "0")
    assert ran.code == 0
    assert story.folder.path.is_dir()


def test_sessions_say_what_they_take(story: Story, orchestrate: Callable[..., Any]) -> None:
    story.write()
    assert "KiB" in orchestrate("sessions").out
    (row,) = json.loads(orchestrate("sessions", "--json").out)
    assert row["bytes"] > 0
