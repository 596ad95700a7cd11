"""Replace a file so that it is either wholly the old one or wholly the new one."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from orchestrator.errors import EnvironmentUnfit


def write_atomically(path: Path, text: str) -> None:
    """Replace ``path`` with ``text`` (UTF-8, mode 0600); after a crash it holds the old text or the new one.

    Raises:
        EnvironmentUnfit: The folder is missing, not writable or full; the old file stands.
    """
    temporary: str | None = None
    try:
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
        temporary = None
        sync_folder(path.parent)
    except OSError as error:
        raise EnvironmentUnfit(
            f"cannot write {path}: {error.strerror}", hint="free some disk space, or make the folder writable"
        ) from error
    finally:
        if temporary is not None:
            with suppress(OSError):
                Path(temporary).unlink()


def sync_folder(folder: Path) -> None:
    """Put the folder's own entries on disk: a file that was created or renamed there survives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
