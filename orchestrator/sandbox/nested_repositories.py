"""Find where repositories inside a folder keep hooks and configuration.  Nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path, PurePath

from orchestrator.files.foreign import ForeignFolder, Status, Unread

MOST_FOLDERS = 5_000
"""So many are looked through, which takes a fifth of a second; a tree that has more is seen in its upper part."""
_NOT_LOOKED_INTO = frozenset({".git", "node_modules", ".venv", "venv", "__pycache__", "target", ".tox"})
"""What tools fill: large, and never somebody's own repository."""


@lru_cache(maxsize=16)
def nested_repositories(root: Path) -> Sequence[Path]:
    """The ``.git`` of every repository below ``root``, its own left out, and the git folders of submodules.

    Looked for once a session: a worker that makes one itself can put into it what it likes.
    """
    top = ForeignFolder(root)
    found = list(_modules(top, PurePath(".git/modules")))
    for folder in _folders(top):
        git = folder / ".git"
        status = top.status(git) if folder.parts else None
        if isinstance(status, Status) and status.kind != "link":
            found += [git, *_modules(top, git / "modules")]
    return tuple(root / inside for inside in dict.fromkeys(found))


def _folders(top: ForeignFolder) -> Iterator[PurePath]:
    """List folders breadth first, so that of too many the deepest are left out."""
    waiting, looked = [PurePath()], 0
    while waiting:
        below: list[PurePath] = []
        for folder in waiting:
            if looked >= MOST_FOLDERS:
                return
            looked += 1
            yield folder
            below += (folder / name for name in _names(top, folder) if name not in _NOT_LOOKED_INTO)
        waiting = below


def _modules(top: ForeignFolder, folder: PurePath) -> Iterator[PurePath]:
    """Find the git folders of submodules, nested ones included; their names may have slashes."""
    for name in _names(top, folder):
        inner = folder / name
        if isinstance(top.status(inner / "HEAD"), Status):
            yield inner
            yield from _modules(top, inner / "modules")
        else:
            yield from _modules(top, inner)


def _names(top: ForeignFolder, folder: PurePath) -> Sequence[str]:
    found = top.folders(folder)
    return () if isinstance(found, Unread) else found
