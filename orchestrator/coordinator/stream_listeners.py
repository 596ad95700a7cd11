"""Turn the raw files of an attempt into journal inputs: one listener, three streams."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, TypeAlias

from orchestrator.agents.bounds import MOST_EVENTS, bounded, plain_texts, trimmed
from orchestrator.agents.contract import Agent, Translation
from orchestrator.agents.self_reports import REPORT_TYPES, events_of_report_line
from orchestrator.coordinator.asides import AsideReader
from orchestrator.files.tailing import FileTail
from orchestrator.journal.folder import SessionFolder
from orchestrator.models.entries import (
    AgentOutput,
    CoordinatorResumed,
    Input,
    NetworkRefused,
    Sampled,
    SessionOpened,
    StreamFault,
    StreamRead,
    UserCommand,
)
from orchestrator.models.events import AgentEvent, ConversationStarted, EventType, Said, TurnEnded
from orchestrator.models.identity import WorkerId
from orchestrator.models.work import Assignment
from orchestrator.network.proxy import Refusal
from orchestrator.safety.redaction import Redactor
from orchestrator.value_class import value_class
from orchestrator.wire.lines import Line
from orchestrator.wire.records import Noise, RawRecord, decode_line, whole_record
from orchestrator.wire.spread_objects import SpreadObjects

StreamName: TypeAlias = Literal["stdout", "stderr", "events"]
Heard: TypeAlias = AgentOutput | StreamFault | StreamRead
_AS_THEY_ARE = (AgentOutput, StreamRead, Sampled, SessionOpened, CoordinatorResumed, UserCommand)


@value_class
class Offsets:
    """Where an attempt begins in each of its worker's files, in bytes."""

    stdout: int = 0
    stderr: int = 0
    events: int = 0


def as_recorded(redactor: Redactor, body: Input) -> Input:
    """The input as it may enter the journal.

    Output was redacted where it was heard; what a person said, or the session began with, is taken at its word.
    """
    if isinstance(body, _AS_THEY_ARE):
        return body
    return redactor.value(body)


def beginning(carried: Translation, assignment: Assignment) -> Translation:
    """The state in which an attempt's translation begins: the conversation's figures go on, the rest starts afresh.

    Args:
        carried: What the attempt before it ended with.
    """
    return Translation(totals=carried.totals if assignment.resume else {}, conversation=assignment.resume)


def as_entry(refusal: Refusal) -> NetworkRefused:
    """What the workers' proxy refused, as it enters the journal."""
    return NetworkRefused(refusal.worker, refusal.host, refusal.port, refusal.reason, refusal.times)


@dataclass(slots=True)
class Stream:
    """One file of one attempt."""

    name: StreamName
    tail: FileTail
    skip_until: int = 0
    """Events of records that end here or before are in the journal already; they only rebuild the state."""
    said_fault: bool = False
    said_until: int = 0
    """How far the last :class:`StreamRead` went."""
    spread: SpreadObjects = field(default_factory=SpreadObjects)

    def whole(self, line: Line) -> Sequence[Line]:
        """Return what this line completes; JSON is looked for only where a CLI or a worker writes it."""
        return (line,) if self.name == "stderr" else self.spread.feed(line)


@dataclass(slots=True)
class Listener:
    """Turns what one attempt writes into journal inputs.

    Args:
        translation: Where the state begins: what an earlier attempt of the same conversation left.
        said_pending: Text whose message never ended is in the journal already.
        aside: ``None`` for a CLI that keeps nothing beside its streams, and where only the state is rebuilt.
    """

    worker: WorkerId
    attempt: int
    agent: Agent
    redactor: Redactor
    now: Callable[[], datetime]
    translation: Translation = field(default_factory=Translation)
    said_pending: bool = False
    aside: AsideReader | None = None
    """What the CLI keeps beside its streams; it is told once a turn, before its end."""
    has_begun: bool = False
    """A turn has begun whose aside has not been told yet."""
    streams: list[Stream] = field(default_factory=list)
    has_more: bool = False
    """When something was heard last, there was more in a file than was read of it."""

    def follow(
        self,
        name: StreamName,
        path: Path,
        offset: int,
        *,
        end: int | None = None,
        skip_until: int = 0,
        expect: tuple[int, str] | None = None,
    ) -> None:
        """Read ``path`` from ``offset`` on.

        Args:
            end: Read no further than this; ``None`` follows the file.
            expect: How far an earlier coordinator had read from there, and the hash it journalled of that.
        """
        self.streams.append(Stream(name, FileTail(path, offset, end=end, expect=expect), skip_until))

    def follow_all(self, folder: SessionFolder, offsets: Offsets) -> None:
        """Read the worker's three files from where its attempt begins."""
        self.follow("stdout", folder.raw_stdout(self.worker), offsets.stdout)
        self.follow("stderr", folder.raw_stderr(self.worker), offsets.stderr)
        self.follow("events", folder.events_file(self.worker), offsets.events)

    def paths(self) -> Iterable[Path]:
        """The files it reads."""
        return (stream.tail.path for stream in self.streams)

    def hear(self, paths: Container[Path] | None = None) -> Sequence[Heard]:
        """Return what is new, at most about 1 MiB of a file at a time.

        Args:
            paths: Look only at these files; ``None`` stands for all.
        """
        heard: list[Heard] = []
        self.has_more = False
        for stream in self.streams:
            if paths is not None and stream.tail.path not in paths:
                continue
            lines = stream.tail.read()
            self.has_more = self.has_more or not stream.tail.is_at_end
            if lines:
                self._take_lines(stream, lines, heard)
            if stream.tail.fault() is not None:
                heard.extend(self._fault(stream))
        return heard

    def _take_lines(self, stream: Stream, lines: Sequence[Line], heard: list[Heard]) -> None:
        """Add what one read of a stream says; all of it was read at one moment."""
        at, is_stdout = self.now(), stream.name == "stdout"
        for line in lines:
            start, end, data, _ = line
            # Nearly every line is one whole object, and nothing else has to be asked of it.
            record = whole_record(data) if is_stdout and data and not stream.spread.is_open else None
            if record is None:
                for whole in stream.whole(line):
                    heard.extend(self._take(stream, whole, at))
            elif (events := self._translate(stream, record, at)) and end > stream.skip_until:
                heard.append(self._output("stdout", start, end, events))

    def finish(self) -> Iterator[Sequence[Heard]]:
        """All that is left once nobody writes any more, in bounded portions; torn tails are said.

        The files stay open for :meth:`verify`.
        """
        while heard := self.hear():
            yield heard
        for stream in self.streams:
            left = [whole for line in stream.tail.finish() for whole in stream.whole(line)]
            for line in (*left, *stream.spread.finish()):
                yield [*self._take(stream, line, self.now()), *self._torn(stream, line)]
            yield [*self._fault(stream)]
        if self.translation.pending_text and not self.said_pending:
            # Deltas whose message never ended: the process went in the middle of it.
            end = next((s.tail.position for s in self.streams if s.name == "stdout"), 0)
            event = AgentEvent(EventType.PROGRESS, self.agent.name, self.now(), Said(self.translation.pending_text))
            yield [self._output("stdout", end, end, (event,))]
        if told := self._told_aside(self.now()):
            # The turn has no end: the process went in the middle of it.
            end = next((s.tail.position for s in self.streams if s.name == "stdout"), 0)
            yield [self._output("stdout", end, end, told)]

    def verify(self) -> None:
        """Hold what has been read against the files as they are now.  Reads them again, so it may take seconds."""
        for stream in self.streams:
            stream.tail.verify()

    def reckoning(self) -> Sequence[Heard]:
        """How far each stream has been read and the hash of it, where that is not on record; and faults found since."""
        said: list[Heard] = []
        for stream in self.streams:
            tail = stream.tail
            said.extend(self._fault(stream))
            if tail.position > max(tail.start, stream.said_until):
                stream.said_until = tail.position
                said.append(
                    StreamRead(self.worker, self.attempt, stream.name, tail.start, tail.position, tail.digest())
                )
        return said

    def ends(self) -> Offsets:
        """How far it has read each file: where the worker's next attempt begins, since nobody writes in between."""
        return Offsets(**{stream.name: stream.tail.position for stream in self.streams})

    def close(self) -> None:
        """Close the files."""
        for stream in self.streams:
            stream.tail.close()

    def _take(self, stream: Stream, line: Line, at: datetime) -> Iterator[Heard]:
        if line.data is None:
            size = line.end - line.start
            yield self._fault_entry(
                stream, "overlong", line, f"a line of {size} bytes was skipped; the raw file has it"
            )
            return
        known = REPORT_TYPES if stream.name == "events" else self.agent.record_types
        events: list[AgentEvent] = []
        for record in decode_line(line.data, stream.name, known):
            events.extend(self._translate(stream, record, at))
        if events and line.end > stream.skip_until:
            yield self._output(stream.name, line.start, line.end, events)

    def _translate(self, stream: Stream, record: RawRecord | Noise, at: datetime) -> Sequence[AgentEvent]:
        if stream.name == "events":
            return events_of_report_line(self.agent.name, record, at)
        self.translation, events = self.agent.translate(self.translation, record, at)
        return events if self.aside is None else self._with_aside(events, at)

    def _with_aside(self, events: Sequence[AgentEvent], at: datetime) -> Sequence[AgentEvent]:
        kinds = [type(event.payload) for event in events]
        self.has_begun = self.has_begun or ConversationStarted in kinds
        if TurnEnded not in kinds:
            return events
        place = kinds.index(TurnEnded)
        return [*events[:place], *self._told_aside(at), *events[place:]]

    def _told_aside(self, at: datetime) -> Sequence[AgentEvent]:
        if self.aside is None or not self.has_begun:
            return ()
        self.has_begun = False
        return self.aside.last_turn(self.translation.conversation or "", at)

    def _output(self, name: StreamName, start: int, end: int, events: Sequence[AgentEvent]) -> AgentOutput:
        recorded = tuple(events)
        if not self._are_plain(recorded):
            recorded = tuple(trimmed(self.redactor.event(event)) for event in bounded(recorded))
        return AgentOutput(self.worker, self.attempt, name, start, end, recorded)

    def _are_plain(self, events: Sequence[AgentEvent]) -> bool:
        """Whether the events can be recorded as they are: none is too long, and none may hold a secret."""
        if len(events) > MOST_EVENTS:
            return False
        for event in events:
            texts = plain_texts(event)
            if texts is None:
                return False
            for text in texts:
                if text and self.redactor.may_hold(text):
                    return False
        return True

    def _torn(self, stream: Stream, line: Line) -> Iterator[Heard]:
        if line.torn and line.end > stream.skip_until and stream.name != "stderr":
            yield self._fault_entry(stream, "torn", line, "the last line has no end: its writer was stopped in it")

    def _fault(self, stream: Stream) -> Iterator[Heard]:
        fault = stream.tail.fault()
        if fault is not None and not stream.said_fault:
            stream.said_fault = True
            yield StreamFault(self.worker, self.attempt, stream.name, fault.fault, fault.start, fault.end, fault.text)

    def _fault_entry(self, stream: Stream, fault: Literal["overlong", "torn"], line: Line, text: str) -> StreamFault:
        return StreamFault(self.worker, self.attempt, stream.name, fault, line.start, line.end, text)
