"""Freeze or end a whole tree: all members of one sub-reaper stand still, or none is left.

Imported by the shim: standard library only, nothing that costs import time.
"""

from __future__ import annotations

import time

from orchestrator.shim.processes import Process, descendants, os, process_table, send_signal, signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

FREEZE_WITHIN_S = 1.0
"""A forking tree took 7 to 12 passes, some milliseconds each."""
KILL_WITHIN_S = 60.0
"""Longer than any exit takes that is not stuck in the kernel, on a machine with more to do than it can as well."""


class Tree:
    """Everything that descends from this process, which must be its sub-reaper."""

    def __init__(self, cgroup: str | None = None) -> None:
        self.supports: frozenset[int] = frozenset()
        """The sandbox's own processes: they are waited for, never frozen."""
        self.namespace_init = 0
        """Pid 1 of the worker's own pid namespace as we see it; 0 without one."""
        self.namespace_init_started = 0
        self.cgroup = cgroup
        self.is_frozen = False
        self._held: set[tuple[int, int]] = set()
        """Whom we stopped, by pid and start; who stopped itself is not ours to continue."""

    def members(self) -> list[Process]:
        """All that are not dead, the sandbox's own left out."""
        below = descendants(os.getpid(), process_table())
        return [row for row in below if not row.is_dead and row.pid not in self.supports]

    def freeze(self) -> bool:
        """Let no member run on; ``False`` if one still does after ``FREEZE_WITHIN_S``: try again later."""
        self.is_frozen = self._hold_still()
        return self.is_frozen

    def _hold_still(self) -> bool:
        if self.cgroup is not None and _freeze_cgroup(self.cgroup, frozen=True):
            return True
        deadline = time.monotonic() + FREEZE_WITHIN_S
        calm: set[int] | None = None
        while time.monotonic() < deadline:
            members = self.members()
            running = [row for row in members if not row.is_still]
            seen = {row.pid for row in members}
            # Once is not enough: the listing may have passed a place where a member forked a moment later.
            if not running and calm == seen:
                return True
            calm = None if running else seen
            for row in running:
                send_signal(row.pid, row.start_ticks, signal.SIGSTOP)
                self._held.add((row.pid, row.start_ticks))
            if running:
                time.sleep(0.001)
        return False

    def thaw(self) -> None:
        """Let every member run on."""
        self.is_frozen = False
        if self.cgroup is not None:
            _freeze_cgroup(self.cgroup, frozen=False)
        for pid, started in self._held:
            send_signal(pid, started, signal.SIGCONT)
        self._held.clear()

    def signal_members(self, number: int) -> int:
        """Signal every member; returns how many there were."""
        members = self.members()
        for row in members:
            send_signal(row.pid, row.start_ticks, number)
        return len(members)

    def agent(self) -> Process | None:
        """The agent's own process inside the sandbox; ``None`` if it is not there (any more)."""
        # Orphans of the namespace come to its init too, but the agent was there before all of them.
        inside = [row for row in self.members() if row.parent == self.namespace_init]
        return min(inside, key=lambda row: (row.start_ticks, row.pid), default=None)

    def kill(self) -> None:
        """One attempt at ending everything; the caller repeats it until nothing is left to reap."""
        if self.cgroup is not None:
            _write(f"{self.cgroup}/cgroup.kill", "1")
        if self.namespace_init:
            # The kernel ends every member of a pid namespace with its init, forks in flight included.
            send_signal(self.namespace_init, self.namespace_init_started, signal.SIGKILL)
        else:
            # A tree that forks faster than it is listed is held still first.
            self._hold_still()
        for row in descendants(os.getpid(), process_table()):
            if not row.is_dead:
                send_signal(row.pid, row.start_ticks, signal.SIGKILL)


def _write(path: str, text: str) -> bool:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        os.write(descriptor, text.encode())
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def _freeze_cgroup(folder: str, *, frozen: bool) -> bool:
    """Whether the kernel says that the whole group is (not) frozen."""
    if not _write(f"{folder}/cgroup.freeze", "1" if frozen else "0"):
        return False
    wanted = f"frozen {int(frozen)}"
    deadline = time.monotonic() + FREEZE_WITHIN_S
    while time.monotonic() < deadline:
        try:
            with open(f"{folder}/cgroup.events", encoding="utf-8") as file:
                if wanted in file.read().split("\n"):
                    return True
        except OSError:
            return False
        time.sleep(0.0005)
    return False


def remove_group(folder: str) -> None:
    """Remove the worker's own group; one that still has members stays."""
    try:  # noqa: SIM105 - contextlib costs import time
        os.rmdir(folder)
    except OSError:
        pass


def kernel_kills(folders: Sequence[str]) -> list[str]:
    """Say in words how many processes the kernel killed for want of memory, by the worker's control groups."""
    words: list[str] = []
    for folder in folders:
        # Version 2, then version 1.
        for counts, limit in (("memory.events", "memory.max"), ("memory.oom_control", "memory.limit_in_bytes")):
            try:
                killed = _count(f"{folder}/{counts}", "oom_kill")
                mib = int(_read(f"{folder}/{limit}")) // 2**20
            except (OSError, ValueError):
                continue
            if killed:
                held = f"together they held all of their {mib} MiB"
                words.append(f"the kernel killed {killed} of its processes: {held}")
    return words


def _count(path: str, name: str) -> int:
    for line in _read(path).splitlines():
        key, _, figure = line.partition(" ")
        if key == name:
            return int(figure)
    return 0


def _read(path: str) -> str:
    with open(path) as file:
        return file.read()
