"""Write many objects into one of git's packs, and read them again: a file for each would cost most of a first look.

Nothing is packed as a difference to something else, so that a reader needs the index and one place.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import struct
import zlib
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from orchestrator.value_class import value_class

_HEAD: Final = struct.Struct(">4sII")
_INDEX_HEAD: Final = b"\xfftOc" + struct.pack(">I", 2)
_FAN_OUT: Final = 256
_OID_BYTES: Final = 20
_BLOB: Final = 3
_FAR: Final = 0x80000000
"""In the place of an offset: it stands in a table of its own, being too large."""
_CHUNK_BYTES: Final = 1024 * 1024
_UNFINISHED: Final = "unfinished-"


@dataclass(slots=True)
class PackWriter:
    """A pack that is being written."""

    _descriptor: int
    _end: int = _HEAD.size
    _rows: dict[bytes, tuple[int, int]] = field(default_factory=dict)
    """Checksum and place of each object, by name."""
    _waiting: bytearray = field(default_factory=bytearray)

    def __contains__(self, oid: bytes) -> bool:
        return oid in self._rows

    def add(self, oid: bytes, content: bytes) -> None:
        """Store the content of a file under its name.

        Raises:
            OSError: The disk refused.
        """
        text = _entry_head(len(content)) + zlib.compress(content, 1)
        self._rows[oid] = (zlib.crc32(text), self._end)
        self._end += len(text)
        self._waiting += text
        if len(self._waiting) >= _CHUNK_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write what waits in memory."""
        _write_all(self._descriptor, self._waiting)
        self._waiting.clear()

    def finish(self, place: Path) -> int:
        """Complete the pack and its index; how many objects it holds.

        Args:
            place: The unfinished pack, which gets its name.
        """
        self.flush()
        os.pwrite(self._descriptor, _HEAD.pack(b"PACK", 2, len(self._rows)), 0)
        checksum = _checksum(place)
        _write_all(self._descriptor, checksum)
        index = place.with_suffix(".index")
        index.write_bytes(self._index(checksum))
        name = f"pack-{checksum.hex()}"
        place.replace(place.with_name(f"{name}.pack"))
        # Whoever finds an index finds its pack.
        index.replace(place.with_name(f"{name}.idx"))
        return len(self._rows)

    def _index(self, checksum: bytes) -> bytes:
        names = sorted(self._rows)
        fan_out = [bisect_left(names, bytes([first + 1])) for first in range(_FAN_OUT - 1)] + [len(names)]
        far: list[int] = []
        near: list[int] = []
        for name in names:
            place = self._rows[name][1]
            near.append(place if place < _FAR else _FAR | len(far))
            if place >= _FAR:
                far.append(place)
        content = b"".join(
            (
                _INDEX_HEAD,
                struct.pack(f">{_FAN_OUT}I", *fan_out),
                *names,
                struct.pack(f">{len(names)}I", *(self._rows[name][0] for name in names)),
                struct.pack(f">{len(near)}I", *near),
                struct.pack(f">{len(far)}Q", *far),
                checksum,
            )
        )
        return content + hashlib.sha1(content, usedforsecurity=False).digest()


@contextmanager
def packing(folder: Path) -> Iterator[PackWriter]:
    """A pack that is complete when the block ends well; else nothing of it stays.

    Args:
        folder: ``objects/pack``.

    Raises:
        OSError: The disk refused.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    place = folder / f"{_UNFINISHED}{os.getpid()}-{secrets.token_hex(4)}.pack"
    descriptor = os.open(place, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, bytes(_HEAD.size))
        writer = PackWriter(descriptor)
        yield writer
        writer.finish(place)
    finally:
        os.close(descriptor)
        place.unlink(missing_ok=True)
        place.with_suffix(".index").unlink(missing_ok=True)


def remove_unfinished(folder: Path) -> None:
    """Take away what a process left that was killed; whoever calls is the only writer."""
    for place in folder.glob(f"{_UNFINISHED}*"):
        place.unlink(missing_ok=True)


@value_class
class Pack:
    """One complete pack."""

    file: Path
    index: bytes
    count: int

    @classmethod
    def at(cls, index: Path) -> Pack | None:
        """The pack that this index is of; ``None`` if it is no such index.

        Raises:
            OSError: It cannot be read.
        """
        content = index.read_bytes()
        start = len(_INDEX_HEAD) + 4 * _FAN_OUT
        if not content.startswith(_INDEX_HEAD) or len(content) < start:
            return None
        count = int.from_bytes(content[start - 4 : start], "big")
        if len(content) < start + count * (_OID_BYTES + 8) + 2 * _OID_BYTES:
            return None
        return cls(index.with_suffix(".pack"), content, count)

    def place_of(self, oid: bytes) -> int | None:
        """Where an object begins; ``None`` if it is not in this pack."""
        head = len(_INDEX_HEAD)
        first = oid[0]
        low = self._number(head + 4 * (first - 1)) if first else 0
        high = self._number(head + 4 * first)
        names = head + 4 * _FAN_OUT
        position = bisect_left(range(self.count), oid, low, high, key=lambda row: self._name(names, row))
        if position >= high or self._name(names, position) != oid:
            return None
        places = names + self.count * (_OID_BYTES + 4)
        place = self._number(places + 4 * position)
        if place < _FAR:
            return place
        far = places + 4 * self.count + 8 * (place - _FAR)
        return int.from_bytes(self.index[far : far + 8], "big")

    def read(self, place: int) -> bytes:
        """The content that begins there.

        Raises:
            OSError: It cannot be read.
            zlib.error: It is damaged.
        """
        with self.file.open("rb") as file:
            file.seek(place)
            size, shift, byte = 0, 4, file.read(1)[0]
            size = byte & 0x0F
            while byte & 0x80:
                byte = file.read(1)[0]
                size |= (byte & 0x7F) << shift
                shift += 7
            unpacked, parts = zlib.decompressobj(), list[bytes]()
            while not unpacked.eof and (chunk := file.read(_CHUNK_BYTES)):
                parts.append(unpacked.decompress(chunk))
        content = b"".join(parts)
        if len(content) != size or not unpacked.eof:
            raise zlib.error(f"it has {len(content)} bytes, and {size} were written")
        return content

    def _number(self, at: int) -> int:
        return int.from_bytes(self.index[at : at + 4], "big")

    def _name(self, names: int, row: int) -> bytes:
        return self.index[names + row * _OID_BYTES : names + (row + 1) * _OID_BYTES]


def packs_in(folder: Path) -> tuple[Pack, ...]:
    """Every complete pack of a folder; none where there is no such folder.

    Raises:
        OSError: A pack cannot be read.
    """
    found = (Pack.at(index) for index in sorted(folder.glob("pack-*.idx")))
    return tuple(pack for pack in found if pack is not None)


def _entry_head(size: int) -> bytes:
    """Kind and size in front of a packed object: four bits of the size first, then seven a byte."""
    head, rest = bytearray([_BLOB << 4 | size & 0x0F]), size >> 4
    while rest:
        head[-1] |= 0x80
        head.append(rest & 0x7F)
        rest >>= 7
    return bytes(head)


def _checksum(place: Path) -> bytes:
    with place.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.sha1(usedforsecurity=False)).digest()


def _write_all(descriptor: int, content: bytes | bytearray) -> None:
    left = memoryview(content)
    try:
        while left:
            written = os.write(descriptor, left)
            done, left = left, left[written:]
            done.release()
    finally:
        left.release()
