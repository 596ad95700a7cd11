"""Recover what a dead coordinator left: its session, its open effects, and how far it had read each stream."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field

from orchestrator.agents.contract import Translation
from orchestrator.agents.registry import get_agent
from orchestrator.coordinator.clocks import utc_now
from orchestrator.coordinator.stream_listeners import Listener, Offsets, beginning
from orchestrator.errors import UsageError
from orchestrator.journal.folder import SessionFolder
from orchestrator.models.effects import CloseSession, EffectId, Outcome, StartWorker
from orchestrator.models.entries import (
    AgentOutput,
    EffectIntended,
    JournalEntry,
    StreamFault,
    StreamRead,
    UserCommand,
    Wanted,
    WorkerExited,
)
from orchestrator.models.identity import WorkerId
from orchestrator.models.work import Assignment
from orchestrator.safety.redaction import Redactor
from orchestrator.session.replaying import ReplayResult, replay
from orchestrator.session.state import Session
from orchestrator.value_class import value_class


@value_class
class Inheritance:
    """The session of a dead coordinator, its open effects, and how far it had read."""

    session: Session
    unrecorded: tuple[tuple[EffectId, Wanted], ...]
    undone: tuple[tuple[EffectId, Wanted], ...]
    heard: Mapping[tuple[WorkerId, int, str], int]
    """End offset of the last record in the journal, by worker, attempt and stream."""
    last_command: int
    ended: Mapping[tuple[WorkerId, int, str], int] = field(default_factory=dict)
    """Where each attempt's part of a stream ends as far as the journal knows, bytes that meant nothing included."""
    said_pending: frozenset[tuple[WorkerId, int]] = frozenset()
    """Attempts whose last text, of a message that never ended, is in the journal already."""
    reckoned: Mapping[tuple[WorkerId, int, str], StreamRead] = field(default_factory=dict)
    """How far each stream had been read, and the hash of that: what was read must not have changed since."""
    launched: Mapping[tuple[WorkerId, int], Assignment] = field(default_factory=dict)
    """What each attempt was started with."""

    @property
    def given_up(self) -> tuple[EffectId, ...]:
        """Intended ends that are dropped, because the session goes on."""
        ends = ((name, effect) for name, effect in self.undone if isinstance(effect, CloseSession))
        return tuple(name for name, effect in ends if effect.outcome is not Outcome.DONE)

    def ends_before(self, worker: WorkerId, attempt: int) -> Offsets:
        """Where this attempt begins in the worker's files, which is where the previous one ended."""
        found = {"stdout": 0, "stderr": 0, "events": 0}
        for (who, number, stream), end in self.ended.items():
            if who == worker and number < attempt:
                found[stream] = max(found[stream], end)
        return Offsets(**found)

    def carried_before(self, worker: WorkerId, attempt: int, folder: SessionFolder) -> Translation:
        """The translation state that this attempt inherits from the previous ones."""
        earlier = {
            number: (assignment, self.ends_before(worker, number), self.ends_before(worker, number + 1))
            for (who, number), assignment in self.launched.items()
            if who == worker and number < attempt
        }
        return _heard_again(earlier, folder)


def inherit(entries: Sequence[JournalEntry]) -> Inheritance:
    """Replay the journal and collect what was left open.

    Raises:
        ReplayDiffers: Something else is derived than is recorded; going on would be guessing.
        UsageError: The session was never opened.
    """
    if not entries:
        raise UsageError("this session was never opened: its journal is empty", hint="start it again")
    result: ReplayResult = replay(entries)
    intended = {
        (entry.body.id.cause, entry.body.id.index): (entry.body.id, entry.body.effect)
        for entry in entries
        if isinstance(entry.body, EffectIntended)
    }
    undone = tuple(intended[key] for key in result.session.effects_open if key in intended)
    last_command = 0
    for entry in entries:
        if isinstance(entry.body, UserCommand) and entry.body.number is not None:
            last_command = max(last_command, entry.body.number)
    read = _read_so_far(entries)
    effects = (effect for _, effect in (*intended.values(), *result.unrecorded))
    return Inheritance(
        result.session,
        result.unrecorded,
        undone,
        read.heard,
        last_command,
        read.ended,
        read.pending,
        read.reckoned,
        {(one.worker, one.attempt): one.assignment for one in effects if isinstance(one, StartWorker)},
    )


@value_class
class _Read:
    heard: Mapping[tuple[WorkerId, int, str], int]
    ended: Mapping[tuple[WorkerId, int, str], int]
    pending: frozenset[tuple[WorkerId, int]]
    reckoned: Mapping[tuple[WorkerId, int, str], StreamRead]


def _read_so_far(entries: Sequence[JournalEntry]) -> _Read:
    heard: dict[tuple[WorkerId, int, str], int] = {}
    ended: dict[tuple[WorkerId, int, str], int] = {}
    pending: set[tuple[WorkerId, int]] = set()
    reckoned: dict[tuple[WorkerId, int, str], StreamRead] = {}
    for body in (entry.body for entry in entries):
        if isinstance(body, AgentOutput):
            heard[body.worker, body.attempt, body.stream] = body.end
            if body.start == body.end:  # stands for no record of its own
                pending.add((body.worker, body.attempt))
        if isinstance(body, AgentOutput | StreamFault | StreamRead):
            key = (body.worker, body.attempt, body.stream)
            ended[key] = max(body.end, ended.get(key, 0))
            if isinstance(body, StreamRead):
                reckoned[key] = body
        elif isinstance(body, WorkerExited):
            for name, end in (("stdout", body.exit.stdout_end), ("stderr", body.exit.stderr_end)):
                part = (body.worker, body.attempt, name)
                ended[part] = max(end, ended.get(part, 0))
    return _Read(heard, ended, frozenset(pending), reckoned)


def _heard_again(attempts: Mapping[int, tuple[Assignment, Offsets, Offsets]], folder: SessionFolder) -> Translation:
    """Translate a worker's earlier attempts again, from its last conversation on, for the state that each ended in.

    Args:
        attempts: By number, oldest first: what each was started with, and where it begins and ends in the files.
    """
    first = max((number for number, (assignment, _, _) in attempts.items() if assignment.resume is None), default=0)
    carried = Translation()
    for number, (assignment, start, end) in attempts.items():
        if number < first:
            continue
        agent = get_agent(assignment.agent)
        listener = Listener(assignment.worker, number, agent, Redactor(), utc_now, beginning(carried, assignment))
        raw = folder.raw_stdout(assignment.worker)
        listener.follow("stdout", raw, start.stdout, end=end.stdout, skip_until=end.stdout)
        for _ in listener.finish():
            pass
        listener.close()
        carried = listener.translation
    return carried
