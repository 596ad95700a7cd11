"""A folder in, the hashes of its files and their differences out, with the standard library alone (git is missing)."""

from __future__ import annotations

import difflib
import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from orchestrator.errors import EnvironmentUnfit

_SKIPPED = frozenset({".git", ".hg", ".svn", ".venv", "node_modules", "__pycache__"})
"""``.gitignore`` cannot be read without git; these are what it would nearly always name."""
_MOST_KEPT_BYTES = 1024 * 1024
"""Of a larger file only the hash is kept, so that its change is seen but not shown."""


class HashedTrees:
    """Trees as tables of path and hash, with the contents of smaller files beside them."""

    def __init__(self, folder: Path, target: Path, left_out: Sequence[Path]) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._target = target
        self._left_out = frozenset(target / path for path in left_out)

    def write_tree(self) -> str:
        """Record the folder; the id of its table."""
        try:
            table = {str(path.relative_to(self._target)): self._recorded(path) for path in self._files(self._target)}
            text = json.dumps({name: key for name, key in table.items() if key}, sort_keys=True)
            tree = hashlib.sha256(text.encode()).hexdigest()
            (self._folder / f"{tree}.json").write_text(text)
        except OSError as error:
            raise EnvironmentUnfit(f"cannot record {self._target}: {error.strerror}") from error
        return tree

    def diff_text(self, before: str, after: str, *, most_bytes: int) -> tuple[str, bool]:
        """A unified diff, and whether it was cut at about ``most_bytes``."""
        parts: list[str] = []
        for name, old, new in self._changed(before, after):
            parts += self._file_diff(name, old, new)
        text = "".join(parts)
        return text[:most_bytes], len(text) > most_bytes

    def diff_figures(self, before: str, after: str) -> list[tuple[str, int, int]]:
        """Path, insertions and deletions of each changed file; a binary or large one has none of either."""
        figures = []
        for name, old, new in self._changed(before, after):
            body = self._file_diff(name, old, new)[3:]
            added = sum(line.startswith("+") for line in body)
            figures.append((_printable(name), added, sum(line.startswith("-") for line in body)))
        return figures

    def _files(self, folder: Path) -> Iterator[Path]:
        for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
            path = Path(entry.path)
            if path in self._left_out:
                continue
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in _SKIPPED:
                    yield from self._files(path)
            elif entry.is_symlink() or entry.is_file(follow_symlinks=False):
                yield path

    def _recorded(self, path: Path) -> str | None:
        """The key of the file's content, which is kept; ``None`` if it has gone or may not be read."""
        try:
            if path.is_symlink():
                return self._kept(b"link to " + os.fsencode(path.readlink()))
            if path.stat().st_size <= _MOST_KEPT_BYTES:
                return self._kept(path.read_bytes())
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except (FileNotFoundError, PermissionError):
            return None

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
        """The kept text; ``None`` where there is none to show."""
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
