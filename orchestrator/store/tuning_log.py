"""Keep what tuning has decided in a log beside the outcome log, with the same safety; the log alone is the truth.

Whoever decides holds the log from before it reads to after it has written, and writes one line for all that follows
from one thing that happened.  So whoever is killed has either decided or not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from orchestrator.errors import JournalDamaged, OrchestrateError
from orchestrator.files.foreign import ForeignFolder, Unread
from orchestrator.journal.folder import SessionFolder
from orchestrator.journal.reader import read_journal, read_last_entry
from orchestrator.late_adapter import late_adapter
from orchestrator.models.entries import SessionClosed
from orchestrator.store.derived_outcomes import outcome_of_journal
from orchestrator.store.outcome_log import MOST_LINE_BYTES, LineLog, Reading
from orchestrator.tuning.parameters import BASELINE
from orchestrator.tuning.session_measures import measures_of
from orchestrator.tuning.session_results import result_of
from orchestrator.tuning.tuner import Tuning, apply, decide, fold, on_result
from orchestrator.tuning.tuning_events import Assigned, SessionResult, Switched, TuningEvent
from orchestrator.value_class import value_class

TUNING_LOG_NAME: Final = "tuning.jsonl"
TUNING_FORMAT: Final = 1
MOST_LOG_BYTES: Final = 256 * 1024 * 1024
_SWITCHED: Final = b'"kind":"switched"'
MOST_CAUGHT_UP: Final = 5
"""Sessions that are caught up on when another one opens: each takes the time of reading its journal."""


@value_class
class TuningRecord:
    """One line of ``tuning.jsonl``: something that happened, and all that followed from it."""

    at: datetime
    """By the clock of whoever wrote it; the order of the lines is what counts."""
    events: tuple[TuningEvent, ...]
    format: int = field(default=TUNING_FORMAT)


TUNING_RECORD: TypeAdapter[TuningRecord] = late_adapter(TuningRecord)


class TuningLog(LineLog[TuningRecord]):
    """The log of one user's tuning.

    Args:
        folder: The user's state folder.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(
            folder,
            name=TUNING_LOG_NAME,
            torn="tuning.torn",
            kind=TuningRecord,
            lines=TUNING_RECORD,
            format_=TUNING_FORMAT,
        )
        self._known: tuple[Reading, Tuning] | None = None

    def is_there(self) -> bool:
        """Whether tuning was ever switched on."""
        return self.path.exists()

    def is_off(self) -> bool:
        """Whether the last switch turned it off; only that line is decoded, so that it costs nothing while it is off.

        What cannot be read is not off: whoever goes on to :meth:`act` is told what is wrong with it.
        """
        with ForeignFolder(self.folder).opened(self.path.name) as found:
            if isinstance(found, Unread):
                return False
            with open(found.descriptor, "rb", closefd=False) as file:
                content = file.read(MOST_LOG_BYTES)
        at = content.rfind(_SWITCHED)
        if at < 0 or len(content) == MOST_LOG_BYTES:
            return False
        line = content[content.rfind(b"\n", 0, at) + 1 :].split(b"\n", 1)[0]
        try:
            events = TUNING_RECORD.validate_json(line).events
        except ValueError:
            return False
        return [event.to for event in events if isinstance(event, Switched)][-1:] == ["off"]

    def events(self, reading: Reading | None = None) -> Iterator[TuningEvent]:
        """Everything that has happened, in order.

        Raises:
            EnvironmentUnfit: The log is there and cannot be read.
        """
        for record in self.read(reading):
            yield from record.events

    def tuning(self) -> Tuning:
        """Where tuning stands.

        Raises:
            EnvironmentUnfit: As :meth:`events`.
            JournalDamaged: A line is damaged or of a newer version: what is in force cannot be known.
        """
        reading = Reading()
        return self._followed(reading, fold(self.events(reading)))

    def _followed(self, reading: Reading, found: Tuning) -> Tuning:
        if reading.damages or reading.newer:
            said = str(reading.damages[0]) if reading.damages else f"{reading.newer} lines of a newer version"
            raise JournalDamaged(
                f"{self.path} cannot be followed: {said}",
                hint="nothing is tuned meanwhile; move the file away to begin anew, at the defaults",
            )
        return found

    def act(self, what: Callable[[Tuning], Iterable[TuningEvent]]) -> Sequence[TuningEvent]:
        """Let something happen: ``what`` sees where tuning stands, and all that follows is written in one line.

        Raises:
            EnvironmentUnfit: The log cannot be read or written.
            JournalDamaged: As :meth:`tuning`.
        """
        written: list[TuningEvent] = []
        known, self._known = self._known, None
        data = b""

        def make() -> bytes:
            nonlocal known, data
            if known is None or self.was_replaced(known[0]):
                known = Reading(), Tuning()
            reading, tuning = known
            for event in self.events(reading):
                apply(tuning, event)
            self._followed(reading, tuning)
            for event in what(tuning):
                apply(tuning, event)
                written.append(event)
            while following := decide(tuning):
                for event in following:
                    apply(tuning, event)
                written.extend(following)
            if written:
                data = line_of(written, at=datetime.now(UTC))
            return data

        self.append_after(make)
        if known is not None and known[0].identity is not None:
            # What was written is known already; where it could not be written, all is read again.
            known[0].offset += len(data)
            known[0].lines += bool(data)
            self._known = known
        return written


def line_of(events: Iterable[TuningEvent], *, at: datetime) -> bytes:
    """The line of what happened; of a session's values it has those that are not at their default, because the whole
    log is read when a session opens, and all of them stand in entry 1 of the session's journal."""
    return TUNING_RECORD.dump_json(TuningRecord(at, tuple(map(_short, events)))) + b"\n"


def _short(event: TuningEvent) -> TuningEvent:
    if not isinstance(event, Assigned):
        return event
    return replace(event, values={name: one for name, one in event.values.items() if one != BASELINE.get(name)})


def result_from_journal(folder: Path) -> SessionResult | None:
    """What of a session counts, from its journal; ``None`` while it has not ended.

    Raises:
        OrchestrateError: Its journal is gone or damaged.
        ValueError: As above.
    """
    session = SessionFolder(folder)
    last = read_last_entry(session.journal_file)
    if last is None or not isinstance(last.body, SessionClosed):
        return None
    outcome = outcome_of_journal(read_journal(session.journal_file))
    if outcome is None:
        return None
    with ForeignFolder(folder).opened(session.journal_file.name) as found:
        if isinstance(found, Unread):
            raise JournalDamaged(f"the journal of {folder.name} {found.detail}")
        file = open(found.descriptor, "rb", buffering=1 << 20, closefd=False)  # noqa: SIM115 - closed with it
        return result_of(measures_of(iter(partial(file.readline, MOST_LINE_BYTES), b"")), outcome)


def caught_up(assigned: Mapping[str, Assigned]) -> Sequence[SessionResult]:
    """The results of sessions that have ended and whose end was never told: their coordinator was killed.

    The oldest come first; what cannot be read is left to be given up in time.
    """
    found: list[SessionResult] = []
    for one in list(assigned.values())[: 4 * MOST_CAUGHT_UP]:
        if not one.folder or len(found) >= MOST_CAUGHT_UP:
            continue
        try:
            result = result_from_journal(Path(one.folder))
        except (OrchestrateError, ValueError, LookupError, OSError):
            continue
        if result is not None:
            found.append(result)
    return found


def results_told(tuning: Tuning, results: Iterable[SessionResult]) -> Iterator[TuningEvent]:
    """The events of these results; the caller takes each in before it asks for the next one."""
    for result in results:
        yield from on_result(tuning, result)
