"""Write a recorded tree's files into a folder; content that the tree lacks is borrowed from where it lies."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from orchestrator.errors import EnvironmentUnfit
from orchestrator.files.foreign import Entry, ForeignFolder, Status
from orchestrator.files.programs import ProgramResult, run_program
from orchestrator.files.time_limits import time_left
from orchestrator.safety.git_isolation import ISOLATED

CHECK_OUT_TIME_S: Final = 120.0
MOST_BORROWED: Final = 500
"""Folders and files that a checkout shares with the target; where there are more, there is none."""
MADE_BY_TOOLS: Final = frozenset(
    {b"__pycache__", b".pytest_cache", b".mypy_cache", b".ruff_cache", b".hypothesis", b".coverage", b".DS_Store"}
)
"""Ignored, made anew whenever they are missing, and so not borrowed."""
_STAND_IN = re.compile(rb"(?:large file|file that could not be read,) of (\d+) bytes, changed at (\d+) ns\n")
_MOST_STAND_IN_BYTES: Final = 200


def check_out(git_dir: Path, tree: str, to: Path, *, git: str | None) -> None:
    """Write the files of a tree into a new folder.

    Raises:
        EnvironmentUnfit: git is not there, or cannot.
        OSError: The folder cannot be made.
    """
    if git is None:
        raise EnvironmentUnfit("without git only names and hashes of earlier files are kept, and no content")
    ForeignFolder(to).remove_all()
    to.mkdir(mode=0o700, parents=True)
    index = to.with_name(f"{to.name}.index")
    try:
        for words in (("read-tree", tree), ("checkout-index", "--all", "--quiet", f"--prefix={to}/")):
            done = _git(git, git_dir, index, *words)
            if not done.is_good:
                raise EnvironmentUnfit(f"the target as it was cannot be written down again: {done.problem}")
    finally:
        index.unlink(missing_ok=True)


def _git(git: str, git_dir: Path, index: Path, *words: str) -> ProgramResult:
    environ = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(git_dir),
        "XDG_CONFIG_HOME": str(git_dir),
        "GIT_DIR": str(git_dir),
        "GIT_INDEX_FILE": str(index),
        "GIT_WORK_TREE": str(index.parent),
        **ISOLATED,
    }
    argv = (git, "-c", "core.bare=false", "-c", "core.protectHFS=false", "-c", "core.protectNTFS=false", *words)
    return run_program(argv, cwd=index.parent, env=environ, within_s=time_left(CHECK_OUT_TIME_S))


def borrowed(target: Path, checkout: Path, ignored: Iterable[bytes]) -> tuple[str, ...]:
    """Names what a checkout needs of the target besides: ignored folders and files, the repository, and large files.

    Each is the highest folder in which nothing is recorded, so that a folder of 100,000 fetched files is one.

    Raises:
        EnvironmentUnfit: There is too much of it.
    """
    recorded = {
        os.fsencode(entry.name)
        for entry in ForeignFolder(checkout).walk()
        if isinstance(entry, Entry) and entry.status.kind == "folder"
    }
    found = {_highest(path, recorded) for path in ignored if MADE_BY_TOOLS.isdisjoint(path.split(b"/"))}
    found = {name for name in found if not name.endswith((b".pyc", b".pyo"))}
    names = sorted({os.fsdecode(name) for name in found} | set(_stand_ins(target, checkout)))
    if isinstance(ForeignFolder(target).status(".git"), Status):
        names.append(".git")
    if len(names) > MOST_BORROWED:
        raise EnvironmentUnfit(f"{len(names)} ignored folders and files lie among the others, too many to be shared")
    return tuple(names)


def _highest(path: bytes, recorded: set[bytes]) -> bytes:
    parts = path.split(b"/")
    for number in range(1, len(parts)):
        folder = b"/".join(parts[:number])
        if folder not in recorded:
            return folder
    return path


def _stand_ins(target: Path, checkout: Path) -> Iterable[str]:
    """Files of which only size and time were recorded, where they still are what they were; others are taken away."""
    made, there = ForeignFolder(checkout), ForeignFolder(target)
    for entry in made.walk():
        if not isinstance(entry, Entry) or entry.status.kind != "file" or entry.status.size > _MOST_STAND_IN_BYTES:
            continue
        content = made.read(entry.name, most_bytes=_MOST_STAND_IN_BYTES)
        said = _STAND_IN.fullmatch(content) if isinstance(content, bytes) else None
        if said is None:
            continue
        seen = there.status(entry.name)
        made.remove(entry.name)
        if isinstance(seen, Status) and (seen.size, seen.mtime_ns) == (int(said[1]), int(said[2])):
            yield entry.name
