"""Set a policy's limits in the kernel: by control groups of version 1 or 2 where they may be made, and rlimits."""

from __future__ import annotations

import contextlib
import os
import resource
import tempfile
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.files.temporary import marked_prefix
from orchestrator.sandbox.control_groups import make_group
from orchestrator.shim.namespace_bounds import WORKERS_AT_MOST
from orchestrator.value_class import value_class

if TYPE_CHECKING:
    from orchestrator.models.sandbox import ResourceLimits

MOST_PROCESSES = 2000
"""Processes and threads of one worker where its policy names no number: far above any build, far below a fork bomb."""
HEADROOM = 1.25
"""The kernel kills at this much of the policy's memory: the coordinator, who can say why, is to be first."""
_PERIOD_US = 100_000
_MIB = 2**20


@value_class
class LimitGroups:
    """Control groups that hold the limits of one worker."""

    cgroup: Path | None
    """The one of version 2, by which the worker can be frozen."""
    groups: tuple[Path, ...]
    """All of them, that one among them."""

    @property
    def paths(self) -> list[str]:
        """The groups to be joined, as a shim is told of them."""
        return [str(group) for group in self.groups]


@lru_cache(maxsize=1)
def delegated() -> Mapping[str, Path]:
    """Version 1 controllers in whose groups we stand and may make groups, with the folder of each."""
    try:
        mounts = Path("/proc/self/mountinfo").read_text().splitlines()
        groups = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return {}
    found: dict[str, Path] = {}
    for line in groups:
        _, names, path = line.split(":", 2)
        for name in names.split(","):
            if name not in ("memory", "pids", "cpu"):
                continue
            for mount in mounts:
                left, _, right = mount.partition(" - ")
                kind, _, options = right.split(" ", 2)
                if kind == "cgroup" and name in options.split(","):
                    folder = Path(left.split()[4]) / path.lstrip("/")
                    if os.access(folder, os.W_OK) and os.access(folder / "cgroup.procs", os.W_OK):
                        found[name] = folder
    return found


def make_groups(parent: Path | None, worker: str, limits: ResourceLimits) -> LimitGroups:
    """Fresh groups for a worker, of whatever version may be made here.

    Args:
        parent: the version 2 group to make one in; ``None`` where none may be.
    """
    group = None if parent is None else make_group(parent, worker)
    held = frozenset[str]() if group is None else limit_group(group, limits)
    groups = (*(() if group is None else (group,)), *make_limit_groups(worker, limits, without=held))
    return LimitGroups(group, groups)


def limit_group(group: Path, limits: ResourceLimits) -> frozenset[str]:
    """Write the limits into a version 2 group; returns the controllers that took them."""
    values = {
        "memory": (("memory.max", str(int(limits.memory_mib * _MIB * HEADROOM))), ("memory.swap.max", "0")),
        "pids": (("pids.max", str(limits.processes or MOST_PROCESSES)),),
        "cpu": (("cpu.max", f"{_quota(limits)} {_PERIOD_US}"),),
    }
    return frozenset(name for name, files in values.items() if all(_write(group / file, text) for file, text in files))


def make_limit_groups(worker: str, limits: ResourceLimits, *, without: frozenset[str] = frozenset()) -> Sequence[Path]:
    """Fresh version 1 groups that hold the limits, to be joined by the worker; only those that really took them."""
    values = {
        "memory": (("memory.limit_in_bytes", str(int(limits.memory_mib * _MIB * HEADROOM))),),
        "pids": (("pids.max", str(limits.processes or MOST_PROCESSES)),),
        "cpu": (("cpu.cfs_period_us", str(_PERIOD_US)), ("cpu.cfs_quota_us", str(_quota(limits)))),
    }
    made: list[Path] = []
    for name, parent in delegated().items():
        if name in without:
            continue
        try:
            group = Path(tempfile.mkdtemp(prefix=marked_prefix(worker), dir=parent))
        except OSError:
            continue
        if all(_write(group / file, text) for file, text in values[name]):
            made.append(group)
        else:
            with contextlib.suppress(OSError):
                group.rmdir()
    return made


def namespace_bounds(limits: ResourceLimits) -> Mapping[str, int]:
    """What the kernel counts for a user or for the machine, bounded in the namespaces of one worker's own."""
    found = {"terminals": limits.terminals, "processes": limits.processes or MOST_PROCESSES}
    for name, given in (("instances", limits.inotify_instances), ("watches", limits.inotify_watches)):
        number = given or _share_of_machine(f"max_user_{name}")
        if number is not None:
            found[f"inotify_{name}"] = number
    return found


def _share_of_machine(name: str) -> int | None:
    try:
        return max(1, int(Path("/proc/sys/fs/inotify", name).read_text()) // WORKERS_AT_MOST)
    except (OSError, ValueError):
        return None


def rlimits(limits: ResourceLimits, *, counts_processes: bool = True) -> Sequence[tuple[int, int]]:
    """Bounds of each process, by their numbers.  Never the address space: WebAssembly needs more than anybody has.

    Args:
        counts_processes: Whether processes have to be bounded here, for want of a sandbox that can.
    """
    found = [(resource.RLIMIT_CORE, 0)]
    if limits.open_files is not None:
        found.append((resource.RLIMIT_NOFILE, limits.open_files))
    if limits.file_mib is not None:
        found.append((resource.RLIMIT_FSIZE, limits.file_mib * _MIB))
    if counts_processes and os.geteuid() != 0 and not delegated():
        # Counts everything of this user, not the worker alone: so many above what is there now is the next best.
        found.append((resource.RLIMIT_NPROC, _threads_of_user() + (limits.processes or MOST_PROCESSES)))
    return found


def _threads_of_user() -> int:
    count = 0
    for name in os.listdir("/proc") if os.path.isdir("/proc/self/task") else ():
        with contextlib.suppress(OSError):
            if name.isdecimal() and os.stat(f"/proc/{name}").st_uid == os.geteuid():
                count += len(os.listdir(f"/proc/{name}/task"))
    return count


def _quota(limits: ResourceLimits) -> int:
    return max(1000, int(limits.cpu_percent / 100 * _PERIOD_US))


def _write(path: Path, text: str) -> bool:
    try:
        path.write_text(text)
    except OSError:
        return False
    return True
