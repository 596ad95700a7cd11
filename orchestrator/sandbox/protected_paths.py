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
    # Links above the root have been followed for the root; the rest is looked at part by part.
    open_roots = [(root, f"{root}/") for root in roots]
    for text in dict.fromkeys(map(str, never_writable)):
        path = Path(text)
        for root, prefix in open_roots:
            relative = Path(text[len(prefix) :]) if _is_plainly_below(text, prefix) else _below(root, path)
            if relative is not None:
                held = _hold(root, relative)
                mounts += held
                if not held or held[-1].kind != "read":
                    absent.append((str(root), str(relative)))
                break
    return Protection(tuple(mounts), tuple(absent))


def _is_plainly_below(text: str, prefix: str) -> bool:
    """Whether the text alone says so; a policy holds a hundred paths, and nearly all are of this kind."""
    return text.startswith(prefix) and len(text) > len(prefix) and "//" not in text and "/./" not in text


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
    for depth, part in enumerate(relative.parts, 1):
        path /= part
        status = folder.status("/".join(relative.parts[:depth]))
        if isinstance(status, Unread):
            return found
        if status.kind == "link":
            real = Path(os.path.realpath(path))
            return [*found, Mount(real, "read", str(real))] if kind_of(real) is not None else found
        if depth == len(relative.parts) or status.kind != "folder":
            return [*found, Mount(path, "read", str(path))]
        found.append(Mount(path, "write", str(path)))
    return found
