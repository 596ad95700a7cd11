"""Judge what was measured of folders, CLIs and logins before a launch, and name what would prevent it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from orchestrator.models.identity import AgentName
from orchestrator.value_class import value_class

MIN_FREE_BYTES = 100 * 1024 * 1024
"""Below this a session's logs may not fit: three agents write some ten MB an hour, tool output aside."""


@value_class
class CliFacts:
    """One CLI as it was found."""

    agent: AgentName
    found: bool
    version: str | None = None
    """As it printed it; ``None`` where it printed none."""
    too_old: bool = False
    """Older than the oldest version its adapter knows."""
    oldest: str = ""
    pinned: str = ""
    """The version its adapter was tested against."""
    drifts: tuple[str, ...] = ()
    """Known differences of this version from the pinned one."""
    logged_in: bool = True
    login_hint: str = ""
    package: str = ""


@value_class
class PreparationFacts:
    """The measurements to judge; nothing is measured again here."""

    target: Path
    workspace: Path
    target_exists: bool = True
    target_is_directory: bool = True
    target_is_root: bool = False
    """It is the whole file system."""
    target_is_kernels: bool = False
    """It lies in ``/proc`` or its like."""
    target_is_bare: bool = False
    """It is a git folder: objects and references, and no files to work on."""
    target_in_workspace: bool = False
    target_logins: tuple[str, ...] = ()
    """What lies in it that is somebody's login or home, by the names that tell."""
    whole_home: bool = False
    """The user has said that agents may work where logins lie."""
    target_readable: bool = True
    target_writable: bool = True
    target_mounted_read_only: bool = False
    """Its file system is: then no permission is at fault."""
    target_is_git_repository: bool = True
    target_dirty: bool = False
    """It has changes that are not committed."""
    target_untold: str = ""
    """Why it could not be told whether it has; empty where it could."""
    workspace_writable: bool = True
    workspace_free_bytes: int | None = None
    """``None`` where the platform does not tell."""
    needs_writing: bool = True
    """Somebody of the plan writes in the target."""
    clis: tuple[CliFacts, ...] = ()


@value_class
class Finding:
    """One thing worth knowing before the launch.  An ``error`` forbids it."""

    severity: Literal["error", "warning", "note"]
    text: str
    hint: str = ""


def check_preparation(facts: PreparationFacts) -> tuple[Finding, ...]:
    """Look over the facts; errors first, then warnings, then notes (spec 004, Permission Recovery, Proactive)."""
    order = ("error", "warning", "note")
    findings = (*_target(facts), *_workspace(facts), *_clis(facts))
    return tuple(sorted(findings, key=lambda finding: order.index(finding.severity)))


def _target(facts: PreparationFacts) -> Iterator[Finding]:
    target = facts.target
    if not facts.target_exists:
        yield Finding("error", f"the target {target} does not exist", "name an existing folder with --target")
        return
    if not facts.target_is_directory:
        yield Finding("error", f"the target {target} is not a folder", f"--target {target.parent} names its folder")
        return
    if facts.target_is_root or facts.target_is_kernels:
        what = "the whole file system" if facts.target_is_root else "a file system of the kernel's own"
        yield Finding("error", f"the target {target} is {what}", "name the project's folder with --target")
        return
    if facts.target_is_bare:
        yield Finding(
            "error",
            f"the target {target} is a bare git repository: it holds no files to work on",
            f"clone it first: git clone {target}",
        )
        return
    if facts.target_in_workspace:
        yield Finding(
            "error",
            f"the target {target} lies in the workspace {facts.workspace}, which agents never see",
            "name a target elsewhere, or another workspace with --workspace",
        )
        return
    if facts.target_logins:
        yield _home(facts)
    if not facts.target_readable:
        yield Finding("error", f"the target {target} cannot be read", f"look at its permissions: ls -ld {target}")
        return
    if facts.needs_writing and not facts.target_writable:
        why = (
            "its file system is mounted read-only: name another target, or ask with --no-change"
            if facts.target_mounted_read_only
            else f"look at its permissions: ls -ld {target}"
        )
        yield Finding("error", f"the target {target} cannot be written", why)
    if not facts.target_is_git_repository:
        yield Finding(
            "note",
            f"the target {target} is not a git repository: changes are recorded, but there is no history to go back to",
            "git init makes it one",
        )
    elif facts.target_untold:
        yield Finding(
            "warning",
            f"could not tell whether the target {target} has changes that are not committed: {facts.target_untold}",
            "git status tells; commit or stash them to tell the agents' changes from yours",
        )
    elif facts.target_dirty:
        yield Finding(
            "warning",
            f"the target {target} has changes that are not committed; the agents will work on top of them",
            "commit or stash them to tell theirs from yours",
        )


def _home(facts: PreparationFacts) -> Finding:
    shown = ", ".join(facts.target_logins[:5]) + (" …" if len(facts.target_logins) > 5 else "")
    if facts.whole_home:
        return Finding("warning", f"WHOLE HOME: agents may read and change everything in {facts.target}: {shown}")
    return Finding(
        "error",
        f"the target {facts.target} holds more than a project: {shown}; agents would read and change all of it",
        "name the project's own folder with --target; if you do mean all of it: --yes-whole-home",
    )


def _workspace(facts: PreparationFacts) -> Iterator[Finding]:
    if not facts.workspace_writable:
        yield Finding("error", f"the workspace {facts.workspace} cannot be written", "name another with --workspace")
    free = facts.workspace_free_bytes
    if free is not None and free < MIN_FREE_BYTES:
        yield Finding(
            "error" if free == 0 else "warning",
            f"the workspace's disk has {free // 2**20} MiB left, and {MIN_FREE_BYTES // 2**20} should be",
            "free some space, or name a workspace elsewhere with --workspace",
        )


def _clis(facts: PreparationFacts) -> Iterator[Finding]:
    for cli in facts.clis:
        if not cli.found:
            install = f"npm install -g {cli.package}" if cli.package else ""
            yield Finding("warning", f"{cli.agent} is not installed", install)
            continue
        if cli.too_old:
            # The others can go on without it, so it is no error: the tier falls.
            yield Finding(
                "warning",
                f"{cli.agent} {cli.version} is older than {cli.oldest}, the oldest known to work",
                "update it",
            )
        elif cli.version is None:
            yield Finding("warning", f"{cli.agent} does not say its version", f"tested with {cli.pinned}")
        yield from (Finding("note", f"{cli.agent} {cli.version}: {drift}") for drift in cli.drifts)
        if not cli.logged_in:
            yield Finding("warning", f"{cli.agent} is not logged in", cli.login_hint)
