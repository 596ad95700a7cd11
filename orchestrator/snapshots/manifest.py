"""Record what git's trees leave out of a target: permission bits, times, owners, and its folders."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Collection, Mapping
from dataclasses import field
from pathlib import Path
from typing import Final, TypeAlias

from orchestrator.errors import EnvironmentUnfit
from orchestrator.files.foreign import MOST_ENTRIES, ForeignFolder, Status, Unread
from orchestrator.value_class import value_class

_FORMAT: Final = 1
_SKIPPED: Final = frozenset({".git"})
Row: TypeAlias = tuple[int, int, int, int]


@value_class
class Attributes:
    """What ``lstat`` says of one file or folder."""

    mode: int
    """The permission bits."""
    mtime_ns: int
    owner: int
    size: int


@value_class
class Manifest:
    """The target at one moment, without its contents."""

    files: Mapping[bytes, Attributes] = field(default_factory=dict)
    """Of every file and link that was recorded, by path below the target."""
    folders: Mapping[bytes, Attributes] = field(default_factory=dict)
    """Of every folder that holds such a file somewhere, or no file at all; the target itself has the empty path."""
    specials: Mapping[bytes, str] = field(default_factory=dict)
    """The kind of whatever is neither file, folder nor link, by path: git knows nothing of it."""
    is_cut: bool = False
    """There was more than could be looked at: a folder that is missing here need not have been missing."""
    not_certain: frozenset[bytes] = frozenset()
    """Paths that somebody may have changed after the last worker was gone, and before this was made."""


def look_at(target: Path, left_out: Collection[bytes], recorded: Mapping[bytes, object]) -> Manifest:
    """The manifest of a target as it stands.

    Args:
        target: Resolved.
        left_out: Paths below it that never count (the workspace).
        recorded: The files that count, by path.
    """
    files: dict[bytes, Attributes] = {}
    folders: dict[bytes, Attributes] = {}
    occupied: set[bytes] = set()
    """Folders with a file that does not count somewhere below."""
    specials: dict[bytes, str] = {}
    is_cut = False
    foreign = ForeignFolder(target)
    for entry in foreign.walk(most=MOST_ENTRIES, skip=lambda entry: entry.base in _SKIPPED):
        if isinstance(entry, Unread):
            is_cut = is_cut or entry.reason in ("too many", "took too long")
            continue
        path = os.fsencode(entry.name)
        if any(path == out or path.startswith(out + b"/") for out in left_out):
            _occupy(path, occupied)
        elif entry.status.kind == "folder":
            if entry.base in _SKIPPED:
                _occupy(path, occupied)
            else:
                folders[path] = _attributes(entry.status)
        elif path in recorded:
            files[path] = _attributes(entry.status)
        elif entry.status.kind in ("pipe", "socket", "device"):
            specials[path] = entry.status.kind
        else:
            _occupy(path, occupied)
    top = foreign.status()
    if isinstance(top, Status):
        folders[b""] = _attributes(top)
    held = _folders_above(files)
    kept = {path: seen for path, seen in folders.items() if path in held or path not in occupied}
    return Manifest(files, kept, specials, is_cut)


def write_manifest(path: Path, manifest: Manifest) -> None:
    """Write the manifest, replacing an earlier one atomically.

    Raises:
        OSError: The disk refused.
    """
    content = {
        "format": _FORMAT,
        "files": {_text(name): _row(seen) for name, seen in manifest.files.items()},
        "folders": {_text(name): _row(seen) for name, seen in manifest.folders.items()},
        "specials": {_text(name): kind for name, kind in manifest.specials.items()},
        "cut": manifest.is_cut,
        "not_certain": sorted(_text(name) for name in manifest.not_certain),
    }
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fresh.write_bytes(zlib.compress(json.dumps(content).encode("ascii"), 1))
    fresh.replace(path)


def read_manifest(path: Path) -> Manifest | None:
    """Read the manifest; ``None`` where there is none.

    Raises:
        EnvironmentUnfit: It cannot be read.
    """
    try:
        found = json.loads(zlib.decompress(path.read_bytes()))
        if found["format"] != _FORMAT:
            raise EnvironmentUnfit(f"{path} was written by another version of this program")
        return Manifest(
            {_raw(name): Attributes(*row) for name, row in found["files"].items()},
            {_raw(name): Attributes(*row) for name, row in found["folders"].items()},
            {_raw(name): str(kind) for name, kind in found["specials"].items()},
            bool(found["cut"]),
            frozenset(_raw(name) for name in found["not_certain"]),
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, zlib.error) as error:
        raise EnvironmentUnfit(f"{path} cannot be read: {error}") from error


def _folders_above(files: Mapping[bytes, object]) -> set[bytes]:
    found: set[bytes] = {b""}
    for path in files:
        folder = path.rpartition(b"/")[0]
        while folder not in found:
            found.add(folder)
            folder = folder.rpartition(b"/")[0]
    return found


def _occupy(path: bytes, occupied: set[bytes]) -> None:
    folder = path.rpartition(b"/")[0]
    while folder and folder not in occupied:
        occupied.add(folder)
        folder = folder.rpartition(b"/")[0]


def _attributes(status: Status) -> Attributes:
    return Attributes(status.mode, status.mtime_ns, status.owner, status.size)


def _row(seen: Attributes) -> Row:
    return seen.mode, seen.mtime_ns, seen.owner, seen.size


def _text(name: bytes) -> str:
    """Any bytes as text that JSON can hold, one character a byte."""
    return name.decode("latin-1")


def _raw(name: str) -> bytes:
    return name.encode("latin-1")
