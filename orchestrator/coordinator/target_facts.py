"""Measure facts about the target and the workspace before anything is started."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from orchestrator.agents.registry import get_agent
from orchestrator.agents.versions import is_too_old, known_drifts, parse_version
from orchestrator.coordinator.login_signs import logins_in
from orchestrator.coordinator.preflight import is_logged_in
from orchestrator.errors import EnvironmentUnfit
from orchestrator.files.foreign import ForeignFolder, Status, Unread
from orchestrator.files.time_limits import off_loop
from orchestrator.models.options import FoundAgent
from orchestrator.recovery.preparation import CliFacts, Finding, PreparationFacts, check_preparation
from orchestrator.snapshots.repository import RepositoryUnreadable, find_repository
from orchestrator.snapshots.uncommitted import WorkState, state_of

LOOK_TIME_S = 60.0


def prepare(
    target: Path,
    workspace: Path,
    *,
    found: Sequence[FoundAgent],
    environ: Mapping[str, str],
    is_copy: bool = False,
    whole_home: bool = False,
) -> tuple[str, ...]:
    """Measure and judge; returns the warnings, in words.

    Args:
        is_copy: The target is a rehearsal's scratch copy: whose repository it happens to lie in says nothing.
        whole_home: The user has said that agents may work where logins lie.

    Raises:
        EnvironmentUnfit: Something forbids the launch; the message has the first such finding, the hint what to do.
    """
    facts = measure(target, workspace, found=found, environ=environ, is_copy=is_copy, whole_home=whole_home)
    if is_copy:
        facts = replace(facts, target_is_git_repository=True, target_dirty=False, target_untold="")
    findings = check_preparation(facts)
    errors = [finding for finding in findings if finding.severity == "error"]
    if errors:
        raise EnvironmentUnfit(errors[0].text, hint=errors[0].hint or None)
    return tuple(_words(finding) for finding in findings if finding.severity == "warning")


async def prepared(
    target: Path,
    workspace: Path,
    *,
    found: Sequence[FoundAgent],
    environ: Mapping[str, str],
    is_copy: bool = False,
    whole_home: bool = False,
) -> tuple[str, ...]:
    """:func:`prepare`, off the event loop and within a time.

    Raises:
        EnvironmentUnfit: Something forbids the launch, or the folders could not be looked at in time.
    """
    act = partial(prepare, target, workspace, found=found, environ=environ, is_copy=is_copy, whole_home=whole_home)
    try:
        return await off_loop(act, within_s=LOOK_TIME_S, what=f"the look at {target}")
    except TimeoutError as error:
        raise EnvironmentUnfit(str(error), hint="is its file system there?") from error


def measure(
    target: Path,
    workspace: Path,
    *,
    found: Sequence[FoundAgent],
    environ: Mapping[str, str],
    is_copy: bool = False,
    whole_home: bool = False,
) -> PreparationFacts:
    """Look at the folders and at what was found of the CLIs."""
    folder = ForeignFolder(target)
    top = folder.status()
    is_folder = isinstance(top, Status) and top.kind == "folder"
    is_repository, state = _work_state(target, environ) if is_folder else (False, WorkState(False))
    standing = next(path for path in (workspace, *workspace.parents) if path.exists())
    return PreparationFacts(
        target=target,
        workspace=workspace,
        target_exists=isinstance(top, Status),
        target_is_directory=is_folder,
        target_is_root=target == Path(target.anchor),
        target_is_kernels=is_folder and _is_kernels(folder),
        target_is_bare=is_folder and is_git_folder(folder),
        target_in_workspace=not is_copy and target.is_relative_to(workspace),
        target_logins=() if is_copy or not is_folder else logins_in(target, environ),
        whole_home=whole_home,
        target_readable=os.access(target, os.R_OK | os.X_OK),
        target_writable=os.access(target, os.W_OK),
        target_mounted_read_only=is_folder and bool(os.statvfs(target).f_flag & os.ST_RDONLY),
        target_is_git_repository=is_repository,
        target_dirty=bool(state.has_uncommitted),
        target_untold=state.reason,
        workspace_writable=standing.is_dir() and os.access(standing, os.W_OK | os.X_OK),
        workspace_free_bytes=shutil.disk_usage(standing).free,
        # Those that are left out are told of when the session opens.
        clis=tuple(_cli(agent, environ) for agent in found if agent.usable and not agent.stand_in),
    )


def _cli(found: FoundAgent, environ: Mapping[str, str]) -> CliFacts:
    agent = get_agent(found.name)
    version = parse_version(found.version or "")
    return CliFacts(
        agent=found.name,
        found=found.executable is not None,
        version=found.version,
        too_old=is_too_old(agent, version),
        oldest=".".join(map(str, agent.oldest)),
        pinned=agent.pinned,
        drifts=known_drifts(agent, version) if found.executable is not None else (),
        logged_in=found.usable or is_logged_in(agent, environ),
        login_hint=agent.credential.login_hint,
        package=agent.package,
    )


def _work_state(target: Path, environ: Mapping[str, str]) -> tuple[bool, WorkState]:
    """Whether the target lies in a git repository, and whether that has changes that are not committed.

    Nothing that the repository configures is run for it.
    """
    try:
        repository = find_repository(target)
    except RepositoryUnreadable as error:
        return True, WorkState(None, str(error))
    if repository is None:
        return False, WorkState(False)
    return True, state_of(repository, environ, git=shutil.which("git"))


def _is_kernels(folder: ForeignFolder) -> bool:
    listed = folder.entries(most=1)
    return isinstance(listed, Unread) and listed.reason == "not a file"


def is_git_folder(folder: ForeignFolder) -> bool:
    """Whether a folder is itself a git directory (elsewhere called ``.git``)."""
    return folder.is_file("HEAD") and folder.is_folder("objects") and folder.is_folder("refs")


def _words(finding: Finding) -> str:
    return f"{finding.text} ({finding.hint})" if finding.hint else finding.text
