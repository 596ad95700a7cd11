"""Keep of a worker's private home the conversations of its CLI, and nothing else: a follow-up goes on from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath

from orchestrator.files.foreign import ForeignFolder, Listing


def keep_conversations(homes: Path, kept: Mapping[str, Sequence[PurePosixPath]]) -> None:
    """Delete what lies in the private homes beside the conversations; a home without any goes altogether.

    Args:
        homes: The folder of all homes of a session.
        kept: By the name of a home, what is kept of it, relative to it.
    """
    folder = ForeignFolder(homes)
    if folder.is_folder():
        _prune(folder, "", [PurePosixPath(home, path) for home, paths in kept.items() for path in paths])


def _prune(folder: ForeignFolder, name: str, kept: Sequence[PurePosixPath]) -> bool:
    """Delete what neither is kept nor holds anything that is, and say whether something has stayed."""
    place = PurePosixPath(name)
    if any(place == path for path in kept):
        return True
    inner = [path for path in kept if path.is_relative_to(place)]
    is_folder = folder.is_folder(name)
    listing = folder.entries(name) if inner and is_folder else None
    # One with more than can be listed is none that a CLI keeps its conversations in.
    if isinstance(listing, Listing) and not listing.is_cut:
        stays = [_prune(folder, entry.name, inner) for entry in listing.entries]
        if any(stays):
            return True
    if is_folder:
        folder.remove_all(name)
    else:
        with suppress(OSError):
            folder.remove(name)
    return False
