"""Measure what a worker's tree uses: CPU, memory, and how many processes."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass

from orchestrator.models.workers import Sample
from orchestrator.shim.processes import HAS_PROC, Process, descendants, process_table

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PAGE_MIB = os.sysconf("SC_PAGE_SIZE") / 2**20
TABLE_AGE_S = 0.1
"""All workers sampled within this time share one reading of the process table: that is most of the cost."""
SHARE_AGE_S = 10.0
"""A process's proportional share is read again after this time, or when its memory changed by a tenth: reading it makes
the kernel walk every page."""


@dataclass(slots=True)
class _Share:
    """How much of a process's resident memory is its own."""

    of_resident: float
    rss_pages: int
    read_at: float


class Sampler:
    """Measures trees by their shim's pid; remembers the last measurement of each."""

    def __init__(self) -> None:
        self._table: Mapping[int, Process] = {}
        self._table_at = float("-inf")
        self._before: dict[int, tuple[float, int]] = {}
        self._shares: dict[tuple[int, int], _Share] = {}

    def sample(self, shim: int) -> Sample | None:
        """The tree below ``shim``; ``None`` if it is gone.  The first one of a tree has no CPU figure yet (0)."""
        now = time.monotonic()
        if not HAS_PROC:
            return _sample_with_psutil(shim)
        if now - self._table_at > TABLE_AGE_S:
            self._table, self._table_at = process_table(), now
            self._forget_the_dead()
        root = self._table.get(shim)
        if root is None or root.is_dead:
            self._before.pop(shim, None)
            return None
        tree = descendants(shim, self._table)
        alive = [row for row in tree if not row.is_dead]
        # Time of the dead is counted by whoever reaped them, and that is always a member or the shim: nothing is lost.
        ticks = root.cpu_ticks + sum(row.cpu_ticks for row in tree)
        before_at, before_ticks = self._before.get(shim, (self._table_at, ticks))
        self._before[shim] = (self._table_at, ticks)
        passed = self._table_at - before_at
        cpu = 100.0 * max(0, ticks - before_ticks) / _TICKS_PER_S / passed if passed > 0 else 0.0
        memory = sum(self._memory_mib(row, now) for row in alive)
        return Sample(cpu_percent=round(cpu, 1), memory_mib=round(memory, 1), processes=len(alive))

    def _memory_mib(self, row: Process, now: float) -> float:
        resident = row.rss_pages * _PAGE_MIB
        if row.rss_pages == 0:
            return 0.0
        key = (row.pid, row.start_ticks)
        share = self._shares.get(key)
        if (
            share is None
            or now - share.read_at > SHARE_AGE_S
            or abs(row.rss_pages - share.rss_pages) > share.rss_pages * 0.1
        ):
            share = _Share(_read_share(row.pid, resident), row.rss_pages, now)
            self._shares[key] = share
        return resident * share.of_resident

    def _forget_the_dead(self) -> None:
        for key in [key for key in self._shares if key[0] not in self._table]:
            del self._shares[key]


def _read_share(pid: int, resident_mib: float) -> float:
    """PSS over RSS; 1 where the kernel does not tell."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", "rb") as file:
            for line in file:
                if line.startswith(b"Pss:"):
                    return min(1.0, int(line.split()[1]) / 1024 / resident_mib)
    except OSError:
        pass
    return 1.0


def _sample_with_psutil(shim: int) -> Sample | None:
    import psutil

    try:
        root = psutil.Process(shim)
        tree = root.children(recursive=True)
    except psutil.Error:
        return None
    memory, cpu, count = 0.0, 0.0, 0
    for process in tree:
        try:
            cpu += process.cpu_percent()
            memory += process.memory_info().rss / 2**20
            count += 1
        except psutil.Error:
            continue
    return Sample(cpu_percent=round(cpu, 1), memory_mib=round(memory, 1), processes=count)


def sampling_is_exact() -> bool:
    """Whether memory is counted proportionally and CPU over the whole tree; elsewhere shared pages count twice."""
    return HAS_PROC and sys.platform == "linux"
