"""Follow one session's journal, and keep its state and its stream for as long as somebody looks.

The same for a session that runs beside us, one that runs elsewhere on this machine, and one that is over.
"""

from __future__ import annotations

from collections.abc import Iterable, KeysView, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import anyio
import anyio.lowlevel

from orchestrator.errors import JournalDamaged
from orchestrator.files.tailing import FileTail, file_changes
from orchestrator.journal.folder import SessionFolder
from orchestrator.journal.reader import check_format, decode_entry
from orchestrator.journal.session_lock import session_holder
from orchestrator.models.entries import AgentOutput, JournalEntry
from orchestrator.models.events import Reasoned, Said, ToolCalled, ToolReturned
from orchestrator.models.workers import WorkerStatus
from orchestrator.server.broadcast import Broadcast
from orchestrator.server.chronicle import Chronicle
from orchestrator.server.entry_lookup import JournalPages
from orchestrator.server.messages import Message, changed_fields, entry_messages, message
from orchestrator.server.plan_views import plan_key, plan_views
from orchestrator.server.recent_history import RecentHistory
from orchestrator.server.ring import Ring
from orchestrator.server.views import (
    SessionView,
    WorkerView,
    question_views,
    review_views,
    session_view,
    worker_view,
)
from orchestrator.session.fold import fold
from orchestrator.session.state import Session
from orchestrator.value_class import value_class
from orchestrator.wire.lines import Line

TICK_S = 0.05
"""Entries of this long are told together: what counts at 500 clients is the number of sends, not of entries."""
BEAT_S = 1.0
"""Somebody who hears nothing for two of these knows that the stream is cut."""
_BATCH = 500
"""Entries folded before others get their turn: about 20 ms."""
_WORDS: Final = frozenset({Said, Reasoned, ToolCalled, ToolReturned})
"""Most of what agents tell; many entries of these alone are folded together."""


@value_class
class GivenAnswer:
    """An answer that was put into the session's folder: under which number, and when by the event loop's clock."""

    text: str
    number: int
    at: float


class Follower:
    """Follows one session; :meth:`run` must run while the rest is used."""

    def __init__(self, folder: SessionFolder) -> None:
        self.folder = folder
        self.session: Session | None = None
        """As of entry :attr:`n`; ``None`` before the first."""
        self.pages = JournalPages(folder)
        self.is_live = False
        self.problem: JournalDamaged | None = None
        """Why nothing more can be read."""
        self.ring = Ring()
        self.broadcast = Broadcast()
        self.clients = 0
        self.starting = anyio.Lock()
        """Held while a command is put into the session's folder, and a coordinator is started for it."""
        self.given: dict[str, GivenAnswer] = {}
        """Answers given here, by question: the first one counts."""
        self.turn = anyio.Lock()
        """Held by the client that reads from the journal what it missed."""
        self.is_closed = False
        self.chronicle = Chronicle()
        """What happened when."""
        self._memory = RecentHistory()
        self._tail = FileTail(folder.journal_file)
        self._tried_again = -1
        self._told: SessionView | None = None
        self._told_session: Session | None = None
        self._axis_n = 0
        self._told_at = 0.0
        self._ready = anyio.Event()

    @property
    def n(self) -> int:
        """The last entry that has been folded."""
        return self.pages.n

    # What routes and streams ask

    async def wait_until_ready(self) -> Session:
        """The session, as soon as all that had been written when we came has been read.

        Raises:
            JournalDamaged: The journal cannot be read, or is empty.
        """
        await self._ready.wait()
        if self.session is None:
            raise self.problem or JournalDamaged(
                f"session {self.folder.id} has no journal entry", hint="it ended before it began"
            )
        return self.session

    def worker_views(self) -> list[WorkerView]:
        session = self.session
        return [worker_view(session, name, self._memory.of(name)) for name in session.workers] if session else []

    def view(self) -> SessionView | None:
        return session_view(self.session, live=self.is_live) if self.session else None

    def whole_state(self) -> Message:
        """The whole state, without the entries, as of the last block."""
        session = self.session
        assert session is not None
        data = {
            "whole": True,
            **self._standing(),
            "session": self.view(),
            "workers": {view.id: view for view in self.worker_views()},
            "reviews": {review.id: review for review in review_views(session)},
            "plan": plan_views(session),
            **_short_lists(session),
        }
        return message("state", self.folder.id, self.n, data)

    def close(self) -> None:
        """Send everybody away; :meth:`run` ends by cancellation."""
        self.is_closed = True
        self.broadcast.send_all_away()

    # The loop

    async def run(self) -> None:
        """Follow until cancelled."""
        try:
            async with file_changes([self.folder.path], ignored={"orchestrator.log"}) as changes:
                self._look_for_holder()
                await self._read()
                self._ready.set()
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(self._beat)
                    async for _ in changes:
                        await self._read()
                        await anyio.sleep(TICK_S)
        except OSError as error:
            self.problem = JournalDamaged(f"cannot follow {self.folder.path}: {error.strerror}")
        finally:
            self._ready.set()
            self._tail.close()
            self.close()

    async def _read(self) -> None:
        while self.problem is None:
            lines = self._tail.read()
            if not lines:
                self._note_fault()
                return
            for start in range(0, len(lines), _BATCH):
                found, fault = self._decode(lines[start : start + _BATCH])
                try:
                    self._take(found)
                except ValueError as error:  # its first entry opens no session
                    found, fault = [], JournalDamaged(str(error))
                self._publish([entry for entry, _ in found])
                if fault is not None:
                    if self._reads_again():
                        break
                    self.problem = fault
                if self.problem is not None:
                    self._tell([self._beat_message()])
                    return
                await anyio.lowlevel.checkpoint()
            if self._tail.is_at_end:
                # What has come since is told at the next look, with what comes until then: another five hundred sends
                # for a few entries would never end where entries come all the time.
                return

    def _decode(self, lines: Iterable[Line]) -> tuple[list[tuple[JournalEntry, int]], JournalDamaged | None]:
        """The entries up to the first damaged one, each with where it ends, and what is wrong with that one."""
        path, n = self._tail.path, self.n
        found: list[tuple[JournalEntry, int]] = []
        for line in lines:
            n += 1
            try:
                if n == 1:
                    check_format(line.data or b"", path)
                found.append((decode_entry(line.data or b"", n, path=path, offset=line.start), line.end))
            except (JournalDamaged, ValueError) as error:
                return found, error if isinstance(error, JournalDamaged) else JournalDamaged(str(error))
        return found, None

    def _take(self, entries: Sequence[tuple[JournalEntry, int]]) -> None:
        """Fold the entries, and note what each has changed.

        Raises:
            ValueError: The first entry of all does not open a session.
        """
        taken = 0
        while taken < len(entries):
            end = taken
            while end < len(entries) and _says_only(self.session, entries[end][0]):
                end += 1
            end = max(end, taken + 1)
            told = list(fold(self.session, (entry for entry, _ in entries[taken:end])))
            for i, (entry, after, _) in enumerate(told):
                # Entries that were folded together bear the state after the last of them: that one changed it.
                before = self.session
                shown = before if before and i + 1 < len(told) and told[i + 1][1] is after else after
                self._memory.note(entry, before, shown)
                self.chronicle.note(entry, before, shown)
                self.session = shown
                self.pages.note(entries[taken][1])
                taken += 1

    def _reads_again(self) -> bool:
        """Allow one new attempt per entry: a new coordinator may have replaced a torn line."""
        if self._tried_again == self.n:
            return False
        self._tried_again = self.n
        self._begin_again()
        return True

    def _begin_again(self) -> None:
        """Forget what was read beyond the last entry."""
        self._tail.close()
        self._tail = FileTail(self.folder.journal_file, self.pages.end)

    def _note_fault(self) -> None:
        """A torn last line that a new coordinator cut off was never an entry; anything else ends the following."""
        fault = self._tail.fault()
        if fault is None:
            return
        if fault.start >= self.pages.end and self.folder.journal_file.exists():
            self._begin_again()
        else:
            self.problem = JournalDamaged(f"{self.folder.journal_file}: {fault.text}")

    async def _beat(self) -> None:
        while True:
            await anyio.sleep(BEAT_S / 4)
            was_live = self.is_live
            self._look_for_holder()
            if self.problem is None and not self.is_live and not self.folder.path.is_dir():
                # What was read stays to be seen, and nobody is told that it could go on.
                self.problem = JournalDamaged(f"the folder of session {self.folder.id} is gone: {self.folder.path}")
                self._tell([self._beat_message()])
            if was_live != self.is_live:
                self._publish(())
            elif anyio.current_time() - self._told_at >= BEAT_S * 0.9:
                self._tell([self._beat_message()])

    def _beat_message(self) -> Message:
        return message("beat", self.folder.id, self.n, {**self._standing(), "live": self.is_live})

    def _standing(self) -> dict[str, object]:
        """The fields of every message about the state: the time, and why it cannot go on, if so."""
        return {"at": datetime.now(UTC), "problem": self.problem.message if self.problem else None}

    def _look_for_holder(self) -> None:
        self.is_live = session_holder(self.folder) is not None

    # Telling

    def _publish(self, entries: Sequence[JournalEntry]) -> None:
        """Tell the entries and what they changed, as one block."""
        if self.session is None:
            return
        if self.clients == 0:
            # Nobody listens, so nobody needs what is in between: who comes later is caught up from the journal.
            self._told_session, self._told = self.session, None
            self._axis_n = self.n
            return
        messages = entry_messages(self.folder.id, entries)
        changes = self._changes(self.session)
        self._told_session = self.session
        if changes:
            data = {"whole": False, **self._standing(), **changes}
            messages.append(message("state", self.folder.id, self.n, data))
        if messages:
            self._tell(messages)

    def _tell(self, messages: Sequence[Message]) -> None:
        self._told_at = anyio.current_time()
        if self.clients:
            self.broadcast.tell(self.ring.publish(messages))

    def _changes(self, session: Session) -> Mapping[str, object]:
        """The parts of the state that differ from what was told last."""
        before = self._told_session
        view = session_view(session, live=self.is_live)
        changes: dict[str, object] = {}
        timeline = self.chronicle.after(self._axis_n)
        if timeline.marks:
            # Who has missed what was told in between asks for the rest: ``from`` is what these are added to, the last
            # entry of which the axis was told, and not one after it that had nothing to do with the axis.
            changes["timeline"] = {"from": self._axis_n, "to": self.n, "marks": timeline.marks}
            self._axis_n = self.n
        if before is None or not _is_same(plan_key(before), plan_key(session)):
            changes["plan"] = plan_views(session)
        if fields := changed_fields(self._told, view):
            changes["session"] = fields
        self._told = view
        names = [
            name
            for name, state in session.workers.items()
            if before is None
            or before.workers.get(name) is not state
            or before.details.get(name) is not session.details.get(name)
        ]
        if names:
            changes["workers"] = {name: worker_view(session, name, self._memory.of(name)) for name in names}
        if before is None or before.assessment.reviews is not session.assessment.reviews:
            old = before.assessment.reviews if before else {}
            reviews = {review.id: review for review in review_views(session)}
            changes["reviews"] = {
                name: reviews[name] for name, state in session.assessment.reviews.items() if old.get(name) is not state
            }
        lists = _short_lists(session)
        told = _short_lists(before) if before else {}
        changes.update({name: items for name, items in lists.items() if told.get(name) is not items})
        return changes


def _says_only(session: Session | None, entry: JournalEntry) -> bool:
    """Whether a worker at work says or does something, which changes neither its state nor what it has spent."""
    body = entry.body
    if type(body) is not AgentOutput or session is None:
        return False
    worker = session.workers.get(body.worker)
    if worker is None or worker.status is not WorkerStatus.RUNNING:
        return False
    return all(type(event.payload) in _WORDS for event in body.events)


def _is_same(one: Sequence[object], other: Sequence[object]) -> bool:
    """Whether each is the same object as the other's; sets of names are compared."""
    return all(a is b or (isinstance(a, KeysView) and a == b) for a, b in zip(one, other, strict=True))


def _short_lists(session: Session) -> dict[str, object]:
    """The lists that are sent whole when they change; they stay short."""
    return {
        "decisions": session.assessment.decisions,
        "recoveries": session.recoveries,
        "questions": question_views(session),
        "answers": session.approvals.answers,
    }
