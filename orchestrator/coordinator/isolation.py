"""Copy a project for one session to work on: complete, with a repository of its own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from orchestrator.errors import EnvironmentUnfit
from orchestrator.files.foreign import ForeignFolder, Unread
from orchestrator.sandbox.layers import copy_project
from orchestrator.snapshots.repository import Repository, RepositoryUnreadable, find_repository

MOST_BYTES: Final = 16 * 1024**3
MOST_ENTRIES: Final = 1_000_000
COPY_TIME_S: Final = 1_800.0
_MOST_POINTER_BYTES: Final = 65_536
_HINT: Final = "leave out --isolated; orchestrate undo puts back what a session changed"


def copy_for_session(project: Path, to: Path, *, workspace: Path) -> tuple[str, ...]:
    """Copy a project as it lies, with its ignored files and its repository, and return what people should know of it.

    Raises:
        EnvironmentUnfit: It cannot be copied whole, or the copy would work on the project's own repository.
    """
    try:
        repository = find_repository(project)
    except RepositoryUnreadable as error:
        raise EnvironmentUnfit(f"the repository of {project} cannot be copied: {error}", hint=_HINT) from error
    if repository is not None and repository.top == project:
        _check_own(repository)
    part = to.with_name(f"{to.name}.part")
    try:
        copy_project(project, part, left_out=(workspace,), most_bytes=MOST_BYTES, most_entries=MOST_ENTRIES)
        notes = list(_cut_loose(project, part))
        part.replace(to)
    except EnvironmentUnfit as error:
        text = f"{project} is too large to be copied: more than {MOST_BYTES // 1024**3} GiB, or a million files"
        raise EnvironmentUnfit(text, hint=_HINT) from error
    except OSError as error:
        raise EnvironmentUnfit(f"{project} cannot be copied: {error}", hint=_HINT) from error
    if repository is not None and repository.top != project:
        notes.append(f"the copy lies in no repository: that of {project} begins above it")
    return tuple(notes)


def _check_own(repository: Repository) -> None:
    """Refuse a repository whose copy would still point to the original."""
    if repository.git_dir != repository.top / ".git" or repository.common_dir != repository.git_dir:
        raise EnvironmentUnfit(
            f"{repository.top} is a linked worktree: a copy of it would commit into {repository.common_dir}",
            hint=f"name the main work tree with --target, or {_HINT}",
        )
    elsewhere = repository.setting("core.worktree")
    if elsewhere is not None:
        raise EnvironmentUnfit(f"{repository.top} says that its work tree is {elsewhere}", hint=_HINT)


def _cut_loose(project: Path, copy: Path) -> list[str]:
    """Detach the copy's repositories from the project, but for borrowed objects, which are only read."""
    notes: list[str] = []
    ours = ForeignFolder(copy)
    for entry in list(ours.walk(most=MOST_ENTRIES)):
        if isinstance(entry, Unread):
            continue
        if entry.base == ".git" and entry.status.kind in ("file", "link"):
            if entry.status.kind == "link" or _leads_out(ours, entry.name, copy):
                ours.remove(entry.name)
                notes.append(f"{entry.name} is left out of the copy: it leads to a repository elsewhere")
        elif entry.base == "alternates" and entry.name.endswith("objects/info/alternates"):
            _anchor(ours, entry.name, (project / entry.name).parent.parent)
    return notes


def _leads_out(ours: ForeignFolder, name: str, copy: Path) -> bool:
    text = ours.read_text(name, most_bytes=_MOST_POINTER_BYTES)
    if isinstance(text, Unread):
        return True
    place = Path(os.path.normpath(copy / Path(name).parent / text.removeprefix("gitdir:").strip()))
    return not place.is_relative_to(copy)


def _anchor(ours: ForeignFolder, name: str, objects: Path) -> None:
    """Make relative paths to borrowed objects absolute, so that they still work from the copy."""
    content = ours.read(name, most_bytes=_MOST_POINTER_BYTES)
    if isinstance(content, Unread):
        return
    lines = [os.path.normpath(objects / os.fsdecode(line)) for line in content.splitlines() if line]
    ours.write(name, b"".join(os.fsencode(line) + b"\n" for line in lines), mode=0o644)
