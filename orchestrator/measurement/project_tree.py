"""Look at a project before it is measured: which files it has, what they hash to, what its settings say."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

from orchestrator.files.foreign import Entry, ForeignFolder, Unread
from orchestrator.gates.pinned_packages import FILES as PACKAGE_FILES
from orchestrator.quotation import quoted_name
from orchestrator.suites.project import FIXTURE_FOLDERS, IGNORED_FOLDERS, TEST_FOLDERS
from orchestrator.value_class import value_class

MOST_ENTRIES: Final = 60_000
MOST_HASHED_BYTES: Final = 1024**3
"""Of one file."""
MOST_SOURCE_BYTES: Final = 4 * 1024**2
MOST_SECRET_BYTES: Final = 1024**2
"""A longer file is data; no tool would look through it in time."""
MOST_SETTINGS_BYTES: Final = 16 * 1024**2
SETTINGS_FILES: Final = (
    *("pyproject.toml", "setup.cfg", "tox.ini", "ruff.toml", ".ruff.toml", ".flake8", "mypy.ini", ".mypy.ini"),
    *(".coveragerc", ".bandit", "pytest.ini", ".pytest.ini", *PACKAGE_FILES),
)
ENVIRONMENTS: Final = frozenset({".venv", "venv", "env", ".env"})
"""Folders that are left out where a pyvenv.cfg says that they are environments; anywhere else it says nothing."""
_OTHERS: Final = IGNORED_FOLDERS - ENVIRONMENTS - {"vendor"}
_NO_SOURCE_FOLDERS: Final = FIXTURE_FOLDERS | TEST_FOLDERS | {"docs", "doc", "benchmarks", "testing_data"}
_NO_SOURCE_FILES: Final = frozenset({"setup.py", "conftest.py", "noxfile.py"})


@value_class
class ProjectTree:
    """A project's files at one moment."""

    tree: str
    """SHA-256 over one line a file, sorted: content's SHA-256, ``file``, ``exec`` or ``link``, name."""
    names: tuple[str, ...]
    sizes: Mapping[str, int]
    problem: str | None = None
    """Why the hash cannot stand for the whole."""
    left_out: tuple[str, ...] = ()
    """Folders that were not looked at and whose names could be imported."""


def look_at(folder: Path) -> ProjectTree:
    """Hash every file of the project.  Blocks, and follows no link.

    Left out are version control, caches, ``node_modules`` and Python environments, as docs/gates.md lists them.
    """
    foreign = ForeignFolder(folder)
    rows: list[str] = []
    sizes: dict[str, int] = {}
    left_out: list[str] = []
    problem: str | None = None
    for found in foreign.walk(most=MOST_ENTRIES, skip=lambda entry: _is_left_out(foreign, entry, left_out)):
        if isinstance(found, Unread):
            problem = problem or f"not every file could be looked at: {found}"
            continue
        content: str | Unread
        if found.status.kind == "file":
            content = foreign.digest(found.name, most_bytes=MOST_HASHED_BYTES)
            kind = "exec" if found.status.mode & stat.S_IXUSR else "file"
        elif found.status.kind == "link":
            leads = foreign.link(found.name)
            content = leads if isinstance(leads, Unread) else hashlib.sha256(os.fsencode(leads)).hexdigest()
            kind = "link"
        else:
            continue
        if isinstance(content, Unread):
            problem = problem or f"not every file could be looked at: {content}"
            continue
        if "\n" in found.name or "\r" in found.name:
            problem = problem or f"the name {quoted_name(found.name)} cannot stand in a list of files"
        rows.append(f"{content} {kind} {quoted_name(found.name)}\n")
        if kind != "link":
            sizes[found.name] = found.status.size
    rows.sort()
    tree = hashlib.sha256("".join(rows).encode("utf-8", "surrogateescape")).hexdigest()
    return ProjectTree(f"sha256:{tree}", tuple(sorted(sizes)), sizes, problem, tuple(sorted(left_out)))


def _is_left_out(foreign: ForeignFolder, entry: Entry, left_out: list[str]) -> bool:
    """Whether a folder is no part of the project.  Code may be put anywhere, so what could be imported is told."""
    if entry.status.kind != "folder":
        return False
    if entry.base == "__pycache__":
        return not _has_source(foreign, entry.name)
    if entry.base in ENVIRONMENTS:
        if isinstance(foreign.status(f"{entry.name}/pyvenv.cfg"), Unread):
            return False
    elif entry.base not in _OTHERS:
        return False
    if not entry.base.startswith("."):
        left_out.append(entry.name)
    return True


def _has_source(foreign: ForeignFolder, name: str) -> bool:
    listing = foreign.entries(name)
    return isinstance(listing, Unread) or any(entry.base.endswith(".py") for entry in listing.entries)


def python_files(tree: ProjectTree) -> tuple[str, ...]:
    """Every Python file."""
    return tuple(name for name in tree.names if name.endswith((".py", ".pyi")))


def source_files(names: Sequence[str]) -> tuple[str, ...]:
    """Keep the files that are the project itself: no stubs, tests, examples, documentation or build files.

    A package within a package is a part of it whatever it is called, unless it holds tests: ``shop/templates``.
    """
    packages = frozenset(name.removesuffix("/__init__.py") for name in names if name.endswith("/__init__.py"))
    return tuple(
        name for name in names if name.endswith(".py") and not is_beside_the_source(_without_parts(name, packages))
    )


def _without_parts(name: str, packages: Collection[str]) -> str:
    """The name without the folders that are packages within packages and no tests."""
    *folders, base = name.split("/")
    kept = [
        folder
        for number, folder in enumerate(folders)
        if not (
            number
            and folder not in TEST_FOLDERS
            and "/".join(folders[: number + 1]) in packages
            and "/".join(folders[:number]) in packages
        )
    ]
    return "/".join((*kept, base))


def checked_files(names: Sequence[str]) -> tuple[str, ...]:
    """The project itself, its stubs and its tests: no examples, documentation or build files."""
    others = _NO_SOURCE_FOLDERS - TEST_FOLDERS
    build = _NO_SOURCE_FILES - {"conftest.py"}
    parts = {name: name.split("/") for name in names}
    return tuple(name for name in names if parts[name][-1] not in build and not others & set(parts[name][:-1]))


def is_beside_the_source(name: str) -> bool:
    """Whether a file is a test, an example or the like by its name or folder."""
    *folders, base = name.split("/")
    if base in _NO_SOURCE_FILES or base.startswith("test_") or base.endswith("_test.py") or base == "tests.py":
        return True
    return any(folder in _NO_SOURCE_FOLDERS for folder in folders)


def text_files(tree: ProjectTree) -> tuple[str, ...]:
    """Every file that a secret could stand in."""
    return tuple(name for name in tree.names if 0 < tree.sizes[name] <= MOST_SECRET_BYTES)


def settings_of(folder: Path) -> tuple[Mapping[str, str], Sequence[str]]:
    """The files at the project's top in which tools look for their settings, and the names of those unread.  Blocks."""
    foreign = ForeignFolder(folder)
    found = {name: foreign.read_text(name, most_bytes=MOST_SETTINGS_BYTES) for name in SETTINGS_FILES}
    unread = [name for name, text in found.items() if isinstance(text, Unread) and text.reason != "missing"]
    return {name: text for name, text in found.items() if isinstance(text, str)}, unread


def reader_of_lines(folder: Path) -> Callable[[str], Sequence[str]]:
    """Reads the lines of a file of the project, each file once."""
    foreign = ForeignFolder(folder)

    @lru_cache(maxsize=256)
    def lines(name: str) -> Sequence[str]:
        text = foreign.read_text(name, most_bytes=MOST_SOURCE_BYTES)
        return () if isinstance(text, Unread) else tuple(text.splitlines())

    return lines
