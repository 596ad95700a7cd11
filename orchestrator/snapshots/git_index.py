"""Read from a git index what the repository tracks: any version, either hash, split or sparse."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Literal, TypeAlias

from orchestrator.shim.staging_index import rows
from orchestrator.value_class import value_class

ObjectFormat: TypeAlias = Literal["sha1", "sha256"]
HASH_BYTES: Final[dict[str, int]] = {"sha1": 20, "sha256": 32}

FOLDER: Final = 0o040000
"""The mode of a sparse entry: a whole folder that is not checked out."""
LINK: Final = 0o120000
GITLINK: Final = 0o160000
"""The mode of a repository inside (a submodule)."""

MOST_ENTRIES: Final = 20_000_000
_STATUS: Final = struct.Struct(">10I")
_INTENT_TO_ADD: Final = 0x2000
_SKIP_WORKTREE: Final = 0x4000
_ASSUME_VALID: Final = 0x8000


class IndexUnreadable(ValueError):
    """The index says something that this reader does not understand; the text says what."""


@value_class
class IndexEntry:
    """One file that the repository tracks."""

    path: bytes
    """Below the top of the work tree; a sparse folder's ends in ``/``."""
    mode: int
    oid: str
    stage: int
    """0, or the side of a conflict."""
    size: int
    """Of the file when git last looked at it, modulo 2³²; 0 also where git did not trust what it saw."""
    mtime: tuple[int, int]
    """Seconds and nanoseconds, as git last saw them."""
    ctime: tuple[int, int]
    inode: int
    is_intended: bool = False
    """``git add -N``: the path without its content."""
    is_sparse: bool = False
    """Not checked out (``skip-worktree``)."""
    is_assumed: bool = False
    """``assume-unchanged``: git does not look."""


@value_class
class Index:
    """A whole index."""

    version: int
    entries: tuple[IndexEntry, ...]
    shared: str | None = None
    """The hash that names the shared index of a split one (``sharedindex.<hash>``), until it is merged."""
    deleted: frozenset[int] = frozenset()
    """Of the shared entries: what is no longer tracked, by position."""
    replaced: tuple[int, ...] = ()
    """Of the shared entries: which ones the first entries here stand for, in order."""


def read_index(content: bytes, *, object_format: ObjectFormat) -> Index:
    """Read an index.

    Raises:
        IndexUnreadable: The content is no index, or one of an unknown version.
    """
    hash_bytes = HASH_BYTES[object_format]
    try:
        signature, version, count = struct.unpack_from(">4sII", content)
        if signature != b"DIRC":
            raise IndexUnreadable("it does not begin as a git index does")
        if version not in (2, 3, 4):
            raise IndexUnreadable(f"it is of version {version}")
        if count > len(content) // 40:
            raise IndexUnreadable(f"it claims {count} entries, more than it can hold")
        entries, place = _entries(content, version, count, hash_bytes)
        return _with_extensions(Index(version, tuple(entries)), content, place, hash_bytes)
    except IndexUnreadable:
        raise
    except (struct.error, IndexError, ValueError) as error:
        raise IndexUnreadable("it is cut short, or its names are not whole") from error


def merge_split(index: Index, shared: Index) -> Index:
    """A split index with the shared one it builds on: whole.

    Raises:
        IndexUnreadable: The two do not fit.
    """
    if len(index.replaced) > len(index.entries) or max((*index.deleted, *index.replaced), default=-1) >= len(
        shared.entries
    ):
        raise IndexUnreadable("its parts do not fit")
    standing = dict(enumerate(shared.entries))
    for position, entry in zip(index.replaced, index.entries, strict=False):
        standing[position] = replace(entry, path=shared.entries[position].path)
    kept = [entry for position, entry in standing.items() if position not in index.deleted]
    added = index.entries[len(index.replaced) :]
    whole = sorted((*kept, *added), key=lambda entry: (entry.path, entry.stage))
    return Index(index.version, tuple(whole))


def _entries(content: bytes, version: int, count: int, hash_bytes: int) -> tuple[list[IndexEntry], int]:
    place, entries = 12, list[IndexEntry]()
    for path, stat, oid, flags, further, end in rows(content, version=version, count=count, length=hash_bytes):
        ctime_s, ctime_ns, mtime_s, mtime_ns, _, inode, mode, _, _, size = _STATUS.unpack(stat)
        entries.append(
            IndexEntry(
                path,
                mode,
                oid.hex(),
                (flags >> 12) & 3,
                size,
                (mtime_s, mtime_ns),
                (ctime_s, ctime_ns),
                inode,
                bool(further & _INTENT_TO_ADD),
                bool(further & _SKIP_WORKTREE),
                bool(flags & _ASSUME_VALID),
            )
        )
        place = end
    return entries, place


def _with_extensions(index: Index, content: bytes, place: int, hash_bytes: int) -> Index:
    while place + 8 <= len(content) - hash_bytes:
        signature, size = struct.unpack_from(">4sI", content, place)
        data = content[place + 8 : place + 8 + size]
        place += 8 + size
        if signature == b"link":
            index = _with_link(index, data, hash_bytes)
        elif signature[:1].islower() and signature != b"sdir":
            # A small letter says that nobody may read the index who does not know what it means.
            raise IndexUnreadable(f"it has an extension {signature.decode('ascii', 'replace')!r} that is not known")
    return index


def _with_link(index: Index, data: bytes, hash_bytes: int) -> Index:
    shared = data[:hash_bytes].hex()
    if set(shared) == {"0"}:
        return index
    if len(data) == hash_bytes:
        return replace(index, shared=shared)
    deleted, place = _bits(data, hash_bytes)
    replaced, _ = _bits(data, place)
    return replace(index, shared=shared, deleted=frozenset(deleted), replaced=tuple(replaced))


def _bits(data: bytes, place: int) -> tuple[Sequence[int], int]:
    """The positions that a bitmap of git's (EWAH) names, and where it ends."""
    size, count = struct.unpack_from(">II", data, place)
    if size > MOST_ENTRIES:
        raise IndexUnreadable("one of its numbers is beyond all measure")
    words = struct.unpack_from(f">{count}Q", data, place + 8)
    end = place + 8 + 8 * count + 4
    found: list[int] = []
    at = bit = 0
    while at < count:
        marker = words[at]
        at += 1
        run, literals = (marker >> 1) & 0xFFFFFFFF, marker >> 33
        if marker & 1:
            found.extend(range(bit, min(bit + 64 * run, size)))
        bit += 64 * run
        for word in words[at : at + literals]:
            found.extend(bit + offset for offset in range(64) if word >> offset & 1)
            bit += 64
        at += literals
    return found, end
