"""Watch a session's folder and its disk, and make a journal input when either runs short."""

from __future__ import annotations

import os
import stat
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path

import anyio

from orchestrator.errors import JournalDamaged
from orchestrator.files.foreign import ForeignFolder
from orchestrator.files.time_limits import off_loop
from orchestrator.journal.folder import SessionFolder
from orchestrator.journal.writer import Journal
from orchestrator.models.entries import StorageShort
from orchestrator.session.state import Session
from orchestrator.workers.crew import Crew

LOOK_EVERY_S = 0.5
WALK_EVERY_S = 5.0
"""Scratch folders and homes may hold any number of files, so they are counted less often than the raw streams."""
RESERVE_BYTES = 1024 * 1024
WALK_TIME_S = 60.0
LEAST_FREE_FILES = 500
"""Fewer, and a snapshot or a report may not find room for its own; each is a file, however small."""
STOP_WITHIN_S = 20.0


class Storage:
    """Watches what the workers of one session fill, and keeps a little room for stopping them."""

    def __init__(self, folder: SessionFolder, journal: Journal) -> None:
        self._folder = folder
        self._journal = journal
        self._walked = 0
        self._walk_at = float("-inf")

    @property
    def reserve_file(self) -> Path:
        """Given up once nobody writes any more, so that the report can be written even then.

        Not before: a child that fills the disk would take this as well.  What stops it needs no room; see
        :data:`orchestrator.workers.attempts.SPARES`.
        """
        return self._folder.path / "disk.reserve"

    async def watch(self, session: Callable[[], Session], take: Callable[[StorageShort], None]) -> None:
        """Look every half second, for ever."""
        self.restore()
        try:
            while True:
                short = await self.look(session())
                if short is not None:
                    take(short)
                await anyio.sleep(LOOK_EVERY_S)
        finally:
            self.give_up_reserve()

    async def look(self, session: Session) -> StorageShort | None:
        """What the session should be told; ``None`` while all is well, or while it has been told already."""
        if session.storage_question is not None or session.ending is not None:
            return None
        options = session.options
        free = _free_bytes(self._folder.path)
        used = await self._used()
        if free < options.least_free_bytes or self._journal.is_short:
            return StorageShort("disk", used, free, options.least_free_bytes)
        files = _free_files(self._folder.path)
        if files is not None and files < LEAST_FREE_FILES:
            return StorageShort("files", used, files, LEAST_FREE_FILES)
        self.restore()
        allowed = session.storage_allowed or options.max_session_bytes
        return StorageShort("size", used, free, allowed) if used > allowed else None

    async def _used(self) -> int:
        if anyio.current_time() - self._walk_at >= WALK_EVERY_S:
            folders = (self._folder.scratch_dir, self._folder.homes_dir)
            # A worker can make more files than can be counted in time; a stop need not wait for the count.
            count = partial(_bytes_below, folders)
            with suppress(TimeoutError):
                self._walked = await off_loop(count, within_s=WALK_TIME_S, what="counting what the workers hold")
            self._walk_at = anyio.current_time()
        return self._walked + raw_bytes(self._folder)

    def restore(self) -> None:
        """Make the reserve again once there is room for it.  Never raises."""
        if self.reserve_file.exists():
            return
        with suppress(OSError):
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            descriptor = os.open(self.reserve_file, flags, 0o600)
            try:
                os.posix_fallocate(descriptor, 0, RESERVE_BYTES)
            except OSError:
                self.give_up_reserve()
            finally:
                os.close(descriptor)

    def make_room(self) -> None:
        """Nobody writes any more: if the disk is full, what is kept is for the report."""
        if _free_bytes(self._folder.path) < RESERVE_BYTES:
            self.give_up_reserve()

    def give_up_reserve(self) -> None:
        """Let others have the room.  Never raises."""
        with suppress(OSError):
            self.reserve_file.unlink()


@asynccontextmanager
async def stopping_without_journal(crew: Crew) -> AsyncIterator[None]:
    """If the block ends because the journal cannot be written, nobody goes on unheard: every worker is stopped.

    Waits for the proofs, but not for ever.
    """
    try:
        yield
    except BaseExceptionGroup as group:
        if group.subgroup(JournalDamaged) is not None:
            with anyio.move_on_after(STOP_WITHIN_S, shield=True):
                for worker in crew.running():
                    with suppress(OSError):
                        crew.stop(worker, because="the journal cannot be written")
                for worker in crew.running():
                    await crew.wait_exited(worker)
        raise


def raw_bytes(folder: SessionFolder) -> int:
    """The size on disk of the raw streams and the journal: what grows by itself."""
    return sum(_blocks_in(folder.path)) + sum(_blocks_in(folder.reviews_dir))


def _blocks_in(folder: Path) -> Iterator[int]:
    try:
        with os.scandir(folder) as found:
            for entry in found:
                with suppress(OSError):
                    status = entry.stat(follow_symlinks=False)
                    if stat.S_ISREG(status.st_mode):
                        yield status.st_blocks * 512
    except OSError:
        return


def _bytes_below(folders: tuple[Path, ...]) -> int:
    """The size on disk of every file below."""
    return sum(ForeignFolder(top).allocated_bytes() for top in folders)


def _free_files(folder: Path) -> int | None:
    """How many more files the file system can hold; ``None`` where it has no such bound."""
    status = os.statvfs(folder)
    if not status.f_files:
        return None
    return status.f_ffree if os.geteuid() == 0 else status.f_favail


def _free_bytes(folder: Path) -> int:
    status = os.statvfs(folder)
    # Root may use what is kept back for it, others may not.
    return status.f_frsize * (status.f_bfree if os.geteuid() == 0 else status.f_bavail)
