"""Read a journal's entries in order; damage is reported with the entry's number and byte offset."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from orchestrator.errors import JournalDamaged
from orchestrator.files.foreign import ForeignFolder, Unread
from orchestrator.late_adapter import first_fault
from orchestrator.models.entries import JOURNAL_ENTRY, JOURNAL_FORMAT, JournalEntry
from orchestrator.models.plain_reader import NotPlain, plain_json, plain_value

_BUFFER_BYTES = 1024 * 1024
_BLOCK_BYTES = 64 * 1024
MOST_LINE_BYTES = 256 * 1024 * 1024
"""No entry is nearly so long; what is longer is no journal."""
_FEW: Final = 2_000
"""Entries that are read plainly, without pydantic (ADR 0111).  It reads the next ones, ten times as fast once it is
there."""


def read_journal(path: Path) -> Iterator[JournalEntry]:
    """All entries; a torn last line is not yet one.  A missing file has none.

    Raises:
        JournalDamaged: A line in the middle is not an entry, a number is missing, or the format is newer than ours.
    """
    return iter(JournalReading(path))


class JournalReading:
    """Reads a journal's entries on from a place in it, and knows how far it has come.

    Args:
        after: The number of the last entry that is not read.
        end: The byte behind that entry.
    """

    def __init__(self, path: Path, after: int = 0, end: int = 0) -> None:
        self._path = path
        self._few = after + _FEW
        self.n = after
        self.end = end

    def __iter__(self) -> Iterator[JournalEntry]:
        """The entries; a torn last line is not yet one.  A missing file has none.

        Raises:
            JournalDamaged: A line in the middle is not an entry, a number is missing, or the format is newer than ours.
        """
        with ForeignFolder(self._path.parent).opened(self._path.name) as found:
            if isinstance(found, Unread):
                if found.reason == "missing":
                    return
                raise unreadable(self._path, found)
            torn = b""
            while block := os.pread(found.descriptor, max(_BUFFER_BYTES, len(torn)), self.end + len(torn)):
                *lines, torn = (torn + block).split(b"\n")
                for line in lines:
                    n, offset = self.n + 1, self.end
                    if n == 1:
                        check_format(line, self._path)
                    decode = decode_plainly if n <= self._few else decode_entry
                    entry = decode(line, n, path=self._path, offset=offset)
                    self.n, self.end = n, offset + len(line) + 1
                    yield entry
                if len(torn) >= MOST_LINE_BYTES:
                    what = f"it is longer than {MOST_LINE_BYTES >> 20} MiB"
                    raise damage(self._path, self.n + 1, self.end, what)


def entries_from_end(path: Path, end: int | None = None) -> Iterator[tuple[JournalEntry, int]]:
    """The whole entries, the last one first, each with the byte offset behind it.  A missing file has none.

    What lies in front of the entries that are asked for is not read, so neither is whether it is sound.

    Args:
        end: Only those in front of this byte.

    Raises:
        JournalDamaged: A line is not an entry, or does not bear the number before the one behind it.
    """
    with ForeignFolder(path.parent).opened(path.name) as found:
        if isinstance(found, Unread):
            if found.reason == "missing":
                return
            raise unreadable(path, found)
        size = found.status.size if end is None else min(end, found.status.size)
        end = end_of_line_before(found.descriptor, size, path)
        n: int | None = None
        last = 0
        while end > 0:
            start, lines = _lines_before(found.descriptor, end, path)
            for line in reversed(lines):
                if n is None:
                    n = last = _claimed_number(line, found.descriptor, end - len(line))
                else:
                    n -= 1
                decode = decode_plainly if last - n < _FEW else decode_entry
                yield decode(line, n, path=path, offset=end - len(line)), end
                end -= len(line)
            assert end == start


def read_last_entry(path: Path) -> JournalEntry | None:
    """The last whole entry, found from the end of the file; ``None`` where there is none.

    Raises:
        JournalDamaged: The last line is not an entry, or the file cannot be read.
    """
    with ForeignFolder(path.parent).opened(path.name) as found:
        if isinstance(found, Unread):
            if found.reason == "missing":
                return None
            raise unreadable(path, found)
        return last_entry_before(found.descriptor, found.status.size, path)


def last_entry_before(descriptor: int, end: int, path: Path) -> JournalEntry | None:
    """The last whole entry in front of a byte offset; ``None`` where there is none.

    Raises:
        JournalDamaged: The last line is not an entry.
    """
    end = end_of_line_before(descriptor, end, path)
    if end == 0:
        return None
    start = end_of_line_before(descriptor, end - 1, path)
    line = os.pread(descriptor, end - start, start)
    return decode_plainly(line, _claimed_number(line, descriptor, start), path=path, offset=start)


def end_of_line_before(descriptor: int, end: int, path: Path) -> int:
    """The offset after the last newline in front of ``end``; 0 where there is none.

    Raises:
        JournalDamaged: No line ends within the length of the longest entry.
    """
    least = end - MOST_LINE_BYTES
    while end > 0:
        if end < least:
            raise JournalDamaged(f"{path}: the last {MOST_LINE_BYTES >> 20} MiB of it are no entries")
        start = max(0, end - _BLOCK_BYTES)
        found = os.pread(descriptor, end - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0


def decode_plainly(line: bytes, n: int, *, path: Path, offset: int) -> JournalEntry:
    """What :func:`decode_entry` does, without pydantic where the line is as this program writes it.

    Raises:
        JournalDamaged: It holds something else.
    """
    try:
        entry: JournalEntry = plain_value(JournalEntry, plain_json(line))
    except NotPlain:
        return decode_entry(line, n, path=path, offset=offset)
    if entry.n != n:
        raise damage(path, n, offset, f"it is numbered {entry.n}")
    return entry


def decode_entry(line: bytes, n: int, *, path: Path, offset: int) -> JournalEntry:
    """Decode the line that must hold entry ``n``.

    Raises:
        JournalDamaged: It holds something else.
    """
    try:
        # Without the adapter's own wrapper, which takes a tenth of the whole.
        entry: JournalEntry = JOURNAL_ENTRY.validator.validate_json(line)
    except ValueError as error:
        raise damage(path, n, offset, first_fault(error)) from None
    if entry.n != n:
        raise damage(path, n, offset, f"it is numbered {entry.n}")
    return entry


def check_format(first_line: bytes, path: Path) -> None:
    """Refuse a journal that a newer program wrote, before its entries are misread.

    Raises:
        JournalDamaged: The format is newer than ours.
    """
    try:
        written = json.loads(first_line)["body"].get("format", JOURNAL_FORMAT)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return  # No entry at all: decoding says so, with its number and offset.
    if isinstance(written, int) and written > JOURNAL_FORMAT:
        raise JournalDamaged(
            f"{path} is in format {written}; this program knows formats up to {JOURNAL_FORMAT}",
            hint="read it with the newer version of orchestrate that wrote it",
        )


def unreadable(path: Path, found: Unread) -> JournalDamaged:
    """The error for a journal that cannot be read at all."""
    return JournalDamaged(f"cannot read {path}: it {found.detail}")


def damage(path: Path, n: int, offset: int, what: str) -> JournalDamaged:
    return JournalDamaged(
        f"{path}: entry {n} at byte {offset} is damaged: {what}",
        hint="what stands before it is sound; the raw streams of the workers lie beside the journal",
    )


def _lines_before(descriptor: int, end: int, path: Path) -> tuple[int, list[bytes]]:
    """About 1 MiB of whole lines in front of the end of one, at least one of them, and where they begin."""
    start = max(0, end - _BUFFER_BYTES)
    if start:
        behind = os.pread(descriptor, end - start, start).find(b"\n") + 1
        start = start + behind if 0 < behind < end - start else end_of_line_before(descriptor, end - 1, path)
    return start, [line + b"\n" for line in os.pread(descriptor, end - start, start)[:-1].split(b"\n")]


def _claimed_number(line: bytes, descriptor: int, start: int) -> int:
    """The number that a line says it has; where it says none, it is counted which one it should have."""
    claimed = line[:40].removeprefix(b'{"n":').split(b",", 1)[0]
    return int(claimed) if claimed.isdigit() else _count_lines(descriptor, start) + 1


def _count_lines(descriptor: int, end: int) -> int:
    blocks = (os.pread(descriptor, min(_BLOCK_BYTES, end - start), start) for start in range(0, end, _BLOCK_BYTES))
    return sum(block.count(b"\n") for block in blocks)
