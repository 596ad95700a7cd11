"""Repositories inside a folder: the folder in, where each keeps hooks and configuration out.  Changes nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

MOST_FOLDERS = 5_000
"""So many are looked through, which takes a fifth of a second; a tree that has more is seen in its upper part."""
_NOT_LOOKED_INTO = frozenset({".git", "node_modules", ".venv", "venv", "__pycache__", "target", ".tox"})
"""What tools fill: large, and never somebody's own repository."""


@lru_cache(maxsize=16)
def nested_repositories(root: Path) -> Sequence[Path]:
    """The ``.git`` of every repository below ``root``, its own left out, and the git folders of submodules.

    Looked for once a session: a worker that makes one itself can put into it what it likes.
    """
    found = list(_modules(root / ".git" / "modules"))
    for folder in _folders(root):
        if folder == root:
            continue
        git = folder / ".git"
        if os.path.lexists(git) and not os.path.islink(git):
            found += [git, *_modules(git / "modules")]
    return tuple(dict.fromkeys(found))


def _folders(root: Path) -> Iterator[Path]:
    """Breadth first, so that where there are too many it is the deep ones that are left out."""
    waiting, looked = [root], 0
    while waiting:
        below: list[Path] = []
        for folder in waiting:
            if looked >= MOST_FOLDERS:
                return
            looked += 1
            yield folder
            below += (folder / name for name in _names(folder) if name not in _NOT_LOOKED_INTO)
        waiting = below


def _modules(folder: Path) -> Iterator[Path]:
    """Git folders of submodules, whose names may have slashes and which may have submodules of their own."""
    for name in _names(folder):
        inner = folder / name
        if os.path.exists(inner / "HEAD"):
            yield inner
            yield from _modules(inner / "modules")
        else:
            yield from _modules(inner)


def _names(folder: Path) -> Sequence[str]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
    except OSError:
        return ()
