"""Bound, in the namespaces of one worker's sandbox, what the kernel else counts for all workers together.

The kernel counts inotify instances, their watches and processes for each user, and terminals for the whole machine.
In a user namespace it counts them once more, against bounds of that namespace's own, and a sandbox has one.
Imported by the shim: standard library only, nothing that costs import time.
"""

from __future__ import annotations

import fcntl
import time

from orchestrator.shim.processes import call_kernel, os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

SETTINGS = {"inotify_instances": "max_inotify_instances", "inotify_watches": "max_inotify_watches"}
"""Bounds that are files in ``/proc/sys/user``, which shows those of the reader's own user namespace."""
WORKERS_AT_MOST = 8
"""As many workers share what one user may have, where the policy has no number."""
MOUNTED_WITHIN_S = 30.0
"""A sandbox is set up in some milliseconds; a loaded machine gets more."""
_NEW_USER, _NEW_MOUNTS = 0x10000000, 0x00020000
_GET_OWNER = 0xB701
"""NS_GET_USERNS of linux/nsfs.h: which user namespace a namespace belongs to."""
_REMOUNT = 32 | 2 | 8
"""MS_REMOUNT, MS_NOSUID and MS_NOEXEC of linux/mount.h: the last two as bubblewrap mounts its terminals."""


class Bounding:
    """A process of ours that sets the bounds while the sandbox is being set up."""

    __slots__ = ("_pid", "_reading")

    def __init__(self, init: int, bounds: Mapping[str, int]) -> None:
        """Begin; there is no way back out of a user namespace, so it takes a process of its own.

        Args:
            init: pid 1 of the sandbox.
            bounds: any of ``inotify_instances``, ``inotify_watches``, ``terminals`` and ``processes``.
        """
        self._reading, writing = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            try:
                os.write(writing, "; ".join(_set_bounds(init, bounds)).encode())
            finally:
                os._exit(0)
        os.close(writing)

    def finish(self) -> str:
        """Wait for its end; what could not be bounded and why, empty where all is."""
        said = b""
        try:
            while True:
                chunk = os.read(self._reading, 4096)
                if not chunk:
                    return said.decode("utf-8", "replace")
                said += chunk
        finally:
            os.close(self._reading)
            os.waitpid(self._pid, 0)


def _set_bounds(init: int, bounds: Mapping[str, int]) -> list[str]:
    problems: list[str] = []
    ours = _terminals("self")
    try:
        if "processes" in bounds:
            _bound_processes(init, bounds["processes"])
    except (OSError, ValueError) as problem:
        problems.append(f"its processes are not counted apart: {problem}")
    try:
        mounts = os.open(f"/proc/{init}/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
        call_kernel("setns", fcntl.ioctl(mounts, _GET_OWNER), _NEW_USER)
    except OSError as problem:
        return [*problems, f"its inotify instances and terminals are not bounded: {problem}"]
    refused = [name for name in SETTINGS if name in bounds and not _write_setting(name, bounds[name])]
    if "terminals" not in bounds and not refused:
        return problems
    try:
        _enter(mounts, _wait_for_terminals(init, ours))
        if "terminals" in bounds:
            options = f"max={bounds['terminals']},ptmxmode=0666,mode=620"
            call_kernel("mount", 0, b"/dev/pts\0", 0, _REMOUNT, options.encode() + b"\0")
    except OSError as problem:
        problems.append(f"its terminals are not bounded: {problem}")
    # Where our own /proc is read-only, as in many containers, the sandbox's may not be.
    left = [name for name in refused if not _write_setting(name, bounds[name])]
    return [*problems, *(f"its {name.replace('_', ' ')} are not bounded: /proc/sys is read-only" for name in left)]


def _bound_processes(init: int, number: int) -> None:
    """Let no process of this sandbox begin another while so many of them run.

    Set from outside once the user namespace stands: set before, the kernel holds the number against all processes of
    this user, those of other workers among them.
    """
    import resource

    resource.prlimit(init, resource.RLIMIT_NPROC, (number, number))
    # Signals that wait, and messages in queues, are counted in the same way.
    for kind in (getattr(resource, "RLIMIT_SIGPENDING", 11), getattr(resource, "RLIMIT_MSGQUEUE", 12)):
        soft = resource.prlimit(init, kind)[0]
        if soft not in (resource.RLIM_INFINITY, 0):
            share = max(1, soft // WORKERS_AT_MOST)
            resource.prlimit(init, kind, (share, share))


def _write_setting(name: str, number: int) -> bool:
    try:
        descriptor = os.open(f"/proc/sys/user/{SETTINGS[name]}", os.O_WRONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        os.write(descriptor, str(number).encode())
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def _enter(mounts: int, device: str) -> None:
    """Enter the sandbox's mounts.

    While bubblewrap changes its root for the last time, the old one lies over the new one for a moment, and whoever
    enters lands in that; to enter again is to look again.

    Raises:
        OSError: its terminals cannot be seen there.
    """
    deadline = time.monotonic() + MOUNTED_WITHIN_S
    while True:
        call_kernel("setns", mounts, _NEW_MOUNTS)
        try:
            number = os.stat("/dev/pts").st_dev
        except OSError:
            number = 0
        if f"{os.major(number)}:{os.minor(number)}" == device:
            return
        if time.monotonic() > deadline:
            raise OSError("the sandbox shows none")
        time.sleep(0.001)


def _wait_for_terminals(init: int, ours: frozenset[str]) -> str:
    """Wait until the sandbox has terminals of its own where its worker looks for them; returns their device.

    Raises:
        OSError: it is gone, or never has.
    """
    deadline = time.monotonic() + MOUNTED_WITHIN_S
    while True:
        for device in _terminals(init) - ours:
            return device
        if time.monotonic() > deadline:
            raise OSError("the sandbox has none")
        # The kernel could tell of each mount, of which there are a hundred; this is less work.
        time.sleep(0.001)


def _terminals(process: int | str) -> frozenset[str]:
    """The file systems of terminals at ``/dev/pts`` as this process sees them, by their device numbers."""
    with open(f"/proc/{process}/mountinfo", encoding="utf-8", errors="replace") as file:
        rows = [line.split(" ") for line in file if " /dev/pts " in line and " - devpts " in line]
    return frozenset(row[2] for row in rows if row[4] == "/dev/pts")
