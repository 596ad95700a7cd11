"""How soon after the line of a blocker its whole tree stands still, through a real coordinator, shim and sandbox.

The worker is a program that reports a blocker and then, in four processes, writes down the time again and again: the
last time each of them wrote is when it was stopped.  Run it from the checkout: ``python -m benchmarks.freeze [runs]``.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import anyio

from benchmarks.crowd import SILENT, Crowd
from orchestrator.journal.writer import Journal
from orchestrator.models.effects import FreezeWorker
from orchestrator.models.entries import EffectIntended, JournalEntry
from orchestrator.models.launch import LaunchSpec
from orchestrator.sandbox.proof import prove_backend
from orchestrator.session.state import Session
from orchestrator.workers.attempts import AttemptFiles, read_record

GOAL_MS = 50.0
PROGRAM = r"""
import json, os, sys, time
first = os.getpid()
os.fork(); os.fork()
here = os.open(f"{sys.argv[1]}/{os.getpid()}", os.O_WRONLY | os.O_CREAT)
os.pwrite(here, b"%020d" % time.monotonic_ns(), 0)
if os.getpid() == first:
    os.chdir(sys.argv[1])
    while sum(name.isdecimal() and os.path.getsize(name) > 0 for name in os.listdir()) < 4: time.sleep(0.01)
    time.sleep(0.1)
    report = json.dumps({"type": "blocker", "payload": {"text": "cannot go on"}})
    message = {"id": "m", "content": [{"type": "text", "text": report}]}
    line = json.dumps({"type": "assistant", "message": message}).encode() + b"\n"
    with open(sys.argv[1] + "/said", "wb") as file: file.write(b"%d" % time.monotonic_ns())
    os.write(1, line)
for _ in range(100_000):
    os.pwrite(here, b"%020d" % time.monotonic_ns(), 0)
    time.sleep(0.0002)
"""


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    backends = ["none", *(["bubblewrap"] if prove_backend(SILENT, os.environ).works else [])]
    print(f"a blocker's line in the file to a frozen tree of four processes, milliseconds, {runs} runs\n")
    print(f"{'figure':<40}{'p50':>9}{'p99':>9}{'max':>9}  goal")
    for backend in backends:
        figures = [anyio.run(once, backend) for _ in range(runs)]
        row(f"to the decision on record ({backend})", [decided for decided, _ in figures], None)
        row(f"to the frozen tree ({backend})", [frozen for _, frozen in figures], GOAL_MS)


def row(name: str, times: list[float], goal: float | None) -> None:
    times = sorted(times)
    p99 = times[min(len(times) - 1, int(len(times) * 0.99))]
    wanted = "" if goal is None else f"p99 {goal:.0f}: {'reached' if p99 <= goal else 'NOT reached'}"
    print(f"{name:<40}{statistics.median(times):9.2f}{p99:9.2f}{times[-1]:9.2f}  {wanted}")


async def once(backend: str) -> tuple[float, float]:
    """Milliseconds from the line to the decision, and to the last sign of life."""
    decided = 0

    def observe(session: Session, entry: JournalEntry) -> None:
        nonlocal decided
        if isinstance(entry.body, EffectIntended) and isinstance(entry.body.effect, FreezeWorker):
            decided = time.monotonic_ns()

    with tempfile.TemporaryDirectory(prefix="orchestrate-bench-") as name:
        crowd = Crowd(Path(name).resolve(), 1, backend=backend)  # noqa: ASYNC240 - nothing else runs in this loop
        worker = crowd.names[0]
        assignment = crowd.assignment(worker)
        with Journal(crowd.folder.journal_file) as journal:
            coordinator = crowd.coordinator(journal, [observe])
            command = (sys.executable, "-I", "-S", "-c", PROGRAM, str(assignment.scratch))
            spec = LaunchSpec(argv=command, cwd=assignment.target)
            crowd.crew.start(assignment, 1, agent=crowd.agent, spec=spec)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(lambda: coordinator.run(adopted={worker: 1}))
                await wait_frozen(crowd)
                tasks.cancel_scope.cancel()
        said = int((assignment.scratch / "said").read_text())
        last = max(int(path.read_text()) for path in assignment.scratch.iterdir() if path.name.isdecimal())
        crowd.crew.kill(worker)
        with anyio.fail_after(30):
            await crowd.crew.wait_exited(worker)
    return (decided - said) / 1e6, (last - said) / 1e6


async def wait_frozen(crowd: Crowd) -> None:
    """Until the shim has it on record, and a little longer: whoever still runs then would show."""
    worker = crowd.names[0]
    files = AttemptFiles(crowd.folder.workers_dir, crowd.folder.control(worker), worker, 1)
    with anyio.fail_after(15):
        while not ((record := read_record(files)) and record.frozen):  # noqa: ASYNC110 - another process writes it
            await anyio.sleep(0.02)
    await anyio.sleep(0.05)


if __name__ == "__main__":
    os.environ.pop("ORCHESTRATOR_WATCHER", None)
    main()
