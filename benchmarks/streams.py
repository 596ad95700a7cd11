"""How fast raw lines become journal entries, and how soon after their write, beside the parts they are made of.

Run it with ``python -m benchmarks.streams`` from the checkout; on a quiet machine of two cores it takes a minute.
"""

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import anyio
from pydantic_core import from_json

from orchestrator.files.tailing import FileTail, file_changes
from orchestrator.journal.writer import Journal
from orchestrator.models.entries import AgentOutput
from orchestrator.models.events import AgentEvent, EventType, Said
from orchestrator.models.identity import AgentName, WorkerId
from orchestrator.wire.lines import Line
from orchestrator.wire.records import decode_line

AT = datetime(2026, 11, 21, 17, 58, 11, tzinfo=UTC)
ROUNDS = 3
LINES_A_SECOND = 100
MEASURED_S = 4.0
WRITER = """
import os, sys, time
folder, count, rate, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])
files = [os.open(f"{folder}/{n}.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600) for n in range(count)]
pad = "x" * 860
print("ready", flush=True); sys.stdin.readline()
begin = time.monotonic(); n = 0; gap = 1 / (rate * count)
while n < rate * count * seconds:
    wait = begin + n * gap - time.monotonic()
    if wait > 0: time.sleep(wait)
    os.write(files[n % count], b'{"t":%d,"type":"text","text":"%s"}\\n' % (time.monotonic_ns(), pad.encode()))
    n += 1
"""


def main() -> None:
    print(f"lines/s, one core, best of {ROUNDS}\n")
    print(f"{'figure':<52} {'ours':>10} {'goal':>10}  limit, in the same run")
    for name, lengths, count, goal in (
        ("mixed, 3.2 KB", mixed(), 40_000, 110_000),
        ("small, 251 B", [251], 300_000, 900_000),
    ):
        throughput(name, lengths, count, goal)
    print("\nwrite to journalled event, milliseconds; 900-byte lines, 100 a second and file\n")
    print(f"{'figure':<34} {'p50':>8} {'p99':>8} {'max':>8} {'CPU %':>6}  goal")
    for files in (1, 10, 50):
        latency(f"inotify, {files} files", files, "inotify", "p50 0.2, p99 2")
        latency("  limit: read alone, no journal", files, "inotify", "-", is_journalled=False)
    for files in (1, 50):
        latency(f"watchfiles, {files} files", files, "watchfiles", "p99 25")
    print()
    for watcher in ("inotify", "watchfiles"):
        busy = anyio.run(idle, watcher)
        print(f"idle, three silent files, {watcher:<12} {busy:.3f} % of a core   goal 0.5")
    print(f"largest memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB")


def mixed() -> Sequence[int]:
    """Line lengths like those recorded from the three CLIs: half under 925 bytes, a tenth over 10 KB."""
    chance = random.Random(7)
    return [min(22_000, max(177, int(chance.lognormvariate(6.9, 1.5)))) for _ in range(2000)]


def throughput(name: str, lengths: Sequence[int], count: int, goal: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "raw.jsonl"
        lines = [record(n, lengths[n % len(lengths)]) for n in range(min(count, 2000))]
        with path.open("wb") as file:
            for n in range(count):
                file.write(lines[n % len(lines)])
        size_mb = path.stat().st_size / 1e6
        plain = best(count, lambda: split_only(path))
        tailed = best(count, lambda: each_batch(path, lambda _: None))
        row(f"{name}: tail (frame, hash)", tailed, None, "read and split", plain)
        decoded = best(count, lambda: each_batch(path, decode_plainly))
        written = best(count, lambda: decode_and_write(path))
        row(f"{name}: tail, decode, write lines", written, goal, "tail and bare from_json", decoded)
        journalled = best(count, lambda: decode_and_journal(path))
        row(f"{name}: tail, decode, journal entry each", journalled, None, "tail alone", tailed)
        print(f"{'':<52} ({size_mb:.0f} MB, {size_mb * 1e6 / count:.0f} bytes a line)")


def row(name: str, ours: float, goal: int | None, limit_name: str, limit: float) -> None:
    wanted = f"{goal:,}" if goal is not None else "-"
    print(f"{name:<52} {ours:>10,.0f} {wanted:>10}  {limit_name}: {limit:,.0f} ({ours / limit:.2f} of it)")


def best(count: int, work: Callable[[], None]) -> float:
    rates = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        work()
        rates.append(count / (time.perf_counter() - started))
    return max(rates)


def record(n: int, length: int) -> bytes:
    content = [{"type": "text", "text": ""}]
    head = {"type": "assistant", "n": n, "message": {"id": f"msg_{n}", "content": content}}
    bare = len(json.dumps(head)) + 1
    words = "The form now refuses an empty name, \\ and says so. "
    content[0]["text"] = (words * (length // 40 + 1))[: max(0, length - bare - length // 50)]
    return json.dumps(head).encode() + b"\n"


def split_only(path: Path) -> None:
    with path.open("rb") as file:
        while chunk := file.read(1024 * 1024):
            chunk.split(b"\n")


def each_batch(path: Path, take: Callable[[Sequence[Line]], None]) -> None:
    tail = FileTail(path)
    while lines := tail.read():
        take(lines)


def decode_plainly(lines: Sequence[Line]) -> None:
    for line in lines:
        from_json(line.data or b"0")


def decode_and_write(path: Path) -> None:
    descriptor = os.open(path.with_name("journal.jsonl"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)

    def take(lines: Sequence[Line]) -> None:
        kept = []
        for line in lines:
            if line.data is not None and decode_line(line.data, "stdout"):
                kept.append(line.data)
        kept.append(b"")
        os.write(descriptor, b"\n".join(kept))

    each_batch(path, take)
    os.close(descriptor)


def decode_and_journal(path: Path) -> None:
    journal_file = path.with_name("journal.jsonl")
    journal_file.unlink(missing_ok=True)
    with Journal(journal_file) as journal:
        each_batch(path, lambda lines: journal_lines(journal, lines))


def journal_lines(journal: Journal, lines: Sequence[Line]) -> None:
    worker = WorkerId("claude")
    event = AgentEvent(type=EventType.PROGRESS, agent=AgentName("claude"), timestamp=AT, payload=Said("It says so."))
    bodies = []
    for line in lines:
        if line.data is not None and decode_line(line.data, "stdout"):
            bodies.append(AgentOutput(worker, 1, "stdout", line.start, line.end, (event,)))
    journal.append_many(bodies, AT)


def latency(name: str, files: int, watcher: str, goal: str, *, is_journalled: bool = True) -> None:
    times, busy = anyio.run(measure_latency, files, watcher, is_journalled)
    times.sort()
    figures = [times[len(times) // 2], times[int(len(times) * 0.99)], times[-1]]
    p50, p99, most = (f"{figure / 1e6:>8.3f}" for figure in figures)
    print(f"{name:<34} {p50} {p99} {most} {busy:>6.1f}  {goal}")


async def measure_latency(files: int, watcher: str, is_journalled: bool) -> tuple[list[int], float]:
    """Nanoseconds from each write to the return of the append, and our share of a core in percent."""
    os.environ["ORCHESTRATOR_WATCHER"] = watcher
    expected = int(files * LINES_A_SECOND * MEASURED_S)
    times: list[int] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        arguments = (WRITER, name, str(files), str(LINES_A_SECOND), str(MEASURED_S))
        async with (
            await anyio.open_process([sys.executable, "-c", *arguments], stdin=subprocess.PIPE) as writer,
            file_changes([folder], ignored=["journal.jsonl"]) as changes,
        ):
            assert writer.stdin is not None
            assert writer.stdout is not None
            await writer.stdout.receive()
            tails = {folder / f"{n}.jsonl": FileTail(folder / f"{n}.jsonl") for n in range(files)}
            await writer.stdin.send(b"go\n")
            cpu, began = time.process_time(), time.perf_counter()
            with Journal(folder / "journal.jsonl") as journal, anyio.fail_after(MEASURED_S * 5):
                while len(times) < expected:
                    names = await anext(changes)
                    for path in tails if names is None else names:
                        lines = tails[path].read()
                        if is_journalled:
                            journal_lines(journal, lines)
                        now = time.monotonic_ns()
                        times += [now - int(line.data[5 : line.data.index(b",")]) for line in lines if line.data]
            busy = (time.process_time() - cpu) / (time.perf_counter() - began) * 100
    # The first tenth warms up.
    return times[expected // 10 :], busy


async def idle(watcher: str) -> float:
    os.environ["ORCHESTRATOR_WATCHER"] = watcher
    with tempfile.TemporaryDirectory() as name:
        for n in range(3):
            (Path(name) / f"{n}.jsonl").touch()
        async with file_changes([Path(name)]) as changes:
            with anyio.move_on_after(0.5):
                while True:
                    await anext(changes)
            cpu, began = time.process_time(), time.perf_counter()
            with anyio.move_on_after(3):
                while True:
                    await anext(changes)
            return (time.process_time() - cpu) / (time.perf_counter() - began) * 100


if __name__ == "__main__":
    main()
