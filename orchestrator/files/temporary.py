"""Temporary things that a kill may leave behind: who made one stands in its name, so whoever comes next can remove it.

The mark of a maker is its pid namespace, pid and start, so a recycled pid is never taken for it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from orchestrator.late_pattern import late_pattern

_PREFIX = "orchestrate-"
_MARKED = late_pattern(r"orchestrate-(?P<what>.+)-(?P<mark>\d+\.\d+\.\d+)-[^-]*")


def own_mark() -> str:
    """This process, in the form in which it stands in the names of what it makes."""
    pid = os.getpid()
    try:
        started = _started(pid)
    except OSError:
        started = 0
    return f"{_pid_namespace()}.{pid}.{started}"


def marked_prefix(what: str) -> str:
    """How the name of something temporary begins, for ``mkdtemp``."""
    return f"{_PREFIX}{what}-{own_mark()}-"


def is_abandoned(name: str) -> bool:
    """Whether a name says that its maker runs no more; ``False`` where that cannot be told."""
    match = _MARKED.fullmatch(name)
    if match is None:
        return False
    namespace, pid, started = map(int, match["mark"].split("."))
    # In another pid namespace we cannot see whether it runs, and 0 is the answer where there is no /proc.
    if started == 0 or namespace != _pid_namespace():
        return False
    try:
        return _started(pid) != started
    except OSError:
        # No descriptor is free, say: what belongs to somebody who runs must not go for that.
        return False


@contextmanager
def temporary_folder(what: str) -> Iterator[Path]:
    """A folder in the system's temporary one while the block runs.

    Args:
        what: it is for, as one word of its name.

    Raises:
        OSError: It cannot be made.
    """
    with tempfile.TemporaryDirectory(prefix=marked_prefix(what), ignore_cleanup_errors=True) as name:
        yield Path(os.path.realpath(name))


def remove_abandoned_folders() -> int:
    """Remove the temporary folders of this user whose makers are gone; returns how many went."""
    place, count = Path(tempfile.gettempdir()), 0
    try:
        names = [name for name in os.listdir(place) if name.startswith(_PREFIX) and is_abandoned(name)]
    except OSError:
        return 0
    for name in names:
        with suppress(OSError):
            if (place / name).lstat().st_uid == os.geteuid():
                shutil.rmtree(place / name)
                count += 1
    return count


def _started(pid: int) -> int:
    """When a process started, in the kernel's ticks since the boot; 0 if there is none, or no ``/proc``.

    Raises:
        OSError: That cannot be told just now.
    """
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            text = file.read()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    fields = text[text.rindex(b")") + 2 :].split()
    # What only waits to be reaped makes nothing more.
    return 0 if fields[0] in (b"Z", b"X") else int(fields[19])


def _pid_namespace() -> int:
    try:
        return os.stat("/proc/self/ns/pid").st_ino
    except OSError:
        return 0
