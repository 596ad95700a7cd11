"""Watch a session's folder and its disk, and make a journal input when either runs short."""

from __future__ import annotations

import os
import stat
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path

import anyio

from orchestrator.errors import JournalDamaged
from orchestrator.files.foreign import Entry, ForeignFolder, Unread
from orchestrator.files.time_limits import off_loop
from orchestrator.journal.folder import SessionFolder
from orchestrator.journal.writer import Journal
from orchestrator.models.entries import StorageShort
from orchestrator.session.state import Session
from orchestrator.workers.crew import Crew

LOOK_EVERY_S = 0.5
LOOK_CLOSELY_EVERY_S = 0.05
"""So often while a disk could be filled between two looks."""
CLOSE_BYTES = 4 * 1024**3
"""What the fastest disks take in the time between two looks, twice."""
WALK_EVERY_S = 5.0
"""Scratch folders and homes may hold any number of files, so they are counted less often than the raw streams."""
WALK_SHARE = 4
"""After a long count nobody counts for so many times as long."""
LEAST_FILE_BYTES = 4096
"""What the smallest file takes: an empty one has its place on the disk as well, and there are only so many of those."""
RESERVE_BYTES = 1024 * 1024
WALK_TIME_S = 60.0
MOST_COUNTED = 2_000_000
LEAST_FREE_FILES = 500
"""Fewer, and a snapshot or a report may not find room for its own; each is a file, however small."""
STOP_WITHIN_S = 20.0


class Storage:
    """Watches what the workers of one session fill, and keeps a little room for stopping them."""

    def __init__(self, folder: SessionFolder, journal: Journal) -> None:
        self._folder = folder
        self._journal = journal
        self._walked: Mapping[str, int] = {}
        """What each worker held in its folders when they were counted last."""
        self._counting: dict[str, int] = {}
        """The same as far as it has been counted by now."""
        self._is_close = False

    @property
    def reserve_file(self) -> Path:
        """The reserve that is given up once nobody writes any more, so that even then the report can be written.

        Not before: a child that fills the disk would take this as well.  What stops it needs no room; see
        :data:`orchestrator.workers.attempts.SPARES`.
        """
        return self._folder.path / "disk.reserve"

    async def watch(self, session: Callable[[], Session], take: Callable[[StorageShort], None]) -> None:
        """Look every half second until cancelled."""
        self.restore()
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._keep_counting)
                while True:
                    for short in self.look(session()):
                        take(short)
                    await anyio.sleep(LOOK_CLOSELY_EVERY_S if self._is_close else LOOK_EVERY_S)
        finally:
            self.give_up_reserve()

    def look(self, session: Session) -> Sequence[StorageShort]:
        """What to tell the session; nothing while all is well, or after it has been told."""
        if session.ending is not None:
            return ()
        greedy = tuple(self._greedy(session))
        short = self._short(session) if session.storage.question is None else None
        return greedy if short is None else (*greedy, short)

    def _short(self, session: Session) -> StorageShort | None:
        options, used = session.options, sum(self._walked.values()) + raw_bytes(self._folder)
        self._is_close = False
        for folder, place in self._disks(options.target):
            free, files = _free_bytes(folder), _free_files(folder)
            self._is_close = self._is_close or free < options.least_free_bytes + CLOSE_BYTES
            if free < options.least_free_bytes or (self._journal.is_short and not place):
                return StorageShort("disk", used, free, options.least_free_bytes, place=place)
            if files is not None and files < LEAST_FREE_FILES:
                return StorageShort("files", used, files, LEAST_FREE_FILES, place=place)
        self.restore()
        allowed = session.storage.allowed or options.max_session_bytes
        if used > allowed:
            return StorageShort("size", used, _free_bytes(self._folder.path), allowed)
        return None

    def _greedy(self, session: Session) -> Iterator[StorageShort]:
        """Every worker that holds more than its policy gives one."""
        bound = session.options.sandbox.limits.disk_mib * 2**20
        journal = _blocks_of(self._folder.journal_file)
        # What a worker writes is journalled, so the journal is the work of who wrote most.
        written = max(1, raw_bytes(self._folder) - journal)
        for state in session.living():
            if session.details[state.id].current.stopping_because is None:
                streams = (self._folder.raw_stdout(state.id), self._folder.raw_stderr(state.id))
                held = max(known.get(state.id, 0) for known in (self._walked, self._counting))
                output = sum(map(_blocks_of, streams))
                used = held + output + journal * output // written
                if used > bound:
                    free = _free_bytes(self._folder.path)
                    yield StorageShort("worker", used, free, bound, worker=state.id)

    def _disks(self, target: Path) -> Iterator[tuple[Path, str]]:
        """A folder of each disk that workers write to, with a name where it is not the session's."""
        yield self._folder.path, ""
        with suppress(OSError):
            if target.stat().st_dev != self._folder.path.stat().st_dev:
                yield target, str(target)

    async def _keep_counting(self) -> None:
        """Count what the workers hold, again and again; whoever looks at the disk need not wait for it."""
        while True:
            began, self._counting = anyio.current_time(), {}
            # A worker can make more files than can be counted in time; what was counted by then still counts.
            with suppress(TimeoutError):
                count = partial(_count_held, self._folder, self._counting)
                await off_loop(count, within_s=WALK_TIME_S, what="counting what the workers hold")
            self._walked = dict(self._counting)
            await anyio.sleep(max(WALK_EVERY_S, (anyio.current_time() - began) * WALK_SHARE))

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
        """Give the reserve up for the report, if the disk is full; nobody else writes any more."""
        if _free_bytes(self._folder.path) < RESERVE_BYTES:
            self.give_up_reserve()

    def give_up_reserve(self) -> None:
        """Delete the reserve.  Never raises."""
        with suppress(OSError):
            self.reserve_file.unlink()


@asynccontextmanager
async def stopping_without_journal(crew: Crew) -> AsyncIterator[None]:
    """Stop every worker if the block ends because the journal cannot be written: nothing may run unrecorded.

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


def _blocks_of(path: Path) -> int:
    try:
        return path.lstat().st_blocks * 512
    except OSError:
        return 0


def _count_held(folder: SessionFolder, walked: dict[str, int]) -> None:
    """Count the size on disk of all that each worker holds: its scratch folder, its home, its layers of repositories.

    Args:
        walked: Takes the sums as they grow, by worker.
    """
    for parent in (folder.scratch_dir, folder.homes_dir, folder.workers_dir):
        names = ForeignFolder(parent).folders()
        for name in names if not isinstance(names, Unread) else ():
            worker = name
            if parent == folder.workers_dir:
                worker, _, kind = name.partition(".")
                if not kind.endswith(".git"):
                    continue
            walked.setdefault(worker, 0)
            for found in ForeignFolder(parent / name).walk(most=MOST_COUNTED):
                if isinstance(found, Entry):
                    walked[worker] += max(found.status.allocated, LEAST_FILE_BYTES)


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
