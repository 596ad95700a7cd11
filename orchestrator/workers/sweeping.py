"""Ends what a lost shim left behind, by the mark that every descendant inherits in its environment.

The last resort where no sandbox stood around the worker: a child that cleared its environment is not found, so this
is no proof.
"""

from __future__ import annotations

import os
import signal
import time

from orchestrator.workers.processes import HAS_PROC, process_table, send_signal

MARK = "ORCHESTRATE_ATTEMPT"
"""Names the attempt's record in the environment of everything that descends from its agent."""
SWEEP_WITHIN_S = 5.0


def end_marked(record: str) -> int:
    """Kill every process that bears the mark of this attempt; returns how many were found."""
    mark = f"{MARK}={record}".encode()
    ended: set[int] = set()
    deadline = time.monotonic() + SWEEP_WITHIN_S
    while HAS_PROC and time.monotonic() < deadline:
        found = [row for row in process_table().values() if not row.is_dead and mark in _environment(row.pid)]
        if not found:
            break
        for row in found:
            # Held still first: one that forks faster than it is listed would never be caught.
            send_signal(row.pid, row.start_ticks, signal.SIGSTOP)
        for row in found:
            send_signal(row.pid, row.start_ticks, signal.SIGKILL)
            ended.add(row.pid)
    return len(ended)


def _environment(pid: int) -> frozenset[bytes]:
    if pid == os.getpid():
        return frozenset()
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return frozenset(file.read().split(b"\0"))
    except OSError:
        return frozenset()
