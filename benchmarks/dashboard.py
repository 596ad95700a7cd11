"""What many viewers cost, and whom: 500 clients at 1,000 events a second, the coordinator's latency with and without.

Run it with ``python -m benchmarks.dashboard`` from the checkout (``--clients N``, ``--rate N``, ``--seconds N``).  Each
row starts afresh: a writer plays the agents, a coordinator tails, journals and folds what it writes, a dashboard
follows the journal, clients read its stream.  The dashboard is tried in three places: as a process of its own (what the
program does), in a thread of the coordinator, and on its event loop.

CPU and MiB are those of the process the dashboard is in, memory without what it shares with others.  The clients'
milliseconds are those of the oldest entry of what one reads at once, which has waited for a whole tick.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import anyio
import anyio.to_thread
import psutil

from orchestrator.files.tailing import FileTail, file_changes
from orchestrator.journal.folder import SessionFolder, create_session
from orchestrator.journal.session_lock import hold_session_lock
from orchestrator.journal.writer import Journal
from orchestrator.models.effects import EffectId, StartWorker
from orchestrator.models.entries import (
    AgentOutput,
    Input,
    SessionOpened,
    Wanted,
    WorkerStarted,
    as_derived,
)
from orchestrator.models.events import AgentEvent, EventType, Said
from orchestrator.models.identity import AgentName, ProcessIdentity, WorkerId
from orchestrator.models.options import FoundAgent, SessionOptions
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.prompts import load_templates
from orchestrator.review_engine.decision_policies import STANDARD
from orchestrator.server.server_process import Dashboard, Place, bind
from orchestrator.session.fold import step
from orchestrator.session.state import Session
from orchestrator.wire.lines import Line

GOAL_CPU, GOAL_P99_MS, GOAL_LATENCY = 20, 80, 1.2
PEER = "sse-starlette and fastapi.sse: 62,000-64,000 deliveries/s from a whole core; at 500 clients they starve"
WORKER, AGENT = WorkerId("gemini"), AgentName("gemini")
WARM_UP_S = 1.5
WRITER = """
import os, sys, time
path, rate, seconds = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
sys.stdin.readline()
begin = time.monotonic(); n = 0
while n < rate * seconds:
    wait = begin + n / rate - time.monotonic()
    if wait > 0: time.sleep(wait)
    os.write(file, b'%d %s\\n' % (time.monotonic_ns(), b'x' * 80))
    n += 1
"""


def main() -> None:
    options = arguments()
    if options.role == "coordinator":
        anyio.run(coordinate, options)
    elif options.role == "dashboard":
        anyio.run(serve_alone, Path(options.workspace))
    elif options.role == "clients":
        asyncio.run(watch(options))
    else:
        compare(options)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=500)
    parser.add_argument("--rate", type=float, default=1000)
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--place", choices=["none", "process", "thread", "loop"], default="none")
    parser.add_argument("--role", help=argparse.SUPPRESS)
    parser.add_argument("--workspace", help=argparse.SUPPRESS)
    parser.add_argument("--address", help=argparse.SUPPRESS)
    return parser.parse_args()


def compare(options: argparse.Namespace) -> None:
    print(f"{options.rate:.0f} events/s for {options.seconds:.0f} s, one dashboard, load {os.getloadavg()[0]:.0f}\n")
    names = ("deliveries/s", "slowest", "CPU %", "MiB", "p50 ms", "p99 ms", "coordinator p50", "p99 ms", "of none")
    print(f"{'dashboard':<10}{'clients':>8}", *(f"{name:>12}" for name in names))
    many = options.clients
    alone: float | None = None
    rows = [("none", 0), ("process", 1), ("process", 50), ("process", many), ("thread", many), ("loop", many)]
    for place, clients in rows:
        row = run(place, clients, options)
        alone = alone or row["journalled_p50"]
        seen = [row.get(name) for name in ("delivered", "slowest", "cpu", "memory_mib", "p50", "p99")]
        cells = ["-" if value is None else f"{value:,.0f}" for value in seen]
        own = [f"{row['journalled_p50']:.2f}", f"{row['journalled_p99']:.2f}", f"{row['journalled_p50'] / alone:.2f}"]
        print(f"{place:<10}{clients:>8}", *(f"{cell:>12}" for cell in (*cells, *own)))
    print(
        f"\ngoal: every client gets {options.rate:.0f}/s, at most {GOAL_CPU} % of a core, p99 at most {GOAL_P99_MS} ms,"
    )
    print(f"the coordinator's p50 at most {GOAL_LATENCY} times that without a dashboard")
    print(f"peer: {PEER}")


def run(place: str, clients: int, options: argparse.Namespace) -> dict[str, float]:
    """One row; every part is a process of its own but for the dashboard where it is not to be."""
    with tempfile.TemporaryDirectory() as folder:
        common = ["--workspace", folder, "--rate", str(options.rate), "--seconds", str(options.seconds)]
        coordinator = start("coordinator", *common, "--place", place)
        dashboard = start("dashboard", *common) if place == "process" else None
        try:
            told = json.loads(line_of(coordinator))
            address = told["address"] if place in ("thread", "loop") else line_of(dashboard) if dashboard else ""
            server = psutil.Process((dashboard or coordinator).pid)
            seen: dict[str, float] = {}
            if clients:
                viewers = start("clients", *common, "--address", address, "--clients", str(clients))
                assert line_of(viewers) == "ready"
            begun = cpu_of(server)
            say(coordinator, "go")
            measured = json.loads(line_of(coordinator))
            if clients:
                seen = json.loads(line_of(viewers))
                viewers.wait()
                seen["cpu"] = (cpu_of(server) - begun) / options.seconds * 100
                seen["memory_mib"] = server.memory_full_info().uss / 2**20
            return {**measured, **seen}
        finally:
            for process in filter(None, (coordinator, dashboard)):
                process.terminate()
                process.wait()


def start(role: str, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "benchmarks.dashboard", "--role", role, *more]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def say(process: subprocess.Popen[str], word: str) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{word}\n")
    process.stdin.flush()


def cpu_of(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


# The coordinator: tail, journal, fold


async def coordinate(options: argparse.Namespace) -> None:
    workspace = Path(options.workspace)
    folder = create_session(workspace, datetime.now(UTC), "7f3a")
    raw = folder.raw_stdout(WORKER)
    raw.touch()
    with hold_session_lock(folder):
        journal = Journal(folder.journal_file)
        session = open_session(journal, workspace, folder.path)
        async with anyio.create_task_group() as tasks:
            address = ""
            if options.place in ("thread", "loop"):
                dashboard, address = make_dashboard(workspace)
                if options.place == "loop":
                    tasks.start_soon(dashboard.serve)
                else:
                    threading.Thread(target=lambda: anyio.run(dashboard.serve), daemon=True).start()
            print(json.dumps({"address": address}), flush=True)
            await anyio.to_thread.run_sync(sys.stdin.readline)
            writer = subprocess.Popen(  # noqa: ASYNC220 - before anything is measured
                [sys.executable, "-c", WRITER, str(raw), str(options.rate), str(options.seconds)], stdin=subprocess.PIPE
            )
            latencies = await take(journal, session, raw, writer=writer, count=int(options.rate * options.seconds))
            writer.wait()
            p50, p99 = quantiles(latencies)
            print(json.dumps({"journalled_p50": p50, "journalled_p99": p99}), flush=True)
            await anyio.sleep_forever()


async def take(
    journal: Journal, session: Session, raw: Path, *, writer: subprocess.Popen[bytes], count: int
) -> list[float]:
    """Milliseconds from each line's write to its entry being journalled and folded."""
    tail = FileTail(raw)
    latencies: list[float] = []
    async with file_changes([raw.parent], ignored={"journal.jsonl"}) as changes:
        assert writer.stdin is not None
        writer.stdin.write(b"go\n")
        writer.stdin.flush()
        async for _ in changes:
            while lines := tail.read():
                for entry in journal.append_many([output_of(line) for line in lines], datetime.now(UTC)):
                    session, _effects = step(session, entry)
                now = time.monotonic_ns()
                latencies += [(now - int((line.data or b"0").split()[0])) / 1e6 for line in lines]
            if len(latencies) >= count:
                return latencies
    return latencies


def output_of(line: Line) -> AgentOutput:
    said = AgentEvent(EventType.PROGRESS, AGENT, datetime.now(UTC), Said((line.data or b"").decode()))
    return AgentOutput(WORKER, 1, "stdout", line.start, line.end, (said,))


def open_session(journal: Journal, workspace: Path, folder: Path) -> Session:
    session: Session | None = None
    effects: list[tuple[EffectId, Wanted]] = []

    def take_in(*bodies: Input) -> Session:
        nonlocal session
        for entry in journal.append_many(bodies, datetime.now(UTC)):
            session, wanted = step(session, entry)
            effects.extend((EffectId(entry.n, index), effect) for index, effect in enumerate(wanted))
        assert session is not None
        return session

    options = SessionOptions(
        task="a benchmark",
        target=workspace,
        session_dir=folder,
        agents=(AGENT,),
        policy=STANDARD,
        sandbox=SandboxConfig(name="default"),
        sandbox_backend="none",
        templates=load_templates(None),
    )
    take_in(SessionOpened(SessionFolder(folder).id, options, (FoundAgent(AGENT, usable=True),)))
    assert session is not None
    derived = [as_derived(name, one, format_=session.format) for name, one in effects]
    for entry in journal.append_many(derived, datetime.now(UTC)):
        session, _ = step(session, entry)
    name = next(name for name, effect in effects if isinstance(effect, StartWorker))
    return take_in(WorkerStarted(WORKER, 1, ("cli",), ProcessIdentity(os.getpid(), 1), "none", name))


def quantiles(values: Sequence[float]) -> tuple[float, float]:
    ordered = sorted(values) or [float("nan")]
    return ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)]


# The dashboard and its clients


def make_dashboard(workspace: Path) -> tuple[Dashboard, str]:
    place = Place(workspace, port=0)
    dashboard = Dashboard(place, bind(place))
    return dashboard, dashboard.address.url


async def serve_alone(workspace: Path) -> None:
    dashboard, address = make_dashboard(workspace)
    print(address, flush=True)
    await dashboard.serve()


class Viewer(asyncio.Protocol):
    """Counts what one client is told, and how late."""

    def __init__(self, request: bytes, lateness: list[float]) -> None:
        self.told = 0
        self._request = request
        self._lateness = lateness
        self.is_told = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self.told += data.count(b"event: entry")
        if not self.is_told.done() and b'"whole":true' in data:
            self.is_told.set_result(None)
        # The oldest entry of a chunk has waited longest.
        if found := re.search(rb'"text":"(\d+) ', data[:1000]):
            self._lateness.append((time.monotonic_ns() - int(found[1])) / 1e6)


async def watch(options: argparse.Namespace) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard if soft < hard else soft, hard))
    base, _, token = options.address.partition("/?token=")
    port = int(base.rpartition(":")[2])
    request = f"GET /api/events/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    lateness: list[float] = []
    loop = asyncio.get_running_loop()
    viewers = [
        (await loop.create_connection(lambda: Viewer(request, lateness), "127.0.0.1", port))[1]
        for _ in range(options.clients)
    ]
    await asyncio.gather(*(viewer.is_told for viewer in viewers))
    await asyncio.sleep(WARM_UP_S)
    before = [viewer.told for viewer in viewers]
    lateness.clear()
    print("ready", flush=True)
    await asyncio.sleep(options.seconds + 0.5)
    told = [viewer.told - earlier for viewer, earlier in zip(viewers, before, strict=True)]
    p50, p99 = quantiles(lateness)
    rates = {"delivered": sum(told) / options.seconds, "slowest": min(told) / options.seconds}
    print(json.dumps({**rates, "p50": p50, "p99": p99}), flush=True)


if __name__ == "__main__":
    main()
