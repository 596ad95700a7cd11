"""Return a page of a raw file from a byte offset, with what looks like a secret taken out."""

from __future__ import annotations

import errno
import os
from functools import cache
from pathlib import Path

from orchestrator.coordinator.environments import known_secrets
from orchestrator.files.foreign import ForeignFolder, Unread
from orchestrator.safety.redaction import Redactor
from orchestrator.value_class import value_class

MOST_BYTES = 1024 * 1024


@value_class
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
    with ForeignFolder(path.parent).opened(path.name) as found:
        if isinstance(found, Unread):
            if found.reason in ("missing", "not a file"):
                return RawPage(0, 0, 0, "")
            raise OSError(errno.EINVAL, found.detail)
        size = found.status.size
        begin = min(offset, size) if offset >= 0 else max(0, size + offset)
        data = os.pread(found.descriptor, min(limit, size - begin), begin) if size else b""
    if begin + len(data) < size and b"\n" in data:
        data = data[: data.rindex(b"\n") + 1]
    text = _redactor().text(data.decode("utf-8", "replace"))
    return RawPage(begin, begin + len(data), size, text)


@cache
def _redactor() -> Redactor:
    """Knows what the server's own environment and the user's login files hold."""
    return Redactor(known_secrets(os.environ))
