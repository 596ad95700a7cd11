from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from orchestrator.journal.locking import hold_session_lock
from orchestrator.models import entries
from orchestrator.models.effects import Outcome

if TYPE_CHECKING:
    from tests.cli.conftest import Story


def test_stopping_what_has_ended_is_no_error(story: Story, orchestrate: Callable[..., Any]) -> None:
    story.take(entries.SessionClosed(Outcome.DONE, "all well"))
    story.write()

    ran = orchestrate("stop", "--session", story.folder.id)

    assert ran.code == 0
    assert "done" in ran.out


def test_stop_waits_for_the_end(story: Story, orchestrate: Callable[..., Any]) -> None:
    """A stand-in for the coordinator closes the session when the command has come."""
    story.write()

    def close_when_told() -> None:
        with hold_session_lock(story.folder):
            holding.set()
            while not story.dropped():
                done.wait(0.01)
            story.take(entries.SessionClosed(Outcome.INTERRUPTED, "stopped"))
            story.write()
            done.wait(10)

    holding, done = threading.Event(), threading.Event()
    coordinator = threading.Thread(target=close_when_told)
    coordinator.start()
    try:
        assert holding.wait(10)
        ran = orchestrate("stop", "--wait", "10s")
    finally:
        done.set()
        coordinator.join()

    assert ran.code == 0, ran.err
    assert "has ended" in ran.out


def test_a_session_that_lost_its_coordinator_is_stopped_too(story: Story, orchestrate: Callable[..., Any]) -> None:
    story.write()

    ran = orchestrate("stop")

    assert ran.code == 0
    assert "has lost its coordinator" in ran.out
    assert f"orchestrate resume {story.folder.id}" in ran.out
