"""What a coordinator and its shims hold in memory, with 1, 50 and 200 workers that say something now and then.

Run it from the checkout: ``python -m benchmarks.memory``.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import anyio
import psutil

from benchmarks.crowd import Crowd
from orchestrator.journal.writer import Journal
from orchestrator.models.launch import LaunchSpec

COORDINATOR_GOAL_MIB = 45.0
MANY_GOAL_MIB = 55.0
WORKER_GOAL_MIB = 0.1
SHIM_GOAL_MIB = 10.0
LINE = r"""{"type":"assistant","message":{"id":"m","content":[{"type":"text","text":"at work"}]}}"""
# Sleeps in steps, so that the workers end by themselves if this program is killed.
CHILD = f"for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo '{LINE}'; sleep 5; done"


def main() -> None:
    bare = resident(["-I", "-c", "import time; time.sleep(5)"])
    one, many, most = alone(1), alone(50), alone(200)
    print(f"{'resident memory, MiB':<44}{'ours':>8}{'goal':>8}")
    print(f"{'limit: a bare interpreter':<44}{bare:8.2f}")
    row("coordinator with 1 worker", one[0], COORDINATOR_GOAL_MIB)
    row("coordinator with 50 workers", many[0], COORDINATOR_GOAL_MIB)
    row("coordinator with 200 workers", most[0], MANY_GOAL_MIB)
    row("each further worker", (most[0] - one[0]) / 199, WORKER_GOAL_MIB)
    row("one shim (median)", many[1], SHIM_GOAL_MIB)
    print(f"{'  of that its own, shared with no other':<44}{many[3]:8.2f}")
    print(f"{'modules loaded by the coordinator':<44}{many[4]:8.0f}")
    print(f"{'threads of the coordinator with 50 workers':<44}{many[2]:8.0f}")


def row(name: str, figure: float, goal: float) -> None:
    print(f"{name:<44}{figure:8.2f}{goal:8.1f} {'reached' if figure <= goal else 'NOT reached'}")


def resident(arguments: list[str]) -> float:
    with subprocess.Popen([sys.executable, *arguments]) as process:
        psutil.wait_procs([psutil.Process(process.pid)], timeout=0.5)
        figure = resident_mib(process.pid)
        process.kill()
    return figure


def resident_mib(pid: int) -> float:
    """Pages shared with others counted in full, so this is the most it can be."""
    return float(psutil.Process(pid).memory_info().rss) / 2**20


def alone(count: int) -> list[float]:
    """Measured in a process of its own, so that one figure does not carry the other's garbage."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.memory", str(count)], check=True, stdout=subprocess.PIPE, text=True
    )
    return [float(word) for word in done.stdout.split()]


async def measure(count: int) -> None:
    with tempfile.TemporaryDirectory(prefix="orchestrate-bench-") as name:
        crowd = Crowd(Path(name).resolve(), count)  # noqa: ASYNC240 - nothing else runs in this loop
        crowd.crew.stand_by()  # as every session does
        shims = []
        for worker in crowd.names:
            assignment = crowd.assignment(worker)
            spec = LaunchSpec(argv=("/bin/sh", "-c", CHILD), cwd=assignment.target)
            shims.append(crowd.crew.start(assignment, 1, agent=crowd.agent, spec=spec).shim.pid)
        with Journal(crowd.folder.journal_file) as journal:
            coordinator = crowd.coordinator(journal)
            with anyio.move_on_after(8):
                await coordinator.run(adopted=dict.fromkeys(crowd.names, 1))
            me = psutil.Process()
            own = statistics.median(psutil.Process(shim).memory_full_info().uss / 2**20 for shim in shims)
            shim = statistics.median(map(resident_mib, shims))
            print(resident_mib(me.pid), shim, me.num_threads(), own, len(sys.modules))
            for worker in crowd.names:
                crowd.crew.kill(worker)
            with anyio.fail_after(30):
                for worker in crowd.names:
                    await crowd.crew.wait_exited(worker)
        crowd.crew.release()


if __name__ == "__main__":
    os.environ.pop("ORCHESTRATOR_WATCHER", None)
    if len(sys.argv) > 1:
        anyio.run(measure, int(sys.argv[1]))
    else:
        main()
