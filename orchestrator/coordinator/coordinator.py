"""Run the main loop of one session: append, fold, perform, and listen for what comes back."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import anyio
import anyio.lowlevel
from anyio.abc import TaskGroup

from orchestrator.agents.contract import Translation
from orchestrator.agents.registry import get_agent
from orchestrator.coordinator.asides import AsideReader
from orchestrator.coordinator.clocks import Clock
from orchestrator.coordinator.egress.outbound import OutboundDesk
from orchestrator.coordinator.evidence import Evidence
from orchestrator.coordinator.guard_desk import GuardDesk
from orchestrator.coordinator.performer import Performer
from orchestrator.coordinator.session_request import GateMeasurer, Observer
from orchestrator.coordinator.storage_watch import Storage, stopping_without_journal
from orchestrator.coordinator.stream_listeners import Listener, Offsets, as_entry, as_recorded, beginning
from orchestrator.coordinator.timers import keep_checkpoints, keep_sampling, keep_sharing_logins, keep_time
from orchestrator.files.tailing import FileChanges, file_changes
from orchestrator.files.time_limits import off_loop
from orchestrator.journal.control import read_commands
from orchestrator.journal.folder import SessionFolder
from orchestrator.journal.writer import Journal
from orchestrator.models.effects import EffectId, Outcome
from orchestrator.models.entries import (
    FACTS_ARE_TOLD,
    ClockMoved,
    CoordinatorResumed,
    EffectDone,
    Input,
    JournalEntry,
    Told,
    Wanted,
    WorkerExited,
    as_derived,
)
from orchestrator.models.facts import FACTS
from orchestrator.models.identity import WorkerId
from orchestrator.models.work import Assignment
from orchestrator.safety.redaction import Redactor
from orchestrator.session.fold import fold
from orchestrator.session.state import Session
from orchestrator.workers.crew import Crew

VERIFY_TIME_S = 60.0
MOST_AT_ONCE = 200
"""Inputs that are taken before others are let in again; to take so many lasts some milliseconds."""


def is_follow_up(body: Input) -> bool:
    """Whether more is asked of a session that is done."""
    return isinstance(body, CoordinatorResumed) and body.follow_up is not None


class Coordinator:
    """Runs one session whose lock the caller holds (spec 004).

    Args:
        session: ``None`` for a new one; else what the journal so far amounts to.
        before_start: Told just before an attempt of a worker starts.
        state: The user's state folder; ``None``: no checkpoint is kept.
        gates: Measures the gates of the session's own plan; ``None``: all but ``tests`` are not measured.
    """

    def __init__(
        self,
        folder: SessionFolder,
        journal: Journal,
        crew: Crew,
        *,
        evidence: Evidence,
        leaver: OutboundDesk,
        redactor: Redactor,
        observers: Sequence[Observer] = (),
        session: Session | None = None,
        clock: Clock,
        before_start: Callable[[Assignment], None] = lambda _: None,
        gates: GateMeasurer | None = None,
        state: Path | None = None,
    ) -> None:
        self.folder = folder
        self.crew = crew
        self._journal = journal
        self.evidence = evidence
        self._leaver = leaver
        self._redactor = redactor
        self._observers = observers
        self._session = session
        self._before_start = before_start
        self._gates = gates
        self._state = state
        self.clock = clock
        self._inbox: deque[Sequence[Input]] = deque()
        self._is_taking = False
        self._is_catching_up = False
        self._listeners: dict[WorkerId, Listener] = {}
        self._reader_of: dict[Path, Listener] | None = None  # made anew when the listeners have changed
        self.ends: dict[WorkerId, Offsets] = {}  # where each worker's last attempt ended in its files
        self.carried: dict[WorkerId, Translation] = {}  # and what it ended with
        self._commands_done = 0
        self._desk = GuardDesk(folder, self.take)
        self._performer: Performer | None = None
        self._changes: FileChanges | None = None
        self._storage = Storage(folder, journal)
        self._tasks: TaskGroup | None = None

    @property
    def session(self) -> Session:
        """The session after the last entry."""
        if self._session is None:
            raise RuntimeError("no entry has been taken yet")
        return self._session

    async def run(
        self,
        *first: Input,
        unrecorded: Sequence[tuple[EffectId, Wanted]] = (),
        begun: Collection[EffectId] = (),
        undone: Sequence[tuple[EffectId, Wanted]] = (),
        adopted: Mapping[WorkerId, int] = MappingProxyType({}),
    ) -> Session:
        """Take ``first`` and go on until the session is closed.

        Args:
            unrecorded: Effects a dead coordinator had derived but not written down: recorded first, then done, if not
                ``begun`` all the same.
            undone: Effects it had written down, of which no outcome is known: they are done again.
            adopted: Attempts that were running, or whose end is not yet in the journal, by worker.
        """
        with ExitStack() as cleanup:
            cleanup.callback(self._close_listeners)
            folders = [self.folder.path, self.folder.reviews_dir, self.folder.commands_dir]
            async with (
                self.crew.proxy_listener(refused=lambda refusal: self.take(as_entry(refusal))),
                file_changes(folders, ignored={"journal.jsonl", "orchestrator.log", "network.sock"}) as changes,
            ):
                self._changes = changes
                async with stopping_without_journal(self.crew), anyio.create_task_group() as tasks:
                    self._tasks = tasks
                    self._performer = self._make_performer(tasks)
                    self._is_catching_up = True
                    self._record_and_perform(unrecorded, begun)
                    for name, one in undone:
                        self._perform(name, one)
                    self._is_catching_up = False
                    # A session that was only waiting to be closed is done; any other goes on, and so does one of which
                    # more is asked.
                    if not self.is_done() or any(map(is_follow_up, first)):
                        self._take_all(first)
                    for worker, attempt in adopted.items():
                        changes.add(self.folder.scratch(worker))
                        self._desk.watch(worker, changes)
                        tasks.start_soon(self._wait_for_end, worker, attempt)
                    tasks.start_soon(self._listen, changes)
                    tasks.start_soon(keep_time, lambda: self.session, self.take, self.clock)
                    tasks.start_soon(keep_sampling, self.crew, self._listeners, self._take_all)
                    tasks.start_soon(keep_sharing_logins, self.crew)
                    if self._state is not None:
                        tasks.start_soon(
                            keep_checkpoints, self.folder, self._journal, lambda: self.session, self._state
                        )
                    tasks.start_soon(self._storage.watch, lambda: self.session, self.take)
                    self._stop_if_closed()
        return self.session

    def take(self, body: Input) -> None:
        """Append one input, fold it in, and do what the session then wants."""
        self._take_all((body,))

    def adopt(self, worker: WorkerId, listener: Listener) -> None:
        """Listen to, and wait for, an attempt that was already running."""
        self._listeners[worker] = listener
        self._reader_of = None

    def _make_performer(self, tasks: TaskGroup) -> Performer:
        return Performer(
            folder=self.folder,
            crew=self.crew,
            evidence=self.evidence,
            tasks=tasks,
            take=self.take,
            started=self._begin_listening,
            session=lambda: self.session,
            before_start=self._before_start,
            desk=self._desk,
            leaver=self._leaver,
            gates=self._gates,
        )

    def _take_all(self, bodies: Sequence[Input]) -> None:
        """Inputs that come while others are being taken wait their turn: the fold is never entered twice."""
        if bodies:
            self._inbox.append(bodies)
        if self._is_taking:
            return
        self._is_taking = True
        try:
            while self._inbox:
                self._take_batch(self._inbox.popleft())
        finally:
            self._is_taking = False
        self._stop_if_closed()

    def _take_batch(self, bodies: Sequence[Input]) -> None:
        wanted: list[tuple[EffectId, Wanted]] = []
        moved = self.clock.take_move() if self._session is not None else 0.0
        bodies = (ClockMoved(moved), *bodies) if moved else bodies
        recorded = [as_recorded(self._redactor, body) for body in bodies]
        for entry, effects in self._fold(self._journal.append_many(recorded, self.clock.now())):
            wanted.extend((EffectId(entry.n, index), one) for index, one in enumerate(effects))
        self._record_and_perform(wanted)

    def _record_and_perform(self, wanted: Sequence[tuple[EffectId, Wanted]], begun: Collection[EffectId] = ()) -> None:
        if not wanted or self._performer is None:
            return
        format_ = self.session.format
        derived = [as_derived(name, one, format_=format_) for name, one in wanted]
        for _ in self._fold(self._journal.append_many(derived, self.clock.now())):
            pass
        if all(isinstance(one, Told) for one in derived):
            return
        self._journal.sync()
        for name, one in wanted:
            if name not in begun:
                self._perform(name, one)

    def _perform(self, name: EffectId, wanted: Wanted) -> None:
        if not isinstance(wanted, FACTS):
            if self._performer is not None:
                self._performer.perform(name, wanted)
        elif self.session.format < FACTS_ARE_TOLD:
            # Its journal knows facts as effects: with the intent on record they are done.
            self.take(EffectDone(name))

    def _fold(self, entries: Sequence[JournalEntry]) -> Iterator[tuple[JournalEntry, Sequence[Wanted]]]:
        for entry, session, effects in fold(self._session, entries):
            self._session = session
            for observe in self._observers:
                observe(session, entry)
            yield entry, effects

    def _stop_if_closed(self) -> None:
        if self._is_catching_up or self._tasks is None:
            return
        if self._session is not None and self._session.closed is not None:
            self._tasks.cancel_scope.cancel()

    def is_done(self) -> bool:
        """Whether the session is closed for good: it cannot be resumed."""
        closed = self._session.closed if self._session is not None else None
        return closed is not None and closed.outcome is Outcome.DONE

    # Listening

    def _begin_listening(self, assignment: Assignment, attempt: int) -> None:
        worker = assignment.worker
        translation = beginning(self.carried.get(worker, Translation()), assignment)
        agent = get_agent(assignment.agent)
        aside = AsideReader.of(agent, self.folder.home(worker))
        listener = Listener(worker, attempt, agent, self._redactor, self.clock.now, translation, aside=aside)
        listener.follow_all(self.folder, self.ends.get(worker, Offsets()))
        self._listeners[worker] = listener
        self._reader_of = None
        if self._changes is not None:
            self._changes.add(self.folder.scratch(worker))
            self._desk.watch(worker, self._changes)
        if self._tasks is not None:
            self._tasks.start_soon(self._wait_for_end, worker, attempt)

    async def _listen(self, changes: FileChanges) -> None:
        commands = f"{self.folder.commands_dir}{os.sep}"
        await self._hear(None)
        self._read_commands()
        async for paths in changes:
            await self._hear(paths)
            self._desk.hear(paths)
            if paths is None or any(str(path).startswith(commands) for path in paths):
                self._read_commands()

    async def _hear(self, paths: frozenset[Path] | None) -> None:
        """Take what is new in these files, or in all: what several workers wrote is taken at once."""
        heard: list[Input] = []
        for listener in self._concerned(paths):
            while True:
                heard += listener.hear(paths)
                if listener.has_more or len(heard) >= MOST_AT_ONCE:
                    self._take_all(heard)
                    heard = []
                    # A flood from one worker must not keep the others, or a stop, waiting.
                    await anyio.lowlevel.checkpoint()
                if not listener.has_more:
                    break
        self._take_all(heard)

    def _concerned(self, paths: frozenset[Path] | None) -> Sequence[Listener]:
        """Whoever reads one of these files."""
        if paths is None:
            return list(self._listeners.values())
        if self._reader_of is None:
            self._reader_of = {path: one for one in self._listeners.values() for path in one.paths()}
        # A dictionary, as an ordered set.
        return list({id(one): one for path in paths if (one := self._reader_of.get(path)) is not None}.values())

    async def _wait_for_end(self, worker: WorkerId, attempt: int) -> None:
        exit_record = await self.crew.wait_exited(worker)
        self.evidence.writers.ends(worker)
        listener = self._listeners.pop(worker, None)
        self._reader_of = None
        if listener is not None:
            try:
                for heard in listener.finish():
                    self._take_all(heard)
                    await anyio.lowlevel.checkpoint()
                await self._verify(listener)
                self._take_all(listener.reckoning())
            finally:
                listener.close()
            self.carried[worker] = listener.translation
            self.ends[worker] = listener.ends()
        if not self.crew.running():
            self._storage.make_room()
        self.take(WorkerExited(worker, attempt, exit_record))

    async def _verify(self, listener: Listener) -> None:
        # Files that cannot be read again in time are judged by what was read the first time.
        with suppress(TimeoutError):
            await off_loop(listener.verify, within_s=VERIFY_TIME_S, what="reading a worker's output again")

    def _read_commands(self) -> None:
        for dropped in read_commands(self.folder, self._commands_done):
            self._commands_done = dropped.n
            if dropped.command is not None:
                self.take(replace(dropped.command, number=dropped.n))

    def skip_commands(self, until: int) -> None:
        """Commands up to this number were taken by an earlier coordinator."""
        self._commands_done = until

    def _close_listeners(self) -> None:
        for listener in self._listeners.values():
            listener.close()
