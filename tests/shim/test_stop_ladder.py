"""Freezing and ending trees that do not want to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import pytest

from orchestrator.models.identity import WorkerId
from orchestrator.models.launch import StopStep

if TYPE_CHECKING:
    from tests.workers.conftest import Stage

W = WorkerId("w1")
ESCAPEES = ("grandchild", "plain", "grandchild", "setsid", "grandchild", "double", "grandchild", "stopped")
SHORT = (StopStep("TERM", 0.2),)


async def test_a_graceful_stop_reaches_the_agent_itself_and_its_exit_code_comes_through(stage: Stage) -> None:
    crew = stage.crew()
    stage.start(crew, "on-term", "3", "hang")
    stage.wait_said("ready")
    crew.stop(W, because="a test")
    record = await stage.ended(crew)
    assert "caught 15" in stage.said()
    assert (record.code, record.stopped_by, record.proof) == (3, "stop", stage.proof)
    assert "a test" in record.note


async def test_the_ladder_is_climbed_down_step_by_step(stage: Stage) -> None:
    crew = stage.crew()
    stage.start(crew, "on-term", "4", "python", "import signal; signal.signal(15, signal.SIG_IGN)", "hang",
                ladder=(StopStep("TERM", 0.2), StopStep("INT", 60.0)))  # fmt: skip
    stage.wait_said("ready")
    crew.stop(W, because="a test")
    record = await stage.ended(crew)
    assert "caught 2" in stage.said()
    assert record.code == 4


@pytest.mark.slow
async def test_a_stop_ends_what_ignores_signals_and_what_has_escaped(stage: Stage) -> None:
    crew = stage.crew()
    started = stage.start(crew, "ignore-term", *ESCAPEES, "hang", ladder=SHORT)
    tree = stage.escaped(started.shim.pid)
    crew.stop(W, because="a test")
    record = await stage.ended(crew)
    assert [pid for pid in tree if stage.is_alive(pid)] == []
    assert (record.stopped_by, record.proof) == ("stop", stage.proof)


async def test_a_kill_ends_the_tree_at_once(stage: Stage) -> None:
    crew = stage.crew()
    started = stage.start(crew, "ignore-term", *ESCAPEES, "hang", ladder=(StopStep("TERM", 60.0),))
    tree = stage.escaped(started.shim.pid)
    crew.kill(W)
    record = await stage.ended(crew)
    assert [pid for pid in tree if stage.is_alive(pid)] == []
    assert record.proof == stage.proof


def size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


async def stands_still(path: Path) -> bool:
    """Whether a file that gets a byte every millisecond or two does not grow while we watch."""
    before = size(path)
    await anyio.sleep(0.5)
    return size(path) == before


@pytest.mark.slow
@pytest.mark.parametrize("how", ["count", "fork"])
async def test_a_frozen_tree_stands_still_and_a_thawed_one_goes_on(stage: Stage, how: str) -> None:
    crew = stage.crew()
    counter = stage.target / "counter"
    words = ("count", str(counter)) if how == "count" else ("fork", str(counter), "hang")
    started = stage.start(crew, *words)
    stage.wait_said("ready")
    stage.until(lambda: size(counter) > 5)
    record = stage.layout.workers_dir / "w1.1.json"
    crew.freeze(W)
    stage.until(lambda: json.loads(record.read_text())["frozen"])
    assert await stands_still(counter)
    held = size(counter)
    crew.thaw(W)
    stage.until(lambda: not json.loads(record.read_text())["frozen"])
    stage.until(lambda: size(counter) > held)
    assert json.loads(record.read_text())["commands_done"] == 2
    crew.freeze(W)
    stage.until(lambda: json.loads(record.read_text())["frozen"])
    crew.kill(W)
    await stage.ended(crew)
    assert not stage.is_alive(started.shim.pid)


async def test_a_frozen_worker_runs_nothing_more_when_it_is_stopped(stage: Stage) -> None:
    crew = stage.crew()
    counter = stage.target / "counter"
    stage.start(crew, "on-term", "3", "count", str(counter))
    stage.wait_said("ready")
    stage.until(lambda: size(counter) > 5)
    record = stage.layout.workers_dir / "w1.1.json"
    crew.freeze(W)
    stage.until(lambda: json.loads(record.read_text())["frozen"])
    stood = size(counter)
    crew.stop(W, because="a test")
    ended = await stage.ended(crew)
    assert size(counter) == stood
    assert "caught 15" not in stage.said()
    assert (ended.stopped_by, ended.proof) == ("stop", stage.proof)
    assert "ended as it stood" in ended.note


async def test_a_worker_that_runs_on_is_stopped_gracefully(stage: Stage) -> None:
    crew = stage.crew()
    stage.start(crew, "on-term", "3", "hang")
    stage.wait_said("ready")
    crew.freeze(W)
    crew.thaw(W)
    crew.stop(W, because="a test")
    assert (await stage.ended(crew)).code == 3
