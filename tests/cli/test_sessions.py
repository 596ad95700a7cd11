from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from orchestrator.journal.session_lock import hold_session_lock
from orchestrator.models import entries
from orchestrator.models.effects import Outcome

if TYPE_CHECKING:
    from tests.cli.conftest import Story


def test_an_empty_workspace_is_no_error(orchestrate: Callable[..., Any]) -> None:
    ran = orchestrate("sessions")

    assert ran.code == 0
    assert ran.out == ""
    assert "no session in" in ran.err


def test_a_session_without_a_coordinator_is_listed_as_lost(story: Story, orchestrate: Callable[..., Any]) -> None:
    story.write()

    ran = orchestrate("sessions")

    assert f"lost its coordinator (orchestrate resume {story.folder.id})" in ran.out
    assert "Add input validation" in ran.out


def test_a_running_session_is_listed_with_its_pid(story: Story, orchestrate: Callable[..., Any]) -> None:
    story.write()

    with hold_session_lock(story.folder):
        ran = orchestrate("sessions", "--json")

    (row,) = json.loads(ran.out)
    assert row["standing"].startswith("running (pid ")


def test_a_closed_session_is_listed_with_its_outcome(story: Story, orchestrate: Callable[..., Any]) -> None:
    story.take(entries.SessionClosed(Outcome.NEEDS_PERSON, "two concerns"))
    story.write()

    assert "needs a person" in orchestrate("sessions").out
