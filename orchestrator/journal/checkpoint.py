"""Keep the folded session beside its journal now and then, so that who comes later need not fold from entry 1.

A checkpoint is derived and may be deleted.  It counts only with a journal that begins with the very bytes that were
folded, for the program that folded them, and only where it bears the mark of this user's key, which lies in a folder
that no sandboxed worker sees.  A replay never asks for one.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import time
from pathlib import Path
from typing import Final

from orchestrator import __version__
from orchestrator.files.foreign import ForeignFolder, Unread
from orchestrator.journal.folder import SessionFolder
from orchestrator.journal.kept_summary import Unusable, newest_source_ns
from orchestrator.session.session_text import session_of, text_of
from orchestrator.session.state import Session
from orchestrator.value_class import value_class

_FORMAT: Final = 1
MOST_BYTES: Final = 64 * 1024 * 1024
"""What a session holds is bounded by its plan, not by its length; one that has grown beyond this is folded."""
_KEY_NAME: Final = "checkpoint.key"
_KEY_BYTES: Final = 32
_PORTION_BYTES: Final = 1024 * 1024
_AT_REST_NS: Final = 2_000_000_000
"""A file that was changed this long ago bears another time once it is changed again, whatever the file system."""


@value_class
class Checkpoint:
    """A folded session, and which part of its journal it was made of."""

    session: Session
    end: int
    """The byte behind the last entry that was folded."""


class PrefixDigest:
    """Reckons the SHA-256 of a growing file from its beginning; what was read once is not read again."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._digest = hashlib.sha256()
        self._end = 0

    def until(self, end: int) -> str | None:
        """The digest of the first ``end`` bytes; ``None`` where there are fewer.  Ask for no fewer than before."""
        with ForeignFolder(self._path.parent).opened(self._path.name) as file:
            if isinstance(file, Unread):
                return None
            while self._end < end:
                portion = os.pread(file.descriptor, min(_PORTION_BYTES, end - self._end), self._end)
                if not portion:
                    return None
                self._digest.update(portion)
                self._end += len(portion)
        return self._digest.hexdigest()


def keep_checkpoint(folder: SessionFolder, session: Session, end: int, *, state: Path, prefix: PrefixDigest) -> bool:
    """Write the session down as of the byte ``end`` of its journal; says whether that could be done.

    Args:
        state: The user's state folder, where the key lies; it is made where there is none.
        prefix: Knows what was kept of this journal before, so that only what has come since is read.
    """
    try:
        key = _own_key(state)
        at_rest = _at_rest(folder, end)
        sha256 = prefix.until(end)
        if key is None or sha256 is None:
            return False
        text = text_of(session)
        head = {"format": _FORMAT, "program": _program(), "n": session.n, "end": end, "sha256": sha256}
        unmarked = json.dumps({**head, "at_rest": at_rest})
        content = f"{_mark(key, unmarked, text)}\n{unmarked}\n{text}\n".encode()
        if len(content) > MOST_BYTES:
            return False
        # Not forced to the disk: what a power cut leaves of it does not fit its mark.
        ForeignFolder(folder.path).write(folder.checkpoint_file.name, content, sync=False)
    except (OSError, TypeError, ValueError, RecursionError):
        # What an agent replied may be nested as deep as it likes.
        return False
    return True


def kept_checkpoint(folder: SessionFolder, *, state: Path) -> Checkpoint | Unusable | None:
    """What was kept of this session; ``None`` where nothing was."""
    found = ForeignFolder(folder.path).read(folder.checkpoint_file.name, most_bytes=MOST_BYTES)
    if isinstance(found, Unread):
        return None if found.reason == "missing" else Unusable(found.detail)
    mark, _, rest = found.partition(b"\n")
    unmarked, _, text = rest.removesuffix(b"\n").partition(b"\n")
    key = _key(state)
    if key is None or not hmac.compare_digest(mark, _mark(key, unmarked.decode("latin-1"), text).encode()):
        return Unusable("is damaged, or was not written by this user here")
    # From here on it is what we have written.
    head = json.loads(unmarked)
    if head["format"] != _FORMAT or head["program"] != _program():
        return Unusable("is of another version of the program")
    end: int = head["end"]
    is_as_it_was = head["at_rest"] is not None and head["at_rest"] == _at_rest(folder, end)
    if not is_as_it_was and PrefixDigest(folder.journal_file).until(end) != head["sha256"]:
        return Unusable("does not fit the journal")
    try:
        return Checkpoint(session_of(text), end)
    except ValueError:
        return Unusable("holds no session")


def _mark(key: bytes, unmarked: str, text: str | bytes) -> str:
    told = hmac.new(key, unmarked.encode("latin-1") + b"\n", hashlib.sha256)
    told.update(text.encode() if isinstance(text, str) else text)
    return told.hexdigest()


def _program() -> list[object]:
    return [__version__, newest_source_ns()]


def _at_rest(folder: SessionFolder, end: int) -> list[int] | None:
    """What says that the journal is the same file and was not touched since, without reading it.

    ``None`` where more than ``end`` bytes stand there, or it was touched just now.  Its time of change is the kernel's:
    nobody can set it back.
    """
    found = ForeignFolder(folder.path).status(folder.journal_file.name)
    if isinstance(found, Unread) or found.size != end or time.time_ns() - found.ctime_ns < _AT_REST_NS:
        return None
    return [found.device, found.inode, found.size, found.mtime_ns, found.ctime_ns]


def _key(state: Path) -> bytes | None:
    found = ForeignFolder(state).read(_KEY_NAME, most_bytes=_KEY_BYTES)
    return found if isinstance(found, bytes) and len(found) == _KEY_BYTES else None


def _own_key(state: Path) -> bytes | None:
    """This user's key; made where there is none.  Of two who make one at once the last one's stays."""
    key = _key(state)
    if key is None:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        ForeignFolder(state).write(_KEY_NAME, secrets.token_bytes(_KEY_BYTES))
        key = _key(state)
    return key
