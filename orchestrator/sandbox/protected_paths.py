"""Protect paths inside writable folders: what to mount for them, and what to look for afterwards."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from orchestrator.files.foreign import ForeignFolder, Unread, kind_of
from orchestrator.sandbox.mounts import Mount
from orchestrator.value_class import value_class


@value_class
class Protection:
    """What is protected inside one worker's writable folders."""

    mounts: tuple[Mount, ...]
    absent: tuple[tuple[str, str], ...]
    """Folder and path in it where nothing stands yet, and nothing may stand when the worker has ended."""


def protect(roots: Collection[Path], never_writable: Iterable[str | Path]) -> Protection:
    """Hold what exists and remember what does not.

    Args:
        roots: the writable folders, resolved.
        never_writable: whole paths; those outside every root need nothing.
    """
    mounts: list[Mount] = []
    absent: list[tuple[str, str]] = []
    for text in dict.fromkeys(map(str, never_writable)):
        # Links above the root have been followed for the root; the rest is looked at part by part.
        for root in roots:
            relative = _below(root, Path(text))
            if relative is not None:
                held = _hold(root, relative)
                mounts += held
                if not held or held[-1].kind != "read":
                    absent.append((str(root), str(relative)))
                break
    return Protection(tuple(mounts), tuple(absent))


def _below(root: Path, path: Path) -> Path | None:
    if path.is_relative_to(root):
        found = path.relative_to(root)
    else:
        parent = Path(os.path.realpath(path.parent)) / path.name
        if not parent.is_relative_to(root):
            return None
        found = parent.relative_to(root)
    return found if found.parts else None


def _hold(root: Path, relative: Path) -> Sequence[Mount]:
    """Mount every folder on the way as well: otherwise one could be renamed and replaced."""
    found: list[Mount] = []
    path, folder = root, ForeignFolder(root)
    for part in relative.parts:
        path /= part
        status = folder.status(path.relative_to(root))
        if isinstance(status, Unread):
            return found
        if status.kind == "link":
            real = Path(os.path.realpath(path))
            return [*found, Mount(real, "read", str(real))] if kind_of(real) is not None else found
        if path == root / relative or status.kind != "folder":
            return [*found, Mount(path, "read", str(path))]
        found.append(Mount(path, "write", str(path)))
    return found
