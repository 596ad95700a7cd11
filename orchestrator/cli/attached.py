"""Follow a session that another process runs: every entry of its journal as that writes it, until it ends."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

import anyio

from orchestrator.coordinator.session_request import Observer, Progress, SessionResult
from orchestrator.coordinator.session_start import result_of
from orchestrator.errors import JournalDamaged, OrchestrateError
from orchestrator.files.tailing import FileTail, file_changes
from orchestrator.journal.checkpoint import Checkpoint, kept_checkpoint
from orchestrator.journal.folder import SessionFolder
from orchestrator.journal.kept_summary import Unusable
from orchestrator.journal.reader import decode_entry, entries_from_end
from orchestrator.journal.session_lock import session_holder
from orchestrator.models.entries import JournalEntry
from orchestrator.quotation import quoted_name
from orchestrator.session.fold import fold
from orchestrator.session.state import Session
from orchestrator.settings.user_places import state_folder
from orchestrator.wire.lines import Line

_SHOWN_AT_FIRST = 3_000
"""Of the entries that are there already so many are told to the view: the others lie too far back to be looked at."""
_LOOK_FOR_HOLDER_S = 1.0
"""A coordinator that is killed writes nothing that would wake us."""


class _Follower:
    """The journal as far as it has been read, and the state that it leads to; it begins where a checkpoint ends."""

    def __init__(self, folder: SessionFolder, kept: Checkpoint | None) -> None:
        self.folder = folder
        self.session: Session | None = None if kept is None else kept.session
        self._end = 0 if kept is None else kept.end
        self._tail = FileTail(folder.journal_file, self._end)
        self._count = 0 if self.session is None else self.session.n

    def before(self, most: int) -> Sequence[JournalEntry]:
        """The last entries in front of where the reading began."""
        entries = islice(entries_from_end(self.folder.journal_file, self._end), most)
        return [entry for entry, _ in entries][::-1]

    def _decoded(self, lines: Iterable[Line]) -> Iterator[JournalEntry]:
        for line in lines:
            self._count += 1
            yield decode_entry(line.data or b"", self._count, path=self.folder.journal_file, offset=line.start)

    def read(self, told: Callable[[Session, JournalEntry], None]) -> Session | None:
        """Take in what has come; the session is what it is after the last entry that is whole.

        Raises:
            OrchestrateError: The folder is not there any more.
            JournalDamaged: It cannot be read on.
        """
        while lines := self._tail.read():
            for entry, session, _ in fold(self.session, self._decoded(lines)):
                self.session = session
                told(session, entry)
        if not self.folder.journal_file.exists():
            raise OrchestrateError(
                f"the folder of session {self.folder.id} has vanished: {self.folder.path}",
                hint="orchestrate sessions lists those that are there",
            )
        fault = self._tail.fault()
        if fault is not None:
            raise JournalDamaged(f"cannot read {self.folder.journal_file}: {fault.text}")
        return self.session


async def follow_session(
    folder: SessionFolder, observe: Observer, progress: Progress, *, caught_up: Callable[[], None]
) -> SessionResult:
    """Tell ``observe`` of every entry until the session ends.

    Args:
        caught_up: Called once what was there already has been told.

    Raises:
        OrchestrateError: Its coordinator is gone, or its folder.
    """
    progress(f"reading the journal of {folder.id}")
    kept = kept_checkpoint(folder, state=state_folder(os.environ))
    if isinstance(kept, Unusable):
        # Its coordinator makes another.
        progress(f"{quoted_name(str(folder.checkpoint_file))} {kept.why}: folded again from the journal")
        kept = None
    follower = _Follower(folder, kept)
    async with file_changes([folder.path]) as changes:
        there = deque(follower.before(_SHOWN_AT_FIRST), maxlen=_SHOWN_AT_FIRST)
        session = follower.read(lambda _, entry: there.append(entry))
        if session is not None:
            for entry in there:
                observe(session, entry)
        caught_up()
        async with anyio.create_task_group() as tasks:
            done = anyio.Event()

            async def look_for_holder() -> None:
                while session_holder(folder) is not None:  # noqa: ASYNC110 - a lock that is let go wakes nobody
                    await anyio.sleep(_LOOK_FOR_HOLDER_S)
                done.set()

            async def heed_changes() -> None:
                async for _ in changes:
                    session = follower.read(observe)
                    if session is not None and session.closed is not None:
                        done.set()

            if session is None or session.closed is None:
                tasks.start_soon(look_for_holder)
                tasks.start_soon(heed_changes)
                await done.wait()
                tasks.cancel_scope.cancel()
    session = follower.read(observe)
    if session is None or session.closed is None:
        raise OrchestrateError(
            f"session {folder.id} has lost its coordinator", hint=f"go on with: orchestrate resume {folder.id}"
        )
    return result_of(folder, session)
