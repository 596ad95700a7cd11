"""How many entries a second the journal takes and gives, beside what the file system and the encoder allow.

Run it with ``python -m benchmarks.journal [ENTRIES]`` from the checkout.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from orchestrator.journal.reader import read_journal
from orchestrator.journal.writer import Journal
from orchestrator.models.entries import JOURNAL_ENTRY, AgentOutput, JournalEntry
from orchestrator.models.events import AgentEvent, EventType, Said
from orchestrator.models.identity import AgentName, WorkerId

AT = datetime(2026, 11, 21, 17, 58, 11, tzinfo=UTC)
BATCH = 200
ROUNDS = 5


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    bodies = [body(n) for n in range(count)]
    line = JOURNAL_ENTRY.dump_json(JournalEntry(count, AT, bodies[-1]), exclude_none=True) + b"\n"
    print(f"{count:,} entries of {len(line)} bytes, best of {ROUNDS}; entries a second\n")
    print(f"{'figure':<38} {'ours':>10} {'goal':>10}  limit, in the same run")
    writes = best(lambda path: write_lines(path, line, count))
    joined = best(lambda path: write_lines(path, line * BATCH, count // BATCH)) * BATCH
    encoded = best(lambda path: encode(bodies))
    synced_writes = best(lambda path: write_lines(path, line, count // 50, sync_each=True))
    row("append, one entry a write", best(lambda path: append_each(path, bodies)), None, "one write a line", writes)
    row("append_many, file write alone", joined, 100_000, "one write a line", writes)
    row("append_many, 200 a batch", best(lambda path: append_many(path, bodies)), 100_000, "encoding alone", encoded)
    synced = best(lambda path: append_each(path, bodies[: count // 50], sync_each=True))
    row("append and sync, each", synced, None, "write and fdatasync a line", synced_writes)
    grouped = best(lambda path: append_many(path, bodies, sync_each=True))
    row("append_many and sync, 200 a batch", grouped, 100_000, "encoding alone", encoded)
    with journal_of(bodies) as path:
        row("read", best(lambda _: read_all(path)), None, "decoding alone", best(lambda _: decode(line, count)))


def body(n: int) -> AgentOutput:
    event = AgentEvent(type=EventType.PROGRESS, agent=AgentName("claude"), timestamp=AT, payload=Said("word " * 12))
    return AgentOutput(WorkerId("claude"), 1, "stdout", start=n * 900, end=n * 900 + 900, events=(event,))


def row(name: str, ours: float, goal: int | None, limit_name: str, limit: float) -> None:
    wanted = f"{goal:,}" if goal is not None else "-"
    print(f"{name:<38} {ours:>10,.0f} {wanted:>10}  {limit_name}: {limit:,.0f} ({ours / limit:.2f} of it)")


def best(measured: Callable[[Path], int]) -> float:
    """Units a second of the fastest round; ``measured`` returns how many units it did."""
    rates = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            started = time.perf_counter()
            done = measured(Path(folder) / "journal.jsonl")
            rates.append(done / (time.perf_counter() - started))
    return max(rates)


def write_lines(path: Path, line: bytes, count: int, *, sync_each: bool = False) -> int:
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        for _ in range(count):
            os.write(descriptor, line)
            if sync_each:
                os.fdatasync(descriptor)
    finally:
        os.close(descriptor)
    return count


def append_each(path: Path, bodies: Sequence[AgentOutput], *, sync_each: bool = False) -> int:
    with Journal(path) as journal:
        for each in bodies:
            journal.append(each, AT)
            if sync_each:
                journal.sync()
    return len(bodies)


def append_many(path: Path, bodies: Sequence[AgentOutput], *, sync_each: bool = False) -> int:
    with Journal(path) as journal:
        for start in range(0, len(bodies), BATCH):
            journal.append_many(bodies[start : start + BATCH], AT)
            if sync_each:
                journal.sync()
    return len(bodies)


def encode(bodies: Sequence[AgentOutput]) -> int:
    for n, each in enumerate(bodies):
        JOURNAL_ENTRY.dump_json(JournalEntry(n, AT, each), exclude_none=True)
    return len(bodies)


def decode(line: bytes, count: int) -> int:
    for _ in range(count):
        JOURNAL_ENTRY.validate_json(line)
    return count


def read_all(path: Path) -> int:
    return sum(1 for _ in read_journal(path))


@contextmanager
def journal_of(bodies: Sequence[AgentOutput]) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.jsonl"
        append_many(path, bodies)
        yield path


if __name__ == "__main__":
    main()
