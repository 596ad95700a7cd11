from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from orchestrator.journal.session_lock import hold_session_lock, session_holder
from orchestrator.models import entries
from orchestrator.models.effects import Outcome
from orchestrator.models.entries import Command
from tests.workers.conftest import is_alive, until

if TYPE_CHECKING:
    from tests.cli.conftest import Story


def test_stopping_what_has_ended_is_no_error(story: Story, orchestrate: Callable[..., Any]) -> None:
    story.take(entries.SessionClosed(Outcome.DONE, "all well"))
    story.write()

    ran = orchestrate("stop", "--session", story.folder.id)

    assert ran.code == 0
    assert "done" in ran.out


@pytest.mark.parametrize(
    ("flags", "command"),
    [pytest.param((), Command.STOP, id="stop"), pytest.param(("--kill",), Command.KILL, id="kill")],
)
def test_stop_waits_for_the_end(
    story: Story, orchestrate: Callable[..., Any], flags: tuple[str, ...], command: Command
) -> None:
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
        ran = orchestrate("stop", "--wait", "10s", *flags)
    finally:
        done.set()
        coordinator.join()

    assert ran.code == 0, ran.err
    assert "has ended" in ran.out
    assert [dropped.command for dropped in story.dropped()] == [command]


def test_a_session_that_lost_its_coordinator_is_stopped_too(story: Story, orchestrate: Callable[..., Any]) -> None:
    story.write()

    ran = orchestrate("stop")

    assert ran.code == 0
    assert "has lost its coordinator" in ran.out
    assert f"orchestrate resume {story.folder.id}" in ran.out


def test_no_worker_of_a_session_without_a_coordinator_is_stopped_alone(
    story: Story, orchestrate: Callable[..., Any]
) -> None:
    story.write()

    assert orchestrate("stop", "claude", "--session", story.folder.id).code == 1
    assert orchestrate("stop", "claude").code != 0


@pytest.mark.slow
def test_what_still_runs_of_it_is_named_until_it_has_ended(
    story: Story, orchestrate: Callable[..., Any], tmp_path: Path
) -> None:
    story.write()
    (tmp_path / "target").mkdir()
    root = Path(__file__).resolve().parents[2]
    program = root / "tests" / "coordinator" / "abandoning.py"
    words = [word for kind in ("plain", "setsid", "double", "stopped") for word in ("grandchild", kind)]
    with subprocess.Popen(
        [sys.executable, program, story.folder.path, "none", "ignore-term", *words, "hang"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(root)},
    ) as coordinator:
        assert coordinator.stdout is not None
        shim = int(coordinator.stdout.readline())
        coordinator.stdout.readline()
        coordinator.kill()
    until(lambda: session_holder(story.folder) is None)

    asked = orchestrate("stop", "--wait", "0.1s")
    killed = orchestrate("stop", "--kill", "--wait", "4s")

    assert asked.code == 1
    assert "told to stop, and not ended yet: w1" in asked.out
    assert killed.code == 0
    assert f"ended {story.folder.id}: w1.1" in killed.out
    assert not is_alive(shim)
