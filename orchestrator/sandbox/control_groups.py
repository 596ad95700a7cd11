"""Make a control group for a worker, where this process may: freezing and killing become one write."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Collection, Iterable
from pathlib import Path

from orchestrator.files.temporary import is_abandoned, marked_prefix


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
        group = Path(tempfile.mkdtemp(prefix=marked_prefix(worker), dir=parent))
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


def remove_groups(groups: Iterable[Path], seconds: float = 0.0) -> bool:
    """Remove groups whose members are ending, waiting so long at most; whether none is left."""
    deadline = time.monotonic() + seconds
    left = list(groups)
    while True:
        for group in left:
            remove_group(group)
        left = [group for group in left if group.is_dir()]
        if not left or time.monotonic() > deadline:
            return not left
        time.sleep(0.002)


def remove_abandoned_groups(parents: Iterable[Path], *, kept: Collection[Path]) -> int:
    """Remove the empty groups whose makers are gone, in the folders where groups are made; returns how many went.

    Args:
        kept: groups that a shim may be about to put its worker into.
    """
    count = 0
    for parent in parents:
        try:
            found = [parent / name for name in os.listdir(parent) if is_abandoned(name)]
        except OSError:
            continue
        for group in found:
            if group not in kept:
                # One with members is refused: its worker lives.
                remove_group(group)
                count += not group.exists()
    return count
