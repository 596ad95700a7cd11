"""Derive the paths and ports that Landlock grants one program, from its policy and what it is to see.

Used where bubblewrap cannot work.  It cannot hide a path inside a readable folder or hold one inside a writable folder;
what it leaves open is listed by ``docs/sandbox-escapes.md``.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypedDict

from orchestrator.models.sandbox import SandboxConfig
from orchestrator.sandbox.bubblewrap import grants
from orchestrator.sandbox.layout import SandboxRequest
from orchestrator.sandbox.mounts import program_mounts, system_mounts
from orchestrator.sandbox.seccomp import filter_program, is_supported, write_filter
from orchestrator.sandbox.system_files import FILES, FOLDERS
from orchestrator.shim.attempt_records import encode, replace_file

OLDEST_ABI = 4
"""The first that knows TCP."""
CLAIM = "Landlock: files outside are out of reach; paths inside writable folders are not held, processes can be seen"
LEFT_OPEN = frozenset({"a git hook could be written", "a git folder could be put aside"})
"""Canaries that are known to get out."""
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty", "/dev/ptmx", "/dev/pts")
_READABLE = ("/proc", "/sys/devices/system/cpu", "/sys/fs/cgroup", "/etc/passwd", "/etc/group")


def why_not() -> str | None:
    """Why Landlock cannot be used here; ``None`` if it can."""
    if sys.platform != "linux":
        return f"Landlock is for Linux; this is {sys.platform}"
    from orchestrator.shim.landlock_entry import abi

    version = abi()
    if version == 0:
        return "the kernel has no Landlock, or it is switched off"
    if version < OLDEST_ABI:
        return f"the kernel's Landlock (ABI {version}) knows no network; {OLDEST_ABI} is needed (Linux 6.7)"
    return None if is_supported() else f"there is no filter of system calls for {platform.machine()}"


class Profile(TypedDict):
    """What a process may still do, as :mod:`orchestrator.shim.landlock_entry` takes it."""

    read: list[str]
    write: list[str]
    connect: list[int] | None
    """Ports; ``None`` for a network that stays open."""
    seccomp: str
    """The file of the filter."""


def profile(
    program: str,
    config: SandboxConfig,
    request: SandboxRequest,
    *,
    environ: Mapping[str, str],
    port: int | None = None,
) -> Profile:
    """What the shim's child is told to keep.

    Args:
        port: where the proxy listens for this worker; ``None`` if nothing may be reached.
    """
    given = grants(config, request)
    reads = {mount.source for mount in (*system_mounts(), *program_mounts(program, environ)) if mount.kind == "read"}
    reads |= {f"/etc/{name}" for name in (*FILES, *FOLDERS)}
    reads |= {*_READABLE, *map(str, given.readable)}
    if config.root == "read-only":
        # Not the root itself: what lies in /run, /root and /home are other people's services and secrets.
        reads |= {f"/{name}" for name in ("etc", "opt", "srv", "var") if os.path.isdir(f"/{name}")}
    closed = config.network != "open"
    program_file = request.scratch / ".." / ".." / f"seccomp-{'tcp' if closed else 'open'}.bpf"
    filter_file = Path(os.path.realpath(program_file))
    write_filter(filter_file, filter_program(unix=False, only_tcp=closed))
    return {
        "read": sorted(reads),
        "write": sorted({*map(str, given.writable), *_DEVICES}),
        "connect": ([] if port is None else [port]) if closed else None,
        "seccomp": str(filter_file),
    }


def runnable(words: Sequence[str], profile: Mapping[str, object], *, file: Path) -> list[str]:
    """The command line that applies a profile to itself and becomes ``words``; for who has no shim.

    Args:
        file: where the profile is written down for it.
    """
    replace_file(str(file), encode(profile))
    package = str(Path(__file__).parent.parent.parent)
    start = f"import sys; sys.path.append({package!r}); from orchestrator.shim.landlock_entry import main"
    return [sys.executable, "-I", "-S", "-c", f"{start}; main(sys.argv[1:])", str(file), *words]
