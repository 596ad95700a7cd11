"""Hash and compare the files that count with the standard library alone, where git is missing."""

from __future__ import annotations

import difflib
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

from orchestrator.errors import EnvironmentUnfit
from orchestrator.files.foreign import ForeignFolder, Status, Unread

_MOST_KEPT_BYTES = 1024 * 1024
"""Of a larger file only the hash is kept, so that its change is seen but not shown."""
_MOST_HASHED_BYTES = 1024 * 1024 * 1024
"""Of a still larger one only size and time: hashing it would take minutes."""


class HashedTrees:
    """Trees as tables of path and hash, with the contents of smaller files beside them."""

    def __init__(self, folder: Path, target: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._target = target
        self._foreign = ForeignFolder(target)
        self._recorded: frozenset[bytes] = frozenset()
        self.taken_in = 0
        """Of how many files the content is known so far; another thread may ask."""

    def write_tree(self, files: Mapping[bytes, Status]) -> tuple[str, tuple[str, ...]]:
        """Record these files; the id of their table, and what could not be recorded of them.

        Raises:
            EnvironmentUnfit: The disk refused.
        """
        doubts: list[str] = []
        try:
            table: dict[str, str | None] = {}
            for self.taken_in, (path, status) in enumerate(files.items()):
                table[os.fsdecode(path)] = self._key_of(path, status, doubts)
            text = json.dumps({name: key for name, key in table.items() if key}, sort_keys=True)
            tree = hashlib.sha256(text.encode()).hexdigest()
            (self._folder / f"{tree}.json").write_text(text)
        except OSError as error:
            raise EnvironmentUnfit(f"cannot record {self._target}: {error.strerror}") from error
        self._recorded = frozenset(files)
        return tree, tuple(doubts)

    def recorded(self) -> frozenset[bytes]:
        """The paths that were recorded last."""
        return self._recorded

    def diff_text(self, before: str, after: str, *, most_bytes: int) -> tuple[str, bool]:
        """A unified diff, and whether it was cut at about ``most_bytes``."""
        parts: list[str] = []
        for name, old, new in self._changed(before, after):
            parts += self._file_diff(name, old, new)
        text = "".join(parts)
        return text[:most_bytes], len(text) > most_bytes

    def changed(self, before: str, after: str) -> list[str]:
        """The paths that differ."""
        return [_printable(name) for name, _, _ in self._changed(before, after)]

    def diff_figures(self, before: str, after: str) -> list[tuple[str, int, int]]:
        """Path, insertions and deletions of each changed file; a binary or large one has none of either."""
        figures = []
        for name, old, new in self._changed(before, after):
            body = self._file_diff(name, old, new)[3:]
            added = sum(line.startswith("+") for line in body)
            figures.append((_printable(name), added, sum(line.startswith("-") for line in body)))
        return figures

    def _key_of(self, path: bytes, status: Status, doubts: list[str]) -> str | None:
        """The key of the file's content, which is kept; ``None`` if it has gone."""
        if status.kind == "link":
            leads = self._foreign.link(path)
            return None if isinstance(leads, Unread) else self._kept(b"link to " + os.fsencode(leads))
        if status.size > _MOST_HASHED_BYTES:
            return _stand_in("large file", status)
        found: bytes | str | Unread
        if status.size <= _MOST_KEPT_BYTES:
            found = self._foreign.read(path, most_bytes=_MOST_KEPT_BYTES)
        else:
            found = self._foreign.digest(path, most_bytes=_MOST_HASHED_BYTES)
        if isinstance(found, bytes):
            return self._kept(found)
        if isinstance(found, str):
            return found
        if found.reason in ("missing", "not a folder", "a link", "not a file"):
            return None
        doubts.append(f"what {_printable(os.fsdecode(path))} holds: it {found.detail}")
        return _stand_in("file that could not be read,", status)

    def _kept(self, content: bytes) -> str:
        key = hashlib.sha256(content).hexdigest()
        kept = self._folder / key
        if not kept.exists():
            kept.write_bytes(content)
        return key

    def _table(self, tree: str) -> Mapping[str, str]:
        try:
            table: dict[str, str] = json.loads((self._folder / f"{tree}.json").read_text())
        except (OSError, ValueError) as error:
            raise EnvironmentUnfit(f"{tree} is not a recorded tree") from error
        return table

    def _changed(self, before: str, after: str) -> list[tuple[str, str | None, str | None]]:
        old, new = self._table(before), self._table(after)
        return [
            (name, old.get(name), new.get(name))
            for name in sorted(old.keys() | new.keys())
            if old.get(name) != new.get(name)
        ]

    def _file_diff(self, name: str, old: str | None, new: str | None) -> list[str]:
        heading = f"diff {_printable(name)}\n"
        texts = [self._lines(key) for key in (old, new)]
        if texts[0] is None or texts[1] is None:
            return [heading, "Binary or large file differs\n"]
        before, after = (f"{side}/{_printable(name)}" if key else "/dev/null" for side, key in (("a", old), ("b", new)))
        lines = difflib.unified_diff(texts[0], texts[1], before, after)
        return [
            heading,
            *(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines),
        ]

    def _lines(self, key: str | None) -> list[str] | None:
        """Read the kept text of a file; ``None`` where there is none to show."""
        if key is None:
            return []
        try:
            content = (self._folder / key).read_bytes()
        except FileNotFoundError:
            return None
        return (
            None
            if b"\0" in content[:8000]
            else [line.decode(errors="replace") for line in content.splitlines(keepends=True)]
        )


def _printable(name: str) -> str:
    return name.encode(errors="backslashreplace").decode()


def _stand_in(what: str, status: Status) -> str:
    """Make a key that changes with a file whose content is not read."""
    text = f"{what} of {status.size} bytes, changed at {status.mtime_ns} ns\n"
    return hashlib.sha256(text.encode()).hexdigest()
