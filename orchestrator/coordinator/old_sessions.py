"""Measure the disk that sessions take, and delete those that nobody needs any more."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from orchestrator.errors import OrchestrateError
from orchestrator.files.foreign import ForeignFolder
from orchestrator.files.time_limits import in_time
from orchestrator.journal.folder import SessionFolder, all_sessions
from orchestrator.journal.session_lock import hold_session_lock, session_holder
from orchestrator.value_class import value_class

LOOK_WITHIN_S: Final = 10.0
_DELETED: Final = ".deleted-"
"""Folders of this name are being deleted: a clean that was broken off leaves one, and the next ends it."""


@value_class
class OldSession:
    """One session that may be deleted, or has been."""

    folder: SessionFolder
    last_active: datetime
    bytes: int | None
    """On disk; ``None`` where that could not be counted in time."""
    problem: str = ""
    """Why it was not deleted after all."""


def disk_use(folder: SessionFolder) -> int | None:
    """How much disk a session takes; ``None`` where that could not be counted in time."""
    try:
        return in_time(ForeignFolder(folder.path).allocated_bytes, within_s=LOOK_WITHIN_S, what="counting its files")
    except OSError:
        return None


def old_sessions(
    workspace: Path, *, now: datetime, older_than: timedelta | None = None, keep: int | None = None
) -> list[OldSession]:
    """Sessions that may be deleted, oldest last; never one that is running, or of which anything runs.

    Args:
        older_than: Only those in which nothing has happened for so long.
        keep: All but the newest so many.
    """
    found = []
    for folder in all_sessions(workspace)[keep or 0 :]:
        active = _last_active(folder)
        if older_than is not None and now - active < older_than:
            continue
        if not _is_running(folder):
            found.append(OldSession(folder, active, disk_use(folder)))
    return found


def delete(sessions: list[OldSession]) -> Iterator[OldSession]:
    """Delete the sessions one after another, and return each with its result."""
    for session in sessions:
        yield OldSession(session.folder, session.last_active, session.bytes, _delete(session.folder))


def delete_remains(workspace: Path) -> None:
    """Complete a deletion that was interrupted."""
    with suppress(OSError):
        for path in workspace.iterdir():
            if path.name.startswith(_DELETED):
                ForeignFolder(workspace).remove_all(path.name)


def _delete(folder: SessionFolder) -> str:
    from orchestrator.coordinator.orphans import is_anything_running

    going = folder.path.with_name(f"{_DELETED}{folder.id}")
    try:
        with hold_session_lock(folder):
            if is_anything_running(folder):
                return "something of it runs"
            # Under this name nobody takes it for a session any more, whatever becomes of the rest.
            folder.path.rename(going)
    except (OrchestrateError, OSError) as error:
        return str(error)
    problems = ForeignFolder(folder.workspace).remove_all(going.name)
    return f"{problems[0]}" if problems else ""


def _is_running(folder: SessionFolder) -> bool:
    from orchestrator.coordinator.orphans import is_anything_running  # not for whoever counts disk use alone

    return session_holder(folder) is not None or is_anything_running(folder)


def _last_active(folder: SessionFolder) -> datetime:
    for path in (folder.journal_file, folder.path):
        with suppress(OSError):
            return datetime.fromtimestamp(os.lstat(path).st_mtime).astimezone()
    return datetime.fromtimestamp(0).astimezone()
