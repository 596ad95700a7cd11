"""Find and end what a lost shim left behind, by the mark that every descendant inherits in its environment.

The last resort where neither a pid namespace nor a control group stood around the worker: a process that cleared its
environment and lost its marked ancestors is not found, so this is no proof.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping

from orchestrator.shim.processes import HAS_PROC, Process, descendants, process_table, send_signal

MARK = "ORCHESTRATE_ATTEMPT"
"""Names the attempt's record in the environment of everything that descends from its agent."""
CLEANUP_WITHIN_S = 5.0


def end_marked(record: str) -> int:
    """Kill all that bears the mark of this attempt, and what descends from it, and see it gone; returns how many."""
    ended: dict[int, Process] = {}
    deadline = time.monotonic() + CLEANUP_WITHIN_S
    while HAS_PROC and time.monotonic() < deadline:
        found = _of_attempt(record, process_table())
        if not found:
            break
        # Held still first: one that forks faster than it is listed would never be caught, and a child that cleared
        # its environment is known by its parent only while that lives.
        for row in found.values():
            send_signal(row.pid, row.start_ticks, signal.SIGSTOP)
        found |= _of_attempt(record, process_table())
        for row in found.values():
            send_signal(row.pid, row.start_ticks, signal.SIGKILL)
            ended[row.pid] = row
    # One that is dying shows no mark any more, and is there for some milliseconds all the same.
    while time.monotonic() < deadline and any(_is_there(row) for row in ended.values()):
        time.sleep(0.002)
    return len(ended)


def _is_there(known: Process) -> bool:
    row = process_table().get(known.pid)
    return row is not None and row.start_ticks == known.start_ticks and not row.is_dead


def marked_records() -> frozenset[str]:
    """The records of all attempts whose mark a living process bears.  One look at the process table."""
    if not HAS_PROC:
        return frozenset()
    return frozenset(
        mark for row in process_table().values() if not row.is_dead for mark in [_mark_of(row.pid)] if mark is not None
    )


def _of_attempt(record: str, table: Mapping[int, Process]) -> dict[int, Process]:
    marked = [row for row in table.values() if not row.is_dead and _mark_of(row.pid) == record]
    below = [inner for row in marked for inner in descendants(row.pid, table) if not inner.is_dead]
    return {row.pid: row for row in (*marked, *below) if row.pid != os.getpid()}


def _mark_of(pid: int) -> str | None:
    if pid == os.getpid():
        return None
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            names = file.read().split(b"\0")
    except OSError:
        return None
    prefix = f"{MARK}=".encode()
    return next((os.fsdecode(name[len(prefix) :]) for name in names if name.startswith(prefix)), None)
