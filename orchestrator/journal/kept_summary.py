"""Keep what is told of a session that has ended beside its journal, so that who asks again need not fold that again.

The file is derived and may be deleted.  It counts only for the journal that it was made of, and for the program that
made it: its first line says which, and holds a checksum of the rest.
"""

from __future__ import annotations

import json
import os
import time
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from orchestrator import __version__
from orchestrator.files.foreign import ForeignFolder, Unread
from orchestrator.journal.folder import SessionFolder
from orchestrator.value_class import value_class

_FORMAT: Final = 1
_MOST_BYTES: Final = 64 * 1024 * 1024
_PACKAGE: Final = Path(__file__).parent.parent


@value_class
class Unusable:
    """There is a file, and why it does not count."""

    why: str


def stamp_of(folder: SessionFolder) -> dict[str, object] | None:
    """Say which journal a summary is made of, and by which program, on which clock; ``None`` where there is none.

    Take it before the journal is read: what is appended meanwhile then makes the summary stale, and not wrong.
    """
    journal = ForeignFolder(folder.path).status(folder.journal_file.name)
    if isinstance(journal, Unread):
        return None
    return {
        "format": _FORMAT,
        "journal": [journal.size, journal.mtime_ns],
        "program": [__version__, newest_source_ns()],
        "clock": [*time.tzname, time.timezone],
    }


def keep(folder: SessionFolder, told: dict[str, Any], *, stamp: dict[str, object]) -> None:
    """Write down what is told; where that is not possible, nothing is kept."""
    text = json.dumps(told)
    head = json.dumps({**stamp, "crc32": zlib.crc32(text.encode())})
    with suppress(OSError):
        content = f"{head}\n{text}\n".encode()
        # Not forced to the disk: what a power cut leaves of it does not fit its checksum.
        ForeignFolder(folder.path).write(folder.kept_summary_file.name, content, sync=False)


def kept(folder: SessionFolder, *, stamp: dict[str, object]) -> dict[str, Any] | Unusable | None:
    """What was kept of this journal; ``None`` where nothing is, or the journal has grown since."""
    found = ForeignFolder(folder.path).read(folder.kept_summary_file.name, most_bytes=_MOST_BYTES)
    if isinstance(found, Unread):
        return None if found.reason == "missing" else Unusable(found.detail)
    head, _, text = found.partition(b"\n")
    try:
        named = json.loads(head)
        if zlib.crc32(text.removesuffix(b"\n")) != named.pop("crc32"):
            return Unusable("is damaged")
        told = dict(json.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Unusable("is damaged")
    if named == stamp:
        return told
    return None if named.get("program") == stamp["program"] else Unusable("is of another version of the program")


def newest_source_ns() -> int:
    """When the program's own source changed last: in a checkout it changes without a new version."""
    newest = 0
    folders = [str(_PACKAGE)]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.name.endswith(".py"):
                    newest = max(newest, entry.stat().st_mtime_ns)
                elif "." not in entry.name and entry.name != "__pycache__" and entry.is_dir():
                    folders.append(entry.path)
    return newest
