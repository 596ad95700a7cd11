"""A raw file and a byte offset in, a page of its text without secrets out."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from orchestrator.coordinator.staging import known_secrets
from orchestrator.safety.redaction import Redactor

MOST_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class RawPage:
    """Some of a worker's own output."""

    offset: int
    """Where the page begins, in bytes."""
    next_offset: int
    """Where the next page begins: after the last whole line, if the page holds one."""
    size: int
    """Of the file as it is now."""
    text: str
    """UTF-8, what is not replaced; what looks like a secret is taken out."""


def read_page(path: Path, offset: int, limit: int) -> RawPage:
    """Read a page; a file that is missing is an empty one.

    Raises:
        OSError: It cannot be read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return RawPage(0, 0, 0, "")
    try:
        status = os.fstat(descriptor)
        size = status.st_size if stat.S_ISREG(status.st_mode) else 0
        begin = min(offset, size) if offset >= 0 else max(0, size + offset)
        data = os.pread(descriptor, min(limit, size - begin), begin) if size else b""
    finally:
        os.close(descriptor)
    if begin + len(data) < size and b"\n" in data:
        data = data[: data.rindex(b"\n") + 1]
    text = _redactor().text(data.decode("utf-8", "replace"))
    return RawPage(begin, begin + len(data), size, text)


@cache
def _redactor() -> Redactor:
    """Knows what the server's own environment and the user's login files hold."""
    return Redactor(known_secrets(os.environ))
