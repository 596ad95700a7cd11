"""Append to the outcome log and read it: whole lines only, whoever writes at the same time and whoever dies of it.

The log lies in the user's state folder, which no worker of a session sees.  It is the truth; what else the store shows
is derived from it.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from orchestrator.errors import EnvironmentUnfit
from orchestrator.files.atomic_replace import sync_folder
from orchestrator.files.foreign import ForeignFolder, Unread
from orchestrator.late_adapter import first_fault
from orchestrator.models.plain_reader import NotPlain, plain_json, plain_value
from orchestrator.store.log_records import LOG_FORMAT, LOG_RECORD, LogBody, LogRecord
from orchestrator.value_class import value_class

if TYPE_CHECKING:
    from pydantic import TypeAdapter

LOG_NAME: Final = "outcomes.jsonl"
TORN_NAME: Final = "outcomes.torn"
MOST_LINE_BYTES: Final = 16 * 1024 * 1024
_FEW = 2_000
"""Lines that are read plainly, as those of a journal (ADR 0111)."""
_LOCK_WAIT_S: Final = 30.0
_LOCK_LOOK_S: Final = 0.001
Record = TypeVar("Record")
_sync_data = getattr(os, "fdatasync", os.fsync)


@value_class
class Damage:
    """A line that cannot be read.  It stays where it is."""

    number: int
    """1-based."""
    reason: str

    def __str__(self) -> str:
        return f"line {self.number}: {self.reason}"


@dataclass(slots=True)
class Reading:
    """How far a log has been read.  Give it back to go on from there."""

    offset: int = 0
    lines: int = 0
    identity: tuple[int, int] | None = None
    damages: list[Damage] = field(default_factory=list)
    newer: int = 0
    """Lines of a newer version of this program: kept, and passed over."""

    def begin_again(self, identity: tuple[int, int]) -> None:
        """Another file stands in its place, or it was cut."""
        self.offset, self.lines, self.identity, self.newer = 0, 0, identity, 0
        self.damages = []


class LineLog(Generic[Record]):
    """A log of lines in one folder; any number of processes may use it at once.

    Args:
        folder: Made when something is first written.
    """

    def __init__(
        self, folder: Path, *, name: str, torn: str, kind: type[Record], lines: TypeAdapter[Record], format_: int
    ) -> None:
        self.folder = folder
        self.path = folder / name
        self._torn = folder / torn
        self._kind = kind
        self._lines = lines
        self._format = format_

    def append_after(self, make: Callable[[], bytes]) -> None:
        """Write what ``make`` returns, whole lines, in one go; nobody else writes from before it is called.

        When this returns the lines are on the disk; nothing half-written ever stays.

        Raises:
            EnvironmentUnfit: The disk is full, the folder cannot be written, or somebody holds the log for very long.
        """
        try:
            with self._held() as descriptor:
                data = make()
                if not data:
                    return
                _write_whole(descriptor, data)
                # Others may write while this waits for the disk, and their lines may go there with ours.
                fcntl.flock(descriptor, fcntl.LOCK_UN)
                _sync_data(descriptor)
        except OSError as error:
            raise EnvironmentUnfit(
                f"cannot write {self.path}: {error.strerror or error}",
                hint="free some disk space, or make the folder writable",
            ) from error

    def read(self, reading: Reading | None = None) -> Iterator[Record]:
        """The records from where ``reading`` stands, which is moved along; what a crash has cut short is none yet.

        Raises:
            EnvironmentUnfit: The log is there and cannot be read.
        """
        reading = reading if reading is not None else Reading()
        with ForeignFolder(self.folder).opened(self.path.name) as found:
            if isinstance(found, Unread):
                if found.reason == "missing":
                    return
                raise EnvironmentUnfit(f"cannot read {self.path}: it {found.detail}", hint="mend or move that file")
            if reading.identity != found.status.identity or found.status.size < reading.offset:
                reading.begin_again(found.status.identity)
            file = open(found.descriptor, "rb", buffering=1 << 20, closefd=False)  # noqa: SIM115 - closed with it
            file.seek(reading.offset)
            for line in iter(partial(file.readline, MOST_LINE_BYTES), b""):
                if not line.endswith(b"\n") and len(line) < MOST_LINE_BYTES:
                    return
                reading.offset += len(line)
                reading.lines += 1
                record = self._decoded(line, reading)
                if record is not None:
                    yield record

    def was_replaced(self, reading: Reading) -> bool:
        """Whether what ``reading`` has read is not what lies there now: then everything is to be read again."""
        status = ForeignFolder(self.folder).status(self.path.name)
        if isinstance(status, Unread):
            return reading.identity is not None
        return reading.identity is not None and (status.identity != reading.identity or status.size < reading.offset)

    @contextmanager
    def _held(self) -> Iterator[int]:
        """The log, open and ours alone, ending in a whole line."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        is_new = not self.path.exists()
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        descriptor = os.open(self.path, flags, 0o600)
        try:
            if is_new:
                sync_folder(self.folder)
            _lock(descriptor)
            self._mend(descriptor)
            yield descriptor
        finally:
            os.close(descriptor)

    def _mend(self, descriptor: int) -> None:
        """Move what a crash has left of a line aside, so that the next one begins where a line begins."""
        size = os.fstat(descriptor).st_size
        if size == 0 or os.pread(descriptor, 1, size - 1) == b"\n":
            return
        end = size
        while end > 0:
            start = max(0, end - 65_536)
            found = os.pread(descriptor, end - start, start).rfind(b"\n")
            if found >= 0:
                end = start + found + 1
                break
            end = start
        with self._torn.open("ab") as kept:
            kept.write(os.pread(descriptor, size - end, end) + b"\n")
        os.ftruncate(descriptor, end)

    def _decoded(self, line: bytes, reading: Reading) -> Record | None:
        if reading.lines <= _FEW:
            with suppress(NotPlain):
                return plain_value(self._kind, plain_json(line))  # type: ignore[no-any-return]  # of that kind
        try:
            return self._lines.validate_json(line)
        except ValueError as error:
            if _is_newer(line, self._format):
                reading.newer += 1
            else:
                reading.damages.append(Damage(reading.lines, first_fault(error)))
            return None


class OutcomeLog(LineLog[LogRecord]):
    """What sessions came to.

    Args:
        folder: Made when something is first written.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, name=LOG_NAME, torn=TORN_NAME, kind=LogRecord, lines=LOG_RECORD, format_=LOG_FORMAT)

    def append(self, *bodies: LogBody, at: datetime | None = None) -> list[LogRecord]:
        """Write lines in one go.  When this returns they are on the disk; nothing half-written ever stays.

        Raises:
            EnvironmentUnfit: The disk is full, the folder cannot be written, or somebody holds the log for very long.
        """
        records = [LogRecord(at or datetime.now(UTC), body) for body in bodies]
        data = b"".join(LOG_RECORD.dump_json(record, exclude_none=True) + b"\n" for record in records)
        self.append_after(lambda: data)
        return records


def _lock(descriptor: int) -> None:
    """Whoever dies lets go of it; whoever is stopped with it in hand does not, so nobody waits for ever."""
    deadline = time.monotonic() + _LOCK_WAIT_S
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise TimeoutError(f"another process has held it for {_LOCK_WAIT_S:g} s") from None
            time.sleep(_LOCK_LOOK_S)
        else:
            return


def _write_whole(descriptor: int, data: bytes) -> None:
    size = os.fstat(descriptor).st_size
    try:
        written = 0
        while written < len(data):
            written += os.write(descriptor, memoryview(data)[written:])
    except OSError:
        # A full disk takes the first part of a write and refuses the rest.
        with suppress(OSError):
            os.ftruncate(descriptor, size)
        raise


def _is_newer(line: bytes, format_: int) -> bool:
    from pydantic_core import from_json

    try:
        written = from_json(line).get("format")
    except (ValueError, AttributeError):
        return False
    return isinstance(written, int) and written > format_
