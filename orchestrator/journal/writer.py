"""Append entries to the journal as numbered lines, each of them whole or not there at all."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from pydantic_core import to_jsonable_python

from orchestrator.errors import JournalDamaged
from orchestrator.files.atomic_replace import sync_folder
from orchestrator.files.foreign import ForeignFolder, Status, Unread
from orchestrator.journal.disk_reserve import RESERVE_BYTES, Reserve
from orchestrator.journal.entry_line import lines_of
from orchestrator.journal.reader import check_format, decode_entry, end_of_line_before, last_entry_before
from orchestrator.models.entries import JOURNAL_ENTRY, Body, JournalEntry

_BLOCK_BYTES = 64 * 1024
_HINTS = {
    errno.ENOSPC: "the disk is full: free some space, then run orchestrate resume",
    errno.EDQUOT: "the disk quota is used up: free some space, then run orchestrate resume",
    errno.EFBIG: "the file may not grow further (ulimit -f): raise the limit, then run orchestrate resume",
    errno.EROFS: "the file system is read-only: make it writable, then run orchestrate resume",
}
_sync_data = getattr(os, "fdatasync", os.fsync)


class Journal:
    """The one writer of a journal; whoever opens it holds the session's lock.

    What :meth:`append` returned for survives the death of the process; what :meth:`sync` returned for, a power cut.

    Args:
        path: Made if missing, 0600.  A torn last line is cut off and kept in ``journal.torn``.
        reserve_bytes: Room kept on the disk behind the journal's end, for the last entries when the disk is full.

    Raises:
        JournalDamaged: It cannot be opened, its last entry is damaged, or a newer program wrote it.
    """

    def __init__(self, path: Path, *, reserve_bytes: int = RESERVE_BYTES) -> None:
        self.path = path
        try:
            found = ForeignFolder(path.parent).status(path.name)
            is_new = isinstance(found, Unread)
            if isinstance(found, Status) and found.kind != "file":
                raise OSError(errno.EINVAL, f"it is a {found.kind}")
            flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
            self._descriptor = os.open(path, flags, 0o600)
        except OSError as error:
            raise self._cannot("open", error) from error
        try:
            if is_new:
                sync_folder(path.parent)
            self._size = self._cut_torn_tail()
            self._last = self._last_number()
            self._reserve = Reserve(self._descriptor, size=reserve_bytes)
            self._reserve.keep_ahead_of(self._size)
        except OSError as error:
            self.close()
            raise self._cannot("read", error) from error
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @property
    def last(self) -> int:
        """The number of the last entry; 0 while there is none."""
        return self._last

    @property
    def size(self) -> int:
        """The byte behind the last entry."""
        return self._size

    @property
    def is_short(self) -> bool:
        """Whether the disk is full and the journal writes into its reserve."""
        return self._reserve.is_short

    def append(self, body: Body, at: datetime) -> JournalEntry:
        """Write one entry; see :meth:`append_many`."""
        return self.append_many((body,), at)[0]

    def append_many(self, bodies: Sequence[Body], at: datetime) -> list[JournalEntry]:
        """Write entries with consecutive numbers in one go; all of them stand, or none.

        What is returned is what a reader will find, also where a text or number could not be written as it was.

        Raises:
            JournalDamaged: The disk is full or the file cannot be written; nothing half-written stays.
        """
        entries = [JournalEntry(n, at, body) for n, body in enumerate(bodies, start=self._last + 1)]
        lines = lines_of(entries)
        if lines is None:
            lines = [_encode_carefully(entry) for entry in entries]
            entries = [
                decode_entry(line, entry.n, path=self.path, offset=self._size)
                for entry, line in zip(entries, lines, strict=True)
            ]
        lines.append(b"")
        self._write(b"\n".join(lines))
        self._last += len(entries)
        return entries

    def sync(self) -> None:
        """Return once everything appended is on the disk.

        Raises:
            JournalDamaged: The disk refused.
        """
        try:
            _sync_data(self._descriptor)
        except OSError as error:
            raise self._cannot("sync", error) from error

    def close(self) -> None:
        """Close the file; further calls do nothing."""
        if self._descriptor >= 0:
            reserve = getattr(self, "_reserve", None)
            if reserve is not None:
                reserve.give_back(self._size)
            os.close(self._descriptor)
            self._descriptor = -1

    def _write(self, data: bytes) -> None:
        written = 0
        try:
            while written < len(data):
                written += os.write(self._descriptor, memoryview(data)[written:] if written else data)
        except OSError as error:
            if written:
                # A full disk takes the first part of a write and refuses the rest.
                with suppress(OSError):
                    os.ftruncate(self._descriptor, self._size)
                self._reserve.is_lost()
            raise self._cannot("write", error) from error
        self._size += written
        self._reserve.keep_ahead_of(self._size)

    def _cut_torn_tail(self) -> int:
        size = os.fstat(self._descriptor).st_size
        end = end_of_line_before(self._descriptor, size, self.path)
        if end < size:
            self._keep_aside(os.pread(self._descriptor, size - end, end))
            os.ftruncate(self._descriptor, end)
        return end

    def _keep_aside(self, tail: bytes) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        descriptor = os.open(self.path.with_suffix(".torn"), flags, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(tail + b"\n")

    def _last_number(self) -> int:
        if not self._size:
            return 0
        check_format(os.pread(self._descriptor, self._newline_after(0), 0), self.path)
        last = last_entry_before(self._descriptor, self._size, self.path)
        return last.n if last is not None else 0

    def _newline_after(self, start: int) -> int:
        while block := os.pread(self._descriptor, _BLOCK_BYTES, start):
            found = block.find(b"\n")
            if found >= 0:
                return start + found + 1
            start += len(block)
        return start

    def _cannot(self, verb: str, error: OSError) -> JournalDamaged:
        hint = _HINTS.get(error.errno or 0, "nothing half-written was left; orchestrate resume goes on from there")
        return JournalDamaged(f"cannot {verb} {self.path}: {error.strerror}", hint=hint)


def _encode_carefully(entry: JournalEntry) -> bytes:
    """The entry's line with infinities as words and lone surrogates as question marks.

    A worker can have its CLI report ``1e999`` or half a surrogate pair: neither may make the journal unreadable.
    """
    data = to_jsonable_python(JOURNAL_ENTRY.dump_python(entry, exclude_none=True), inf_nan_mode="strings")
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
