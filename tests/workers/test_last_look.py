"""Whatever is done to a worker, in whatever order: once its end is proven, nothing of it writes any more."""

from __future__ import annotations

import os
import random
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress

import pytest

from orchestrator.models.identity import WorkerId
from orchestrator.shim.processes import descendants, process_table, send_signal, start_ticks
from orchestrator.workers.crew import Crew
from tests.workers.conftest import Stage, is_alive

pytestmark = pytest.mark.slow

W = WorkerId("w1")
WRITES = """
import os, signal, time
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
def write(name):
    count = 0
    while True:
        count += 1
        with open(name, "w") as file:
            file.write(str(count))
        time.sleep(0.001)
for name in ("plain", "session", "double"):
    if os.fork() == 0:
        if name != "plain":
            os.setsid()
        if name == "double" and os.fork():
            os._exit(0)
        write(name)
write("agent")
"""
"""An agent of which four processes write for ever and ignore whatever can be ignored."""
WRITERS = ("agent", "plain", "session", "double")
MOST_STEPS = 5


def look(stage: Stage) -> Mapping[str, tuple[int, bytes]]:
    """What lies in the target, as a measurement sees it."""
    files = sorted(path for path in stage.target.rglob("*") if path.is_file())
    return {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def kill_one(shim: int, chance: random.Random) -> None:
    """SIGKILL one process below the shim."""
    below = [row for row in descendants(shim, process_table()) if not row.is_dead]
    if below:
        row = chance.choice(below)
        send_signal(row.pid, row.start_ticks, signal.SIGKILL)


def kill_shim(shim: int, started: int) -> None:
    with suppress(ProcessLookupError):
        send_signal(shim, started, signal.SIGKILL)


def steps(crew: Crew, shim: int, chance: random.Random) -> Mapping[str, Callable[[], object]]:
    """What may be done to a worker while it writes."""
    started = start_ticks(shim)
    return {
        "freeze": lambda: crew.freeze(W),
        "thaw": lambda: crew.thaw(W),
        "stop": lambda: crew.stop(W, because="it is to stop"),
        "kill one": lambda: kill_one(shim, chance),
        "kill": lambda: crew.kill(W),
        "kill its shim": lambda: kill_shim(shim, started),
    }


@pytest.mark.parametrize("seed", range(6))
async def test_nothing_is_written_after_the_end_is_proven(stage: Stage, seed: int) -> None:
    chance = random.Random(f"{stage.backend} {seed}")
    crew = stage.crew()
    shim = stage.start(crew, os.path.realpath(sys.executable), "-c", WRITES).shim.pid
    stage.until(lambda: all((stage.target / name).exists() for name in WRITERS))
    tree = [(row.pid, row.start_ticks) for row in descendants(shim, process_table())]
    possible = steps(crew, shim, chance)
    done = [chance.choice(list(possible)) for _ in range(chance.randrange(MOST_STEPS))]
    done.append(chance.choice(["kill", "kill its shim"]))
    for name in done:
        possible[name]()
    ended = await stage.ended(crew)
    first = look(stage)
    alive = [pid for pid, started in tree if is_alive(pid) and start_ticks(pid) == started]
    assert alive == [] or ended.proof == "none", done
    assert look(stage) == first or ended.proof == "none", done
    if stage.backend == "bubblewrap":
        assert ended.proof == "empty pid namespace", done
