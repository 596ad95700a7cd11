"""A worker's private home: the credential goes in, a refreshed one comes back, the rest never meets the user's own."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from orchestrator.errors import EnvironmentUnfit
from orchestrator.models.launch import PlacedFile


@dataclass(frozen=True, slots=True)
class CopiedCredential:
    """One credential file that was copied in."""

    name: PurePosixPath
    """Relative to either home."""
    original: Path
    copy: Path
    digest: str
    """Of the original when it was copied; whether either side changed since is told by it."""


@dataclass(frozen=True, slots=True)
class PrivateHome:
    """One worker's home and what was put into it."""

    folder: Path
    credentials: tuple[CopiedCredential, ...] = ()


def prepare_home(folder: Path, *, user_home: Path | None, credential_files: Sequence[PurePosixPath]) -> PrivateHome:
    """Make the home and copy the credential in.

    Args:
        user_home: ``None`` in a rehearsal, which never sees the user's own.

    Raises:
        EnvironmentUnfit: the folder cannot be made or a credential cannot be copied.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        copied = []
        for name in credential_files if user_home is not None else ():
            assert user_home is not None
            original, copy = user_home / name, folder / name
            if original.is_file():
                content = original.read_bytes()
                if not _is_newer(copy, original):
                    _write_private(copy, content, within=folder)
                copied.append(CopiedCredential(name, original, copy, _digest(content)))
    except OSError as problem:
        raise EnvironmentUnfit(f"cannot prepare the private home {folder}: {problem}") from problem
    return PrivateHome(folder, tuple(copied))


def place_files(files: Sequence[PlacedFile], *, within: Sequence[Path] = ()) -> None:
    """Write the files an adapter asks for, readable by their owner alone.

    Args:
        within: folders a worker can write; a file in one of them must really lie there.

    Raises:
        EnvironmentUnfit: one cannot be written.
    """
    for file in files:
        try:
            root = next((root for root in within if file.path.is_relative_to(root)), file.path.parent)
            _write_private(file.path, file.content.encode(), within=root)
        except OSError as problem:
            raise EnvironmentUnfit(f"cannot write {file.path}: {problem}") from problem


def return_credentials(home: PrivateHome) -> list[Path]:
    """Copy back what the CLI refreshed, where the user's own is still the one we copied; returns what was written.

    Two workers of one CLI that both refresh: the first to end wins, the second sees a changed original and keeps off.
    """
    written = []
    for credential in home.credentials:
        # A worker owns its copy and could have put a link to something of the user's in its place.
        if os.path.realpath(credential.copy) != os.path.join(os.path.realpath(home.folder), credential.name):
            continue
        try:
            fresh, original = credential.copy.read_bytes(), credential.original.read_bytes()
        except OSError:
            continue
        if fresh.strip() and _digest(fresh) != credential.digest and _digest(original) == credential.digest:
            _write_private(credential.original, fresh, within=credential.original.parent)
            written.append(credential.original)
    return written


def clear_home(home: PrivateHome, *, keep: bool = False) -> None:
    """Copy refreshed credentials back and delete the rest, or with ``keep`` only them; what cannot be deleted stays."""
    return_credentials(home)
    if not keep:
        shutil.rmtree(home.folder, ignore_errors=True)
        return
    for credential in home.credentials:
        # Through a link the worker may have made we would delete what lies elsewhere.
        if os.path.realpath(credential.copy.parent).startswith(os.path.realpath(home.folder)):
            with contextlib.suppress(OSError):
                credential.copy.unlink()


def _is_newer(copy: Path, original: Path) -> bool:
    """Whether a copy from before a coordinator's death is there: its CLI may have refreshed it, and only there."""
    return copy.is_file() and not copy.is_symlink() and copy.stat().st_mtime_ns >= original.stat().st_mtime_ns


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _write_private(path: Path, content: bytes, *, within: Path) -> None:
    """Atomically, 0600; folders made on the way are 0700.  ``path`` may not lead out of ``within`` through a link."""
    missing = [folder for folder in (path.parent, *path.parent.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(mode=0o700)
    if not path.parent.resolve().is_relative_to(within.resolve()):
        # A worker owns its home; a link it left there must not make us write elsewhere at its next attempt.
        raise OSError(f"{path.parent} leads out of {within}")
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    os.replace(fresh, path)
