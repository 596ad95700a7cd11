"""Tell by its lease whether anybody still coordinates this session; it only ever asks.

Imported by the shim: standard library only, nothing that costs import time.
"""

from __future__ import annotations

from orchestrator.shim.processes import os

_FLOCK = "hhqqi4x"
"""``struct flock`` of 64-bit Linux: type, whence, start, length, pid."""


def is_held(path: str) -> bool | None:
    """Whether a lock stands on the file; ``None`` where the platform cannot say.

    Asking takes nothing, so it never gets in a new coordinator's way.
    """
    import fcntl  # here: the child is on its way already
    import struct

    command = getattr(fcntl, "F_OFD_GETLK", None)
    if command is None or os.uname().sysname != "Linux":
        return None
    try:
        # Opened anew each time: a lock file that was replaced is another file.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        question = struct.pack(_FLOCK, fcntl.F_WRLCK, 0, 0, 0, 0)
        answer = struct.unpack(_FLOCK, fcntl.fcntl(descriptor, command, question))
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return bool(answer[0] != fcntl.F_UNLCK)


class Lease:
    """Counts how long nobody has held the session's lock."""

    def __init__(self, path: str | None, grace_s: float, coordinator: int) -> None:
        self._path = path
        self._grace_s = grace_s
        self._coordinator = coordinator
        self._lost_at: float | None = None

    @property
    def interval_s(self) -> float:
        """How often to ask.  With no grace an adopted worker has no death signal to go by, so it asks more often."""
        return 0.25 if self._grace_s == 0 and os.getppid() != self._coordinator else 1.0

    def has_run_out(self, now: float) -> bool:
        """Whether nobody has coordinated the session for the whole grace period."""
        if self._path is None:
            return False
        held = is_held(self._path)
        if held is None:
            held = os.getppid() == self._coordinator
        if held:
            self._lost_at = None
            return False
        if self._lost_at is None:
            self._lost_at = now
        return now - self._lost_at >= self._grace_s
