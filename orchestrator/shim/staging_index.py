"""Read and write the file in which git keeps what is staged.

An index that an agent wrote is read by this and never by git outside its sandbox, and what goes into the real
repository is written anew: no extension of it, no claim about files that git would believe without looking.
Imported by the shim: standard library only.
"""

from __future__ import annotations

import hashlib
import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_STAT = 40
"""Bytes of times, device, inode, mode, owner and size at the start of an entry."""
_MODES = frozenset({0o100644, 0o100755, 0o120000, 0o160000})
_ASSUMED = 0x8000
_EXTENDED = 0x4000
_SKIPPED = 0x4000
_INTENDED = 0x2000
_IGNORABLE = frozenset(map(chr, (*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x206A, 0x2070), 0xFEFF)))
"""What some file systems leave out of a name, so that ``.g<U+200C>it`` is ``.git`` there."""


class UnreadableIndex(Exception):
    """An index that is damaged, or of a form that is not taken over (split or sparse)."""


class Entry:
    """One staged path at one stage.

    Args:
        stat: times, device, inode, mode, owner and size as git wrote them.
        flags: assumed unchanged, skipped and intended to add, as in the two words of flags.
    """

    __slots__ = ("flags", "name", "oid", "stage", "stat")

    def __init__(self, name: bytes, stage: int, oid: bytes, stat: bytes, flags: tuple[int, int]) -> None:
        self.name = name
        self.stage = stage
        self.oid = oid
        self.stat = stat
        self.flags = flags

    @property
    def mode(self) -> int:
        """What it is: a file, a program, a link or another repository."""
        return int.from_bytes(self.stat[24:28], "big")

    @property
    def what(self) -> tuple[bytes, int, int, bytes, int]:
        """Everything but what git remembers of the file itself."""
        return self.name, self.stage, self.mode, self.oid, self.flags[1] & _INTENDED


def read_index(data: bytes, algorithm: str) -> list[Entry]:
    """Every entry, in order.

    Args:
        data: the whole file; empty for a repository in which nothing was ever staged.
        algorithm: ``sha1`` or ``sha256``.

    Raises:
        UnreadableIndex: it is damaged, split or sparse, or names what no index may name.
    """
    if not data:
        return []
    try:
        return _entries(data, hashlib.new(algorithm).digest_size)
    except (struct.error, IndexError, ValueError) as problem:
        raise UnreadableIndex("the index is damaged") from problem


def _entries(data: bytes, length: int) -> list[Entry]:
    signature, version, count = struct.unpack_from(">4sII", data)
    if signature != b"DIRC" or version not in (2, 3, 4):
        raise UnreadableIndex("the index is of an unknown version")
    end = len(data) - length
    found: list[Entry] = []
    at, before = 12, b""
    for name, stat, oid, flags, more, at in rows(data, version=version, count=count, length=length):
        if at > end:
            raise UnreadableIndex("the index is damaged")
        found.append(_checked(Entry(name, flags >> 12 & 3, oid, stat, (flags & _ASSUMED, more & 0x6000)), before))
        before = name
    _check_extensions(data, at, end)
    return found


def rows(data: bytes, *, version: int, count: int, length: int) -> Iterator[tuple[bytes, bytes, bytes, int, int, int]]:
    """Every row of an index as it lies there, judged by nobody.

    Args:
        version: 2, 3 or 4, in which names are shortened by what they share with the name before.
        length: of an object's id, in bytes.

    Yields:
        The name, what git saw of the file (40 bytes), the id, both words of flags, and where the row ends.

    Raises:
        ValueError: It is cut short, or a name builds on nothing (``struct.error`` and ``IndexError`` say the same).
    """
    at, name = 12, b""
    end = len(data) - length
    for _ in range(count):
        start = at
        stat, oid = data[at : at + _STAT], data[at + _STAT : at + _STAT + length]
        at += _STAT + length
        (flags,) = struct.unpack_from(">H", data, at)
        at += 2
        more = 0
        if flags & _EXTENDED:
            (more,) = struct.unpack_from(">H", data, at)
            at += 2
        if version == 4:
            shared, at = _number(data, at)
            if shared > len(name):
                raise ValueError("one of its names builds on nothing")
            stop = data.index(b"\0", at, end)
            name = name[: len(name) - shared] + data[at:stop]
            at = stop + 1
        else:
            stop = data.index(b"\0", at, end)
            name = data[at:stop]
            at = start + (stop - start + 8) // 8 * 8
        yield name, stat, oid, flags, more, at


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A number in git's variable width, and where it ends."""
    byte = data[at]
    value = byte & 0x7F
    while byte & 0x80:
        at += 1
        byte = data[at]
        value = (value + 1 << 7) | byte & 0x7F
        if value > 1 << 32:
            raise ValueError("one of its numbers is beyond all measure")
    return value, at + 1


def _checked(entry: Entry, before: bytes) -> Entry:
    if entry.mode == 0o040000:
        raise UnreadableIndex("a sparse index is not taken over")
    if entry.mode not in _MODES or not is_good_name(entry.name, entry.mode) or entry.name < before:
        raise UnreadableIndex(f"the index names {entry.name[:200]!r}, which no index may")
    return entry


def _check_extensions(data: bytes, at: int, end: int) -> None:
    while at + 8 <= end:
        name, size = struct.unpack_from(">4sI", data, at)
        if not 65 <= name[0] <= 90:
            # Upper case may be passed over; anything else changes what the entries mean.
            raise UnreadableIndex("a split or sparse index is not taken over")
        at += 8 + size


def is_good_name(name: bytes, mode: int = 0o100644) -> bool:
    """Whether a path may be staged: relative, without ``..``, and nothing that any file system takes for ``.git``."""
    text = name.decode("utf-8", "surrogateescape")
    parts = text.split("/")
    if not all(parts) or any(part in (".", "..") for part in parts):
        return False
    # A backslash is a slash elsewhere.
    plain = [_as_others_read_it(part) for whole in parts for part in whole.split("\\")]
    if any(part in (".git", "git~1", "..") for part in plain):
        return False
    return not (mode == 0o120000 and ".gitmodules" in plain)


def _as_others_read_it(part: str) -> str:
    kept = "".join(char for char in part if char not in _IGNORABLE)
    return kept.partition(":")[0].rstrip(" .").casefold() if kept.strip(".") else kept


def write_index(entries: Sequence[Entry], algorithm: str) -> bytes:
    """The file with these entries and no extension."""
    ordered = sorted(entries, key=lambda entry: (entry.name, entry.stage))
    version = 3 if any(entry.flags[1] for entry in ordered) else 2
    parts = [struct.pack(">4sII", b"DIRC", version, len(ordered))]
    for entry in ordered:
        assumed, more = entry.flags
        flags = assumed | entry.stage << 12 | min(len(entry.name), 0xFFF) | (_EXTENDED if more else 0)
        words = struct.pack(">HH", flags, more) if more else struct.pack(">H", flags)
        row = entry.stat + entry.oid + words + entry.name
        parts.append(row + b"\0" * (8 - len(row) % 8))
    body = b"".join(parts)
    return body + hashlib.new(algorithm, body).digest()


def merge(base: Sequence[Entry], theirs: Sequence[Entry], real: Sequence[Entry]) -> tuple[list[Entry], list[bytes]]:
    """The real index with what an agent changed since ``base``; paths that both changed stay as they really are.

    What git remembers of a file, and whether it looks at the file at all, is taken from the real index only: an agent
    could else hide a change from ``git status``.

    Returns:
        The entries, and the paths on which the agent did not get its way.
    """
    olds, news, reals = _by_name(base), _by_name(theirs), _by_name(real)
    merged: list[Entry] = []
    refused: list[bytes] = []
    for name in sorted({*news, *reals}):
        old, new, now = (_what(rows.get(name, ())) for rows in (olds, news, reals))
        if new in (old, now) or now != old:
            merged += reals.get(name, ())
            if new not in (old, now):
                refused.append(name)
        else:
            merged += [_unseen(entry) for entry in news.get(name, ())]
    return merged, refused


def _by_name(entries: Sequence[Entry]) -> Mapping[bytes, list[Entry]]:
    found: dict[bytes, list[Entry]] = {}
    for entry in entries:
        found.setdefault(entry.name, []).append(entry)
    return found


def _what(entries: Sequence[Entry]) -> list[tuple[bytes, int, int, bytes, int]]:
    return [entry.what for entry in entries]


def _unseen(entry: Entry) -> Entry:
    """The entry as if git had never looked at the file: it does so the next time."""
    stat = bytes(24) + entry.mode.to_bytes(4, "big") + bytes(12)
    return Entry(entry.name, entry.stage, entry.oid, stat, (0, entry.flags[1] & _INTENDED))


def changed_blobs(base: Sequence[Entry], theirs: Sequence[Entry]) -> set[bytes]:
    """The ids of files that were staged since ``base``."""
    known = {entry.oid for entry in base}
    return {entry.oid for entry in theirs if entry.mode != 0o160000 and entry.oid not in known}


def skip_outside(entries: Sequence[Entry], prefix: bytes) -> list[Entry]:
    """The same, with every path outside ``prefix`` marked as one that git does not look for in the work tree."""
    return [
        entry
        if entry.name.startswith(prefix)
        else Entry(entry.name, entry.stage, entry.oid, entry.stat, (entry.flags[0], entry.flags[1] | _SKIPPED))
        for entry in entries
    ]
