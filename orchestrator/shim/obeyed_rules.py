"""Tell which rows of the table of obeyed files speak of a path: files that programs of the user's obey.

Imported by the shim: standard library only.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NOT_LOOKED_INTO = frozenset({"node_modules", ".venv", "venv", "site-packages", ".tox", ".mypy_cache"})
"""What tools fill with other people's projects: there a file is nobody's settings."""


class Rules:
    """Rows, ordered by the name that a path must end with.

    Args:
        rows: each with a ``pattern``: a path that counts at any depth, ``*`` standing for a part of a name, and
            ``/**`` at its end for all that lies in a folder.
    """

    def __init__(self, rows: Sequence[Mapping[str, str]]) -> None:
        self.rows = rows
        self.files: dict[str, list[tuple[tuple[str, ...], int]]] = {}
        self.folders: dict[str, list[tuple[tuple[str, ...], int]]] = {}
        self.globs: list[tuple[re.Pattern[str], tuple[str, ...], int]] = []
        for number, row in enumerate(rows):
            parts = row["pattern"].strip("/").split("/")
            table = self.files
            if parts[-1] == "**":
                parts.pop()
                table = self.folders
            above, name = tuple(parts[:-1]), parts[-1]
            if "*" in name:
                self.globs.append((translated(name), above, number))
            else:
                table.setdefault(name, []).append((above, number))

    def of_file(self, above: Sequence[str], name: str) -> list[int]:
        """The rows that speak of a file.

        Args:
            above: the names of the folders it lies in, from the root down.
        """
        found = [number for parts, number in self.files.get(name, ()) if _ends(above, parts)]
        found += [number for form, parts, number in self.globs if form.fullmatch(name) and _ends(above, parts)]
        return found

    def of_folder(self, above: Sequence[str], name: str) -> list[int]:
        """The rows that speak of all that lies in a folder."""
        return [number for parts, number in self.folders.get(name, ()) if _ends(above, parts)]


def _ends(above: Sequence[str], parts: tuple[str, ...]) -> bool:
    return not parts or tuple(above[len(above) - len(parts) :]) == parts


def translated(name: str) -> re.Pattern[str]:
    """A name with ``*`` in it as an expression."""
    return re.compile("".join(".*" if part == "*" else re.escape(part) for part in re.split(r"(\*)", name)))
