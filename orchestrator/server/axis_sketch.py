"""Sketch what a session did when from samples of its journal: a picture of the axis of time, however long that is.

A screen has about a thousand pixels in a row, and a journal may have a million entries.  So its beginning, its end and
a few hundred places between them are read, which takes as long for a large journal as for a small one.  The exact axis
follows once the journal has been read.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from orchestrator.files.foreign import ForeignFolder, Unread
from orchestrator.models.entries import (
    JOURNAL_ENTRY,
    AgentOutput,
    JournalEntry,
    SessionOpened,
    StreamRead,
    WorkerExited,
    WorkerStarted,
)
from orchestrator.models.identity import WorkerId
from orchestrator.models.workers import WorkerStatus
from orchestrator.server.chronicle import Chronicle, Mark
from orchestrator.server.rows import EventRow, rows_of
from orchestrator.server.views import StatusChange
from orchestrator.value_class import value_class

PLACES: Final = 240
"""Where the journal is looked at between its beginning and its end."""
PLACE_BYTES: Final = 6 * 1024
END_BYTES: Final = 192 * 1024
"""Of the beginning, and of the end, which people ask for most."""
ROWS: Final = 200
"""Of the event log's end."""


@value_class
class AxisSketch:
    """What some of a journal's entries tell."""

    marks: tuple[Mark, ...]
    history: dict[WorkerId, tuple[StatusChange, ...]]
    """Each worker's states; of one whose beginning was not read, from the first entry of it that was."""
    rows: tuple[EventRow, ...]
    """The newest of the event log, oldest first."""


def sketch_axis(journal: Path, ended: dict[str, str]) -> AxisSketch:
    """Sketch the axis.  Blocks on the disk.

    Args:
        ended: The state in which each worker ended, as the report tells it.
    """
    chronicle = Chronicle()
    history: dict[WorkerId, list[StatusChange]] = {}
    last: dict[WorkerId, JournalEntry] = {}
    rows: list[EventRow] = []
    for entry, is_in_end in _samples(journal):
        body = entry.body
        if isinstance(body, SessionOpened):
            chronicle.begin(body.options.target)
        if isinstance(body, AgentOutput | StreamRead | WorkerStarted | WorkerExited):
            chronicle.note_alone(entry)
            worker = body.worker
            states = history.setdefault(worker, [])
            if isinstance(body, WorkerExited):
                states.append(StatusChange(entry.at, WorkerStatus.RELAUNCHING))
            elif not states or isinstance(body, WorkerStarted):
                states.append(StatusChange(entry.at, WorkerStatus.RUNNING))
            last[worker] = entry
        if is_in_end:
            rows += rows_of(entry)
    for worker, states in history.items():
        # What it says last is its end, whether that was among the samples or not.
        if states[-1].status is WorkerStatus.RELAUNCHING:
            states.pop()
        states.append(StatusChange(last[worker].at, WorkerStatus(ended.get(worker, "stopped"))))
    marks = chronicle.after(0).marks
    return AxisSketch(marks, {name: tuple(states) for name, states in history.items()}, tuple(rows[-ROWS:]))


def _samples(journal: Path) -> Iterator[tuple[JournalEntry, bool]]:
    """Whole entries in the order of the journal, each with whether it is of its end."""
    with ForeignFolder(journal.parent).opened(journal.name) as found:
        if isinstance(found, Unread):
            return
        size = found.status.size
        tail = max(0, size - END_BYTES)
        for offset, length in _places(size):
            # A place begins in the middle of a line, unless it is the first or the line before it was read to its end.
            data = os.pread(found.descriptor, length, offset)
            begin = 0 if offset == 0 else data.find(b"\n") + 1
            for line in data[begin : data.rfind(b"\n") + 1].splitlines():
                try:
                    yield JOURNAL_ENTRY.validate_json(line), offset >= tail
                except ValidationError:
                    continue  # whoever reads the whole of it says what is wrong


def _places(size: int) -> Iterator[tuple[int, int]]:
    """Where to read, and how much: everything of a journal that is short."""
    if size <= 2 * END_BYTES + PLACES * PLACE_BYTES:
        first = max(0, size - END_BYTES)
        if first:
            yield 0, first
        yield first, size - first
        return
    yield 0, END_BYTES
    step = (size - 2 * END_BYTES) // PLACES
    for place in range(PLACES):
        yield END_BYTES + place * step, PLACE_BYTES
    yield size - END_BYTES, END_BYTES
