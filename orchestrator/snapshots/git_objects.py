"""Write files and folders as git's objects ourselves, so that no program reads what others made.

A tree written so may hold any name the file system allows, also those that git's index refuses.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from orchestrator.errors import EnvironmentUnfit
from orchestrator.snapshots.object_packs import Pack, PackWriter, packing, packs_in, remove_unfinished

FILE: Final = b"100644"
PROGRAM: Final = b"100755"
LINK: Final = b"120000"
_FOLDER: Final = b"40000"


@dataclass(slots=True)
class ObjectStore:
    """The loose objects of one git directory of our own."""

    folder: Path
    """``objects``."""
    _written: set[bytes] = field(default_factory=set)
    _packs: tuple[Pack, ...] | None = None

    @contextmanager
    def packing(self) -> Iterator[PackWriter]:
        """Files that :meth:`write` is given with this go into one pack, which is complete when the block ends well.

        Raises:
            OSError: The disk refused.
        """
        remove_unfinished(self.folder / "pack")
        with packing(self.folder / "pack") as pack:
            yield pack
        self._packs = None

    def write(self, kind: Literal["blob", "tree"], content: bytes, *, pack: PackWriter | None = None) -> bytes:
        """Store an object if it is not there yet; its name, as bytes.

        Args:
            pack: Where a file's content goes; by default, and with every folder, into a file of its own.

        Raises:
            OSError: The disk refused.
        """
        head = b"%s %d\0" % (kind.encode(), len(content))
        oid = name_of(kind, content)
        if oid in self._written:
            return oid
        if (pack is not None and oid in pack) or self._packed(oid) is not None:
            return oid
        if pack is not None and kind == "blob":
            pack.add(oid, content)
            return oid
        name = oid.hex()
        place = self.folder / name[:2] / name[2:]
        if not place.exists():
            packed = zlib.compressobj(1)
            text = packed.compress(head) + packed.compress(content) + packed.flush()
            fresh = place.with_name(f"new-{os.getpid()}-{secrets.token_hex(4)}")
            try:
                _write(fresh, text)
            except FileNotFoundError:
                place.parent.mkdir(mode=0o700, exist_ok=True)
                _write(fresh, text)
            fresh.replace(place)
        self._written.add(oid)
        return oid

    def read(self, oid: bytes) -> bytes:
        """The content of an object that was stored here.

        Raises:
            EnvironmentUnfit: There is no object of that name, or it is damaged.
        """
        name = oid.hex()
        try:
            found = self._packed(oid)
            if found is not None:
                return found[0].read(found[1])
            stored = zlib.decompress((self.folder / name[:2] / name[2:]).read_bytes())
        except (OSError, IndexError, zlib.error) as error:
            raise EnvironmentUnfit(f"the snapshot {name} cannot be read: {error}") from error
        return stored.partition(b"\0")[2]

    def _packed(self, oid: bytes) -> tuple[Pack, int] | None:
        """The pack that holds an object, and where in it; ``None`` if none does."""
        if self._packs is None:
            self._packs = packs_in(self.folder / "pack")
        for pack in self._packs:
            place = pack.place_of(oid)
            if place is not None:
                return pack, place
        return None

    def read_tree(self, oid: bytes) -> dict[bytes, tuple[bytes, bytes]]:
        """Mode and name of the content of every file of a tree, by path.

        Raises:
            EnvironmentUnfit: It was not stored here.
        """
        found: dict[bytes, tuple[bytes, bytes]] = {}
        waiting = [(b"", oid)]
        while waiting:
            above, folder = waiting.pop()
            for name, (mode, inner) in self._entries(folder).items():
                if mode == _FOLDER:
                    waiting.append((above + name + b"/", inner))
                else:
                    found[above + name] = (mode, inner)
        return found

    def changed_paths(self, before: bytes, after: bytes) -> list[bytes]:
        """The files that differ between two trees, sorted; folders that are the same in both are not looked into.

        Raises:
            EnvironmentUnfit: One of them was not stored here.
        """
        found: list[bytes] = []
        waiting: list[tuple[bytes, bytes | None, bytes | None]] = [(b"", before, after)]
        while waiting:
            above, old, new = waiting.pop()
            sides = [self._entries(folder) if folder is not None else {} for folder in (old, new)]
            for name in sides[0].keys() | sides[1].keys():
                entries = [side.get(name) for side in sides]
                if entries[0] == entries[1]:
                    continue
                folders = [entry[1] if entry is not None and entry[0] == _FOLDER else None for entry in entries]
                if folders != [None, None]:
                    waiting.append((above + name + b"/", folders[0], folders[1]))
                if any(entry is not None and entry[0] != _FOLDER for entry in entries):
                    found.append(above + name)
        return sorted(found)

    def _entries(self, tree: bytes) -> dict[bytes, tuple[bytes, bytes]]:
        """Mode and name of what one folder holds, by its base name."""
        content, place = self.read(tree), 0
        found: dict[bytes, tuple[bytes, bytes]] = {}
        while place < len(content):
            end = content.index(b"\0", place)
            mode, _, name = content[place:end].partition(b" ")
            found[name] = (mode, content[end + 1 : end + 21])
            place = end + 21
        return found

    def write_tree(self, files: Mapping[bytes, tuple[bytes, bytes]]) -> bytes:
        """Store a folder with all its folders; the name of its tree.

        Args:
            files: Mode and name of the content, by path.

        Raises:
            OSError: The disk refused.
        """
        folders: dict[bytes, list[tuple[bytes, bytes, bytes]]] = {b"": []}
        for path, (mode, oid) in files.items():
            above, _, name = path.rpartition(b"/")
            folders.setdefault(above, []).append((name, mode, oid))
        for folder in list(folders):
            while folder:
                folder = folder.rpartition(b"/")[0]
                if folder in folders:
                    break
                folders[folder] = []
        for folder in sorted(folders, key=lambda path: path.count(b"/") + bool(path), reverse=True):
            oid = self.write("tree", _tree(folders[folder]))
            if not folder:
                return oid
            above, _, name = folder.rpartition(b"/")
            folders[above].append((name, _FOLDER, oid))
        raise AssertionError("the top is a folder too")


def name_of(kind: Literal["blob", "tree"], content: bytes) -> bytes:
    """The name of an object, as bytes."""
    found = hashlib.sha1(b"%s %d\0" % (kind.encode(), len(content)), usedforsecurity=False)
    found.update(content)
    return found.digest()


def _tree(entries: Iterable[tuple[bytes, bytes, bytes]]) -> bytes:
    # A folder is sorted as if its name ended in a slash.
    ordered = sorted(entries, key=lambda entry: entry[0] + b"/" if entry[1] == _FOLDER else entry[0])
    return b"".join(b"%s %s\0%s" % (mode, name, oid) for name, mode, oid in ordered)


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
