"""A project is what detection sees of one: names of files, and the beginnings of those it asks for."""

from __future__ import annotations

import json
import tomllib
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any, Protocol

MOST_BYTES = 512 * 1024
"""How much is read of one manifest; a longer one is treated as unreadable."""
IGNORED_FOLDERS = frozenset(
    {
        *(".git", ".hg", ".svn", ".jj", "node_modules", "bower_components", "vendor", "site-packages"),
        *("__pycache__", ".tox", ".nox", ".venv", "venv", "env", ".env", ".eggs", ".mypy_cache", ".pytest_cache"),
        *(".gradle", ".idea", ".vscode", ".next", ".nuxt", ".svelte-kit", ".turbo", ".yarn", ".pnpm-store", ".cache"),
        *(".orchestrator", ".direnv", ".ruff_cache"),
    }
)
"""Folders that hold what others wrote or what tools made: no suite of the project itself is looked for in them."""
FIXTURE_FOLDERS = frozenset(
    {"testdata", "fixtures", "__fixtures__", "recordings", "snapshots", "examples", "example", "samples", "templates"}
)
"""Folders whose projects are data or examples, not parts of the project."""
TEST_FOLDERS = frozenset({"test", "tests", "spec", "specs", "t", "__tests__", "e2e", "integration"})
MOST_DEPTH = 6


class Project(Protocol):
    """A project's files, as somebody with a bound on number and size has listed them."""

    @property
    def names(self) -> Sequence[str]:
        """Regular files, relative to the target with ``/`` between parts; links, folders and devices left out."""
        ...

    @property
    def whole(self) -> bool:
        """Whether ``names`` holds all of them; false where a bound cut the listing."""
        ...

    def read(self, name: str, most_bytes: int) -> bytes | None:
        """The content of a regular file, or ``None`` where it cannot be read or is longer."""
        ...

    def exists(self, name: str) -> bool:
        """Whether anything lies there: a file, a folder or a link, of which an interpreter is often one."""
        ...


class WrittenProject:
    """A project given as texts, for whoever has no folder to show."""

    def __init__(self, files: Mapping[str, str | bytes], *, links: Iterable[str] = (), whole: bool = True) -> None:
        self._files = {name: text.encode() if isinstance(text, str) else text for name, text in files.items()}
        parts = (name.split("/") for name in self._files)
        folders = {"/".join(words[:depth]) for words in parts for depth in range(1, len(words))}
        self._places = frozenset({*self._files, *folders, *links})
        self.names: Sequence[str] = sorted(self._files)
        self.whole = whole

    def read(self, name: str, most_bytes: int) -> bytes | None:
        found = self._files.get(name)
        return None if found is None or len(found) > most_bytes else found

    def exists(self, name: str) -> bool:
        return name in self._places


class View:
    """The same project, asked more comfortably; what cannot be read or parsed counts as absent.

    Args:
        project: Where names and contents come from.
        folder: Relative to the target; every name is relative to it, and nothing above it is seen.
    """

    def __init__(self, project: Project, folder: str = "", above: View | None = None) -> None:
        self.project = project
        self.folder = folder
        self._prefix = f"{folder}/" if folder else ""
        self._above = above
        self._views: dict[str, View] = {}
        self._texts: dict[str, str] = {}

    @cached_property
    def names(self) -> Sequence[str]:
        """Files that may be the project's own, relative to the folder, sorted."""
        if self._above is None:
            return sorted(name for name in self.project.names if not _is_ignored(name))
        # One walk through everything is enough, however many folders are asked.
        prefix = self._prefix.removeprefix(self._above._prefix)
        first = bisect_left(self._above.names, prefix)
        last = bisect_left(self._above.names, f"{prefix[:-1]}0", first)  # "0" follows "/"
        return [name[len(prefix) :] for name in self._above.names[first:last]]

    @cached_property
    def names_here(self) -> frozenset[str]:
        """Files that lie in the folder itself."""
        return frozenset(name for name in self.names if "/" not in name)

    @cached_property
    def folders_of_manifests(self) -> Mapping[str, Sequence[str]]:
        """The deeper folders that hold a file of this name, for every name, each with a ``/`` at its end."""
        found: dict[str, list[str]] = {}
        for name in self.names:
            folder, slash, base = name.rpartition("/")
            if slash and "." in base:
                found.setdefault(base, []).append(f"{folder}/")
        return found

    def view(self, folder: str) -> View:
        """A folder of this one."""
        if folder not in self._views:
            self._views[folder] = View(self.project, self._prefix + folder, self)
        return self._views[folder]

    def path(self, name: str) -> str:
        """The name relative to the target."""
        return self._prefix + name

    def exists(self, name: str) -> bool:
        return self.project.exists(self._prefix + name)

    def text(self, name: str, most_bytes: int = MOST_BYTES) -> str:
        """The file's text; empty where there is none to read."""
        if name not in self._texts:
            found = self.project.read(self._prefix + name, most_bytes)
            self._texts[name] = "" if found is None else found.decode("utf-8", "replace").removeprefix("\ufeff")
        return self._texts[name]

    def json(self, name: str) -> Mapping[str, Any]:
        """A JSON file's object; empty where it holds none."""
        try:
            found = json.loads(self.text(name))
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def toml(self, name: str) -> Mapping[str, Any]:
        """A TOML file's tables; empty where it holds none."""
        try:
            return tomllib.loads(self.text(name))
        except (ValueError, RecursionError):
            return {}


def _is_ignored(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return len(parts) > MOST_DEPTH + 2 or any(part in IGNORED_FOLDERS for part in parts[:-1])


def table(value: object, *keys: str) -> Mapping[str, Any]:
    """The table below these keys; empty where one of them is absent or something else."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}
