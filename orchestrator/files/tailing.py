"""Follow a growing file from a byte offset, and return its whole lines and its faults."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from orchestrator.files.folder_watch import FileChanges, file_changes
from orchestrator.files.foreign import ForeignFolder, Unread
from orchestrator.value_class import value_class
from orchestrator.wire.lines import Line, LineFramer

__all__ = ["FileChanges", "FileTail", "TailFault", "file_changes"]

BATCH_BYTES = 1024 * 1024
"""About what one call reads; more only while the first line has not ended."""
MAX_LINE_BYTES = 64 * 1024 * 1024


@value_class
class TailFault:
    """Something about the file itself."""

    fault: Literal["tampered", "lost"]
    start: int
    """From here on what the file says is in doubt."""
    end: int
    """How far it had been read."""
    text: str


class FileTail:
    """Reads one append-only file from ``offset`` on, as often as it is asked, and keeps a hash of what it read.

    A file that does not exist is an empty one that may appear.  After a ``tampered`` fault nothing more is read; a
    ``lost`` file (deleted or replaced) is read to its end through the descriptor that is still open.

    Args:
        offset: Where an attempt begins, or an earlier tail left off; framing starts afresh there.
        end: Read no further than this; ``None`` follows the file.
        expect: An offset, and the SHA-256 that the bytes up to it had when they were first read: if they differ now,
            that is a ``tampered`` fault, and nothing after that offset is read.
    """

    def __init__(
        self,
        path: Path,
        offset: int = 0,
        *,
        end: int | None = None,
        max_line_bytes: int = MAX_LINE_BYTES,
        expect: tuple[int, str] | None = None,
    ) -> None:
        self.path = path
        self._folder = ForeignFolder(path.parent)
        self._start = offset
        self._position = offset
        self._end = end
        self._expect = expect
        self._framer = LineFramer(max_line_bytes=max_line_bytes, start=offset)
        self._hash = hashlib.sha256()
        self._descriptor = -1
        self._identity = (0, 0)
        self._fault: TailFault | None = None
        self.is_at_end = False
        """The last read took all there was at that moment."""

    def __del__(self) -> None:
        self.close()

    @property
    def position(self) -> int:
        """The offset after the last byte read; a line that has not ended may reach back before it."""
        return self._position

    @property
    def start(self) -> int:
        """The offset it began at."""
        return self._start

    def read(self) -> Sequence[Line]:
        """The whole lines that have come since the last call; empty when there is none yet.  Never raises.

        At most about 1 MiB of lines a call, unless one line is longer: call until it returns nothing.
        """
        while True:
            chunk = self._next_chunk()
            lines = self._framer.feed(chunk) if chunk else []
            # Bytes without an end of line are the middle of one: there may be more of it.
            if lines or not chunk:
                return lines

    def finish(self) -> Sequence[Line]:
        """What is left when nobody writes any more: the rest of the file, a last line without a newline marked torn."""
        lines: list[Line] = []
        while more := self.read():
            lines += more
        lines += self._framer.finish()
        return lines

    def fault(self) -> TailFault | None:
        """What was found wrong with the file so far; the first finding stays."""
        return self._fault

    def verify(self) -> TailFault | None:
        """Read again what has been read, and compare: a changed prefix is a ``tampered`` fault."""
        if self._fault is None and self._descriptor >= 0 and self._hash_again() != self._hash.digest():
            self._set_fault("tampered", self._start, "bytes that had been read are no longer what they were")
        return self._fault

    def digest(self) -> str:
        """The SHA-256 of all bytes read so far, from the offset the tail began at, in hexadecimal."""
        return self._hash.hexdigest()

    def close(self) -> None:
        """Further reads return nothing new until the file is opened again by one."""
        if getattr(self, "_descriptor", -1) >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _next_chunk(self) -> bytes:
        size = self._readable_size()
        if self._end is not None:
            size = min(size, self._end)
        there = size
        if self._expect is not None:
            size = min(size, self._expect[0])
        # Asking for what is there, not for a full buffer, keeps short reads from allocating a megabyte each.
        wanted = min(size - self._position, BATCH_BYTES)
        self.is_at_end = wanted >= there - self._position
        if wanted <= 0:
            return b""
        try:
            chunk = os.pread(self._descriptor, wanted, self._position)
        except OSError as error:
            self.is_at_end = True
            self._set_fault("lost", self._position, f"it cannot be read: {error.strerror}")
            return b""
        self._hash.update(chunk)
        self._position += len(chunk)
        self._compare()
        return chunk

    def _compare(self) -> None:
        """Once the expected offset is reached, what was read up to it must be what was read the first time."""
        if self._expect is None or self._position < self._expect[0]:
            return
        end, digest = self._expect
        self._expect = None
        if self._hash.hexdigest() != digest:
            self._set_fault("tampered", self._start, f"its first {end} bytes are not those that were read before")

    def _readable_size(self) -> int:
        """How far the file can be read now; 0 where it cannot be."""
        if self._fault is not None and self._fault.fault == "tampered":
            return 0
        if self._descriptor < 0 and not self._open():
            return 0
        size = self._size_of_open_file()
        had = max(self._position, self._expect[0] if self._expect is not None else 0)
        if size < had:
            self._set_fault("tampered", size, f"it shrank from {had} to {size} bytes")
            return 0
        return size

    def _open(self) -> bool:
        found = self._folder.descriptor(self.path.name)
        if isinstance(found, Unread):
            if found.reason == "missing":
                if self._position > self._start or self._expect is not None:
                    self._set_fault("lost", self._position, "it is gone")
                return False
            kind: Literal["tampered", "lost"] = "tampered" if found.reason in ("a link", "not a file") else "lost"
            self._set_fault(kind, self._position, f"it cannot be opened: it {found.detail}")
            return False
        status = os.fstat(found)
        self._descriptor = found
        self._identity = (status.st_dev, status.st_ino)
        return True

    def _size_of_open_file(self) -> int:
        status = self._folder.status(self.path.name)
        if isinstance(status, Unread):
            self._set_fault("lost", self._position, "it was deleted")
        elif status.identity == self._identity:
            return status.size
        else:
            self._set_fault("lost", self._position, "another file stands in its place")
        return os.fstat(self._descriptor).st_size

    def _hash_again(self) -> bytes:
        again = hashlib.sha256()
        position = self._start
        while position < self._position:
            chunk = os.pread(self._descriptor, min(BATCH_BYTES, self._position - position), position)
            if not chunk:
                break
            again.update(chunk)
            position += len(chunk)
        return again.digest()

    def _set_fault(self, fault: Literal["tampered", "lost"], start: int, text: str) -> None:
        if self._fault is None or (self._fault.fault == "lost" and fault == "tampered"):
            self._fault = TailFault(fault, start, self._position, f"{self.path.name}: {text}")
