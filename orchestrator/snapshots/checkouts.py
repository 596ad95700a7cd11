"""Write a recorded tree's files into a folder; content that the tree lacks is copied, or borrowed from where it lies.

A single ignored file is copied: what runs on the checkout may write it, and what becomes of it meanwhile is of no
account.  A folder of them, and what is too large, is seen as it lies.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, TypeGuard

from orchestrator.errors import EnvironmentUnfit
from orchestrator.files.foreign import Entry, ForeignFolder, Status, Unread
from orchestrator.files.programs import ProgramResult, run_program
from orchestrator.files.time_limits import time_left
from orchestrator.late_pattern import late_pattern
from orchestrator.quotation import quoted_names
from orchestrator.safety.git_isolation import ISOLATED

CHECK_OUT_TIME_S: Final = 120.0
MOST_BORROWED: Final = 500
"""Folders and large files that a checkout shares with the target; where there are more, there is none."""
MOST_COPIED: Final = 10_000
MOST_COPIED_BYTES: Final = 64 * 1024**2
"""Of single ignored files together; the smallest are copied first, and what does not fit is shared."""
MADE_BY_TOOLS: Final = frozenset(
    {b"__pycache__", b".pytest_cache", b".mypy_cache", b".ruff_cache", b".hypothesis", b".coverage", b".DS_Store"}
)
"""Ignored, made anew whenever they are missing, and so not borrowed."""
_STAND_IN = late_pattern(rb"(?:large file|file that could not be read,) of (\d+) bytes, changed at (\d+) ns\n")
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


def borrowed(target: Path, checkout: Path, ignored: Mapping[bytes, tuple[int, int, int]]) -> tuple[str, ...]:
    """Names what a checkout needs of the target besides: ignored folders, the repository, and large files.

    Each is the highest folder in which nothing is recorded, so that a folder of 100,000 fetched files is one.  Ignored
    files and links that lie beside recorded ones are copied into the checkout.

    Args:
        ignored: Size, and times of content and inode in nanoseconds, as they were when the tree was recorded.

    Raises:
        EnvironmentUnfit: There is too much of it, or it is no longer what it was.
        OSError: The checkout cannot be written.
    """
    recorded = {
        os.fsencode(entry.name)
        for entry in ForeignFolder(checkout).walk()
        if isinstance(entry, Entry) and entry.status.kind == "folder"
    }
    found = {_highest(path, recorded) for path in ignored if MADE_BY_TOOLS.isdisjoint(path.split(b"/"))}
    found = {name for name in found if not name.endswith((b".pyc", b".pyo"))}
    single = {name: ignored[name] for name in found if name in ignored}
    folders = {os.fsdecode(name) for name in found - single.keys()}
    names = sorted({*folders, *_stand_ins(target, checkout), *_copy_single(target, checkout, single)})
    there = ForeignFolder(target)
    leads_to = there.link(".git")
    if isinstance(leads_to, str):
        (checkout / ".git").symlink_to(leads_to)
    elif isinstance(there.status(".git"), Status):
        names.append(".git")
    if len(names) > MOST_BORROWED:
        raise EnvironmentUnfit(f"{len(names)} ignored folders and files lie among the others, too many to be shared")
    return tuple(names)


def _copy_single(target: Path, checkout: Path, single: Mapping[bytes, tuple[int, int, int]]) -> Iterable[str]:
    """Copy ignored files and links as they were; those that are too many or too large are named instead.

    Raises:
        EnvironmentUnfit: One of them is no longer what it was.
    """
    there, left, changed = ForeignFolder(target), MOST_COPIED_BYTES, []
    for number, (path, row) in enumerate(sorted(single.items(), key=lambda one: (one[1][0], one[0]))):
        name, place = os.fsdecode(path), checkout / os.fsdecode(path)
        seen = there.status(name)
        if isinstance(seen, Status) and seen.kind not in ("file", "link"):
            continue  # a pipe or a socket leads to whoever holds its other end
        if not _is_as_it_was(seen, row):
            changed.append(name)
        elif number >= MOST_COPIED or row[0] > left:
            yield name
        elif seen.kind == "link":
            text = there.link(name)
            if isinstance(text, str):
                place.symlink_to(text)
        elif seen.kind == "file":
            copied = there.copy(name, place, most_bytes=row[0])
            if _is_as_it_was(copied, row) and _is_as_it_was(there.status(name), row):
                os.utime(place, ns=(row[1], row[1]))
                left -= row[0]
            elif isinstance(copied, Unread) and copied.reason == "not permitted":
                continue  # nor may the tests read it
            else:
                changed.append(name)
    if changed:
        raise EnvironmentUnfit(f"ignored files changed meanwhile: {quoted_names(sorted(changed)[:5])}")


def _is_as_it_was(seen: Status | Unread, row: tuple[int, int, int]) -> TypeGuard[Status]:
    return isinstance(seen, Status) and (seen.size, seen.mtime_ns, seen.ctime_ns) == row


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
