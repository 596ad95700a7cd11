"""Reserve room on the disk for the next bytes of an open file, so that nobody else can fill it."""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from contextlib import suppress

RESERVE_BYTES = 4 * 1024 * 1024
"""Enough for what is left to say when the disk is full: some ten thousand entries."""
_KEEP_SIZE = 1
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class Reserve:
    """Blocks allocated behind the end of a file that grows (``fallocate`` with ``FALLOC_FL_KEEP_SIZE``).

    A file of its own, deleted when the disk is full, would be filled at once by the child that filled the disk.  Where
    the file system cannot do it (or off Linux) there is no reserve, and nothing else changes.
    """

    def __init__(self, descriptor: int, *, size: int = RESERVE_BYTES) -> None:
        self._descriptor = descriptor
        self._bytes = size
        self._until = 0
        self._is_possible = sys.platform == "linux" and size > 0
        self.is_short = False
        """The last attempt to make room failed, because the disk is full: at most half of the reserve is left."""

    @property
    def until(self) -> int:
        """The file may grow to this size, whatever happens to the disk; 0 where there is no reserve."""
        return self._until

    def keep_ahead_of(self, end: int) -> None:
        """Make room once less than half is left behind ``end``, where the file ends now.  Never raises."""
        if not self._is_possible or end + self._bytes // 2 < self._until:
            return
        problem = _allocate(self._descriptor, end, self._bytes)
        if problem == 0:
            self._until = end + self._bytes
        elif problem not in _FULL:
            self._is_possible = False
        self.is_short = problem in _FULL

    def give_back(self, end: int) -> None:
        """Release the reserve: the file will not grow any more."""
        if self._until > end:
            with suppress(OSError):
                os.ftruncate(self._descriptor, end)
        self._until = 0

    def is_lost(self) -> None:
        """Note that the file was cut, which released the blocks behind its end."""
        self._until = 0


def _allocate(descriptor: int, start: int, count: int) -> int:
    """Allocate the blocks; returns 0 or the error number."""
    while True:
        if _fallocate(descriptor, _KEEP_SIZE, ctypes.c_int64(start), ctypes.c_int64(count)) == 0:
            return 0
        problem = ctypes.get_errno()
        if problem != errno.EINTR:
            return problem


if sys.platform == "linux":
    _fallocate = ctypes.CDLL(None, use_errno=True).fallocate
