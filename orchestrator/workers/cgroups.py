"""A control group of its own for a worker, where this process may make one: freezing and killing become one write."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from pathlib import Path


def own_group() -> Path | None:
    """The version 2 group this process is in; ``None`` where there is none or nothing may be made in it."""
    try:
        mounts = Path("/proc/self/mountinfo").read_text().splitlines()
        groups = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return None
    root = next((line.split()[4] for line in mounts if " - cgroup2 " in line), None)
    path = next((line[3:] for line in groups if line.startswith("0::")), None)
    if root is None or path is None:
        return None
    group = Path(root) / path.lstrip("/")
    usable = os.access(group, os.W_OK) and os.access(group / "cgroup.procs", os.W_OK)
    return group if usable else None


def make_group(parent: Path, worker: str) -> Path | None:
    """A fresh group in ``parent``; ``None`` if it cannot be frozen."""
    try:
        group = Path(tempfile.mkdtemp(prefix=f"orchestrate-{worker}-", dir=parent))
    except OSError:
        return None
    if os.access(group / "cgroup.freeze", os.W_OK):
        return group
    remove_group(group)
    return None


def remove_group(group: Path) -> None:
    """Remove a group; one that still has members stays."""
    with contextlib.suppress(OSError):
        group.rmdir()


def end_group(group: Path, seconds: float) -> bool:
    """Kill every member and remove the group; whether the kernel says within ``seconds`` that none is left."""
    try:
        (group / "cgroup.kill").write_text("1")
        deadline = time.monotonic() + seconds
        while "populated 0" not in (group / "cgroup.events").read_text().splitlines():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.001)
    except OSError:
        return False
    remove_group(group)
    return True
