"""How many raw lines a second reach the session, what each stage costs, and how late a line arrives under load.

Every stage is the coordinator's own: tail, decode, translate, redact, journal, fold.
Run it from the checkout: ``python -m benchmarks.pipeline [--profile]``.
"""

from __future__ import annotations

import cProfile
import json
import os
import pstats
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import cycle, islice
from pathlib import Path

import anyio

from benchmarks.crowd import AT, Crowd
from orchestrator.agents.contract import Translation
from orchestrator.coordinator.stream_listeners import Listener
from orchestrator.files.tailing import FileTail
from orchestrator.journal.writer import Journal
from orchestrator.models.entries import AgentOutput, JournalEntry
from orchestrator.models.events import Said
from orchestrator.models.identity import AgentName
from orchestrator.session.fold import fold
from orchestrator.session.state import Session
from orchestrator.wire.records import Noise, RawRecord, decode_line

RECORDINGS = Path(__file__).resolve().parent.parent / "tests" / "recordings"
TROUBLE = {"denied", "failed", "unrecognised"}
"""Recordings of errors make the session act; this is about the ordinary stream."""
ROUNDS = 3
GOALS = {"as recorded": 40_000, "3.2 KB of text": 60_000, "small": 120_000}
LATENCY_GOALS = {50: (0.2, 2.0, 35.0), 200: (None, 10.0, 100.0)}
"""By workers: milliseconds that half of the lines and all but a hundredth may take, and percent of a core."""
LINES_A_SECOND = 100
MEASURED_S = 4.0
WRITER = """
import os, sys, time
folder, count, rate, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])
files = [os.open(f"{folder}/w{n}.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600) for n in range(count)]
pad = "x" * 700
print("ready", flush=True); sys.stdin.readline()
begin = time.monotonic(); n = 0; gap = 1 / (rate * count)
while n < rate * count * seconds:
    wait = begin + n * gap - time.monotonic()
    if wait > 0: time.sleep(wait)
    line = b'{"type":"assistant","message":{"id":"m%d","content":[{"type":"text","text":"%d %s"}]}}\\n'
    os.write(files[n % count], line % (n, time.monotonic_ns(), pad.encode()))
    n += 1
"""


def main() -> None:
    print(f"raw lines to the folded session, lines/s on one core, best of {ROUNDS}; the goal is for 'all, folded'\n")
    head = "".join(f"{name:>11}" for name in ("tail", "+decode", "+translate", "heard", "+journal", "all, folded"))
    print(f"{'lines':<34}{head}  {'limit: decode alone':>20} {'goal':>8}")
    for name, agent, lines in samples():
        throughput(name, agent, lines)
    print(f"\nwrite of a line to the folded entry, milliseconds; {LINES_A_SECOND} lines a second and worker\n")
    print(f"{'workers':<34}{'p50':>9}{'p99':>9}{'max':>9}{'CPU %':>8}  goal")
    for count in (1, 10, 50, 200):
        latency(count)


def samples() -> Iterator[tuple[str, AgentName, list[bytes]]]:
    """Recorded lines of each CLI as they are, then lines of the length of the peers' measurements, and small ones."""
    for folder in sorted(RECORDINGS.glob("*-*")):
        agent, _, version = folder.name.partition("-")
        lines = [line for case in sorted(folder.iterdir()) if is_ordinary(case) for line in lines_of(case)]
        if len(lines) > 100:
            yield f"{agent} {version}, as recorded", AgentName(agent), repeated(lines, 20_000)
    yield "claude, 3.2 KB of text", AgentName("claude"), repeated([said(n, 3_000) for n in range(997)], 20_000)
    yield "claude, small", AgentName("claude"), repeated([said(n, 120) for n in range(997)], 40_000)


def is_ordinary(case: Path) -> bool:
    golden = case / "events.json"
    return golden.is_file() and not any(f'"kind": "{kind}"' in golden.read_text("utf-8") for kind in TROUBLE)


def lines_of(case: Path) -> list[bytes]:
    """The lines of one recording, begun with the rights that this crowd's workers are started with.

    A CLI that begins with others makes the session stop it and ask a person, and so would every fifth of these lines.
    """
    data = re.sub(
        rb'"permissionMode":"[^"]*"', b'"permissionMode":"bypassPermissions"', (case / "stdout.jsonl").read_bytes()
    )
    return [line for line in data.splitlines(keepends=True) if line.endswith(b"\n")]


def repeated(lines: list[bytes], count: int) -> list[bytes]:
    return list(islice(cycle(lines), count))


def said(n: int, length: int) -> bytes:
    text = ("The form now refuses an empty name, \\ and says so. " * (length // 40 + 1))[:length]
    message = {"id": f"msg_{n}", "content": [{"type": "text", "text": text}]}
    return json.dumps({"type": "assistant", "message": message, "session_id": "s"}).encode() + b"\n"


def throughput(name: str, agent: AgentName, lines: list[bytes]) -> None:
    with tempfile.TemporaryDirectory(prefix="orchestrate-bench-") as folder:
        crowd = Crowd(Path(folder), 1, agent=agent)
        raw = crowd.folder.raw_stdout(crowd.names[0])
        raw.write_bytes(b"".join(lines))
        stages: list[Callable[[Crowd], object]] = [tail, decode, translate, hear, journal, everything]
        rates = [best(len(lines), partial(stage, crowd)) for stage in stages]
        goal = next(goal for words, goal in GOALS.items() if words in name)
        whole = f"{goal:,} {'reached' if rates[-1] >= goal else 'NOT reached'}"
        size = raw.stat().st_size / len(lines)
        figures = "".join(f"{rate:>11,.0f}" for rate in rates)
        print(f"{f'{name} ({size:.0f} B)':<34}{figures}  {f'{rates[-1] / rates[1]:.2f} of it':>20} {whole:>8}")
        if "--profile" in sys.argv:
            profile(crowd)


def best(count: int, work: Callable[[], object]) -> float:
    """Lines for each second of CPU time, which is what a core does in a second of its own."""
    rates = []
    for _ in range(ROUNDS):
        began = time.process_time()
        work()
        rates.append(count / (time.process_time() - began))
    return max(rates)


def each_record(crowd: Crowd) -> Iterator[RawRecord | Noise]:
    reading = FileTail(crowd.folder.raw_stdout(crowd.names[0]))
    while lines := reading.read():
        for line in lines:
            yield from decode_line(line.data or b"", "stdout")
    reading.close()


def tail(crowd: Crowd) -> None:
    reading = FileTail(crowd.folder.raw_stdout(crowd.names[0]))
    while reading.read():
        pass
    reading.close()


def decode(crowd: Crowd) -> None:
    for _ in each_record(crowd):
        pass


def translate(crowd: Crowd) -> None:
    state = Translation()
    for record in each_record(crowd):
        state, _ = crowd.agent.translate(state, record, AT)


def hear(crowd: Crowd) -> None:
    for _ in each_hearing(crowd):
        pass


def each_hearing(crowd: Crowd) -> Iterator[list[AgentOutput]]:
    """What the coordinator's own listener makes of the file, a portion at a time."""
    listener: Listener = crowd.listener(crowd.names[0])
    while heard := listener.hear():
        yield [body for body in heard if isinstance(body, AgentOutput)]
    listener.close()


def journal(crowd: Crowd) -> None:
    with fresh_journal(crowd) as writing:
        for heard in each_hearing(crowd):
            writing.append_many(heard, AT)


def everything(crowd: Crowd) -> None:
    session: Session | None = crowd.session()
    with fresh_journal(crowd) as writing:
        for heard in each_hearing(crowd):
            for _, after, _ in fold(session, writing.append_many(heard, AT)):
                session = after


def fresh_journal(crowd: Crowd) -> Journal:
    crowd.folder.journal_file.unlink(missing_ok=True)
    return Journal(crowd.folder.journal_file)


def profile(crowd: Crowd) -> None:
    profiler = cProfile.Profile()
    profiler.runcall(everything, crowd)
    pstats.Stats(profiler).sort_stats("tottime").print_stats(22)


def latency(count: int) -> None:
    times, busy = anyio.run(measure_latency, count)
    times = sorted(times[len(times) // 10 :])  # the first tenth warms up
    p50, p99 = statistics.median(times), times[int(len(times) * 0.99)]
    goal = ""
    if count in LATENCY_GOALS:
        most50, most99, most_busy = LATENCY_GOALS[count]
        reached = (most50 is None or p50 <= most50) and p99 <= most99 and busy <= most_busy
        half = "" if most50 is None else f"p50 {most50:g}, "
        goal = f"{half}p99 {most99:g}, {most_busy:.0f} %: {'reached' if reached else 'NOT reached'}"
    print(f"{count:<34}{p50:9.3f}{p99:9.3f}{times[-1]:9.3f}{busy:8.1f}  {goal}")


async def measure_latency(count: int) -> tuple[list[float], float]:
    """Milliseconds from each write to its folded entry, in the order of arrival; our share of a core in percent."""
    expected = int(count * LINES_A_SECOND * MEASURED_S)
    times: list[float] = []
    with tempfile.TemporaryDirectory(prefix="orchestrate-bench-") as name:
        crowd = Crowd(Path(name), count)
        scope = anyio.CancelScope()

        def observe(session: Session, entry: JournalEntry) -> None:
            if not isinstance(entry.body, AgentOutput):
                return
            now = time.monotonic_ns()
            for event in entry.body.events:
                if isinstance(event.payload, Said):
                    times.append((now - int(event.payload.text.partition(" ")[0])) / 1e6)
            if len(times) >= expected:
                scope.cancel()

        arguments = (str(crowd.folder.path), str(count), str(LINES_A_SECOND), str(MEASURED_S))
        async with await anyio.open_process(
            [sys.executable, "-c", WRITER, *arguments], stdin=subprocess.PIPE
        ) as writer:
            assert writer.stdin is not None
            assert writer.stdout is not None
            await writer.stdout.receive()
            cpu, began = time.process_time(), time.perf_counter()
            with Journal(crowd.folder.journal_file) as writing, scope:
                scope.deadline = anyio.current_time() + MEASURED_S * 10
                coordinator = crowd.coordinator(writing, [observe])
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(coordinator.run)
                    await writer.stdin.send(b"go\n")
            busy = (time.process_time() - cpu) / (time.perf_counter() - began) * 100
    if len(times) < expected:
        print(f"only {len(times)} of {expected} lines arrived", file=sys.stderr)
    return times, busy


if __name__ == "__main__":
    os.environ.pop("ORCHESTRATOR_WATCHER", None)
    main()
