"""Move what a worker planted where nothing may be planted out of the way, once its tree is gone.

A sandbox holds a path that exists; one that does not exist yet cannot be held without leaving traces in people's
folders.  Imported by the shim: standard library only, nothing that costs import time.
"""

from __future__ import annotations

from orchestrator.shim.processes import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_TYPE, _LINK, _FOLDER = 0o170000, 0o120000, 0o040000
SUFFIX = ".taken-back"


def planted(root: str, relative: str) -> str | None:
    """Find what was planted at ``relative``, which may be a link on the way there; ``None`` if nothing."""
    path = root
    for part in relative.split("/"):
        path = f"{path}/{part}"
        try:
            kind = os.lstat(path).st_mode & _TYPE
        except OSError:
            return None
        if kind != _FOLDER:
            break
    return path


def take_back(forbidden: Sequence[Sequence[str]], into: str) -> list[str]:
    """Move everything that stands at one of these places into a folder of ours; says in words what was moved.

    Args:
        forbidden: pairs of a folder and a path in it, at which nothing stood when the worker was started.
    """
    notes: list[str] = []
    for root, relative in forbidden:
        path = planted(root, relative)
        if path is None:
            continue
        place = f"{into}.{len(notes)}.{path.rpartition('/')[2]}"
        try:
            os.rename(path, place)
        except OSError:
            # Another file system, or no right: beside it, it is at least not what others look for.
            place = f"{path}{SUFFIX}"
            try:
                os.rename(path, place)
            except OSError as problem:
                notes.append(f"{path} was planted and cannot be moved: {problem.strerror}")
                continue
        notes.append(f"{path} was planted; it is now {place}")
    return notes
