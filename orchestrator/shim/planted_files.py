"""Find files that other programs obey and a worker left in a target: looked for before it begins, and after its end.

Two kinds are looked for, at any depth: files of which a table says what program obeys them, and whatever git takes for
a repository.  After the worker has ended, files whose row says so are put back as they were, new ones moved into the
session's folder; a repository that is new, or that nothing stood around, loses everything that can make git run
something; the rest is named.  Run by the shim once the worker's tree is gone, or by whoever comes after it; may be cut
off at any moment and done again.  Standard library only.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import stat
import time

from orchestrator.shim.attempt_records import encode, replace_file
from orchestrator.shim.git_files import files_below, is_folder, open_file, read_file
from orchestrator.shim.obeyed_rules import NOT_LOOKED_INTO, Rules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any

PLAN = "plan.json"
SETTLED = "settled.json"
MOST_BYTES = 64 << 20
"""Of a file that is kept to be put back, or hashed; a longer one is known by its size and times."""
LOOK_TIME_S = 60.0
MOST_SAID = 20
MOST_HELD = 200
"""Files that are mounted read-only one by one; the others are put back afterwards."""
MOST_NAMED = 400
"""Of the files of one worker."""
PUT_BACK = ("hold", "take back")
DISCARD = "discard"
"""What programs make anew by themselves: it is moved away and need not be kept to be put back."""
_GOOD_FOLDERS = frozenset({"objects", "refs", "logs", "lfs"})
_GOOD_FILES = frozenset(
    {
        *(
            "HEAD",
            "index",
            "packed-refs",
            "shallow",
            "description",
            "ORIG_HEAD",
            "FETCH_HEAD",
            "MERGE_HEAD",
            "MERGE_MSG",
        ),
        *("MERGE_MODE", "CHERRY_PICK_HEAD", "REVERT_HEAD", "SQUASH_MSG", "COMMIT_EDITMSG", "AUTO_MERGE", "gc.log"),
    }
)
_BAD_NAMES = frozenset({"config", "config.worktree", "commondir", "gitdir", "alternates", "http-alternates", "hooks"})
_BAD_NAMES |= {"attributes", "git-rebase-todo", "rebase-merge", "rebase-apply", "sequencer", "todo", "BISECT_RUN"}
_FORMAT = re.compile(rb"^\s*objectformat\s*=\s*\"?sha256", re.IGNORECASE | re.MULTILINE)


def watch(
    folder: str, roots: Sequence[str], *, rows: Sequence[Mapping[str, str]], apart: Sequence[str] = ()
) -> tuple[str, list[str]]:
    """Remember what lies in the folders that a worker may write.

    Returns:
        The plan's file, and the files that are to be held while the worker runs.

    Args:
        folder: one of ours, made anew.
        rows: of the table: ``pattern``, ``program``, ``when`` and ``do``.
        apart: git folders and files that the worker cannot reach itself.

    Raises:
        OSError: it cannot be written down.
    """
    held: list[str] = []
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(f"{folder}/before", mode=0o700)
    found = _look(roots, Rules(rows), frozenset(apart))
    known: dict[str, str] = {}
    for path, numbers in found.files.items():
        saved = any(rows[number]["do"] in PUT_BACK for number in numbers)
        known[path] = _remember(path, _copy_of(folder, path) if saved else "")
        if any(rows[number]["do"] == "hold" for number in numbers):
            held.append(path)
    repositories: dict[str, Mapping[str, str]] = {}
    for path, kind in found.repositories.items():
        names = obeyed_in(path) if kind == "folder" else [""]
        repositories[path] = {
            name: _remember(_joined(path, name), _copy_of(folder, _joined(path, name))) for name in names
        }
    plan = {
        **{"format": 1, "roots": list(roots), "rows": list(rows), "apart": list(apart)},
        **{"known": known, "repositories": repositories, "whole": found.whole},
    }
    replace_file(f"{folder}/{PLAN}", encode(plan), sync=True)
    return f"{folder}/{PLAN}", held[:MOST_HELD]


def settle(plan_file: str) -> Mapping[str, Any]:
    """Put back, move away and name what a worker left; what was settled before is told again.

    Returns:
        ``planted``: rows of path, what happened to it, what was done, and who obeys it when; ``notes``: words.
    """
    folder = os.path.dirname(plan_file)
    done = f"{folder}/{SETTLED}"
    if not os.path.exists(plan_file):
        return {"planted": [], "notes": []}
    try:
        with open(done, "rb") as file:
            record = json.load(file)
    except (OSError, ValueError):
        with open(plan_file, "rb") as file:
            plan = json.load(file)
        record = _Settling(folder, plan).record()
        # Written down before anything is moved: who repeats it would not find it any more.  Where nothing is to be
        # moved, a repetition after a power cut sees the same.
        replace_file(done, encode(record), sync=bool(record["steps"]))
    if record["steps"]:
        for step in record["steps"]:
            _take(step)
        replace_file(done, encode({**record, "steps": []}), sync=True)
    return dict(record)


class _Found:
    """The result of one look at some folders."""

    def __init__(self) -> None:
        self.files: dict[str, list[int]] = {}
        self.repositories: dict[str, str] = {}
        self.whole = True


def _look(roots: Iterable[str], rules: Rules, apart: frozenset[str]) -> _Found:
    found = _Found()
    deadline = time.monotonic() + LOOK_TIME_S
    for root in roots:
        waiting: list[tuple[tuple[str, ...], tuple[int, ...], bool]] = [((), (), True)]
        while waiting:
            if time.monotonic() > deadline:
                found.whole = False
                return found
            above, inside, counts = waiting.pop()
            here = "/".join((root, *above))
            entries = _entries(here)
            names = {name for name, _ in entries}
            if above and _is_bare(names, here):
                found.repositories[here] = "folder"
            for name, kind in entries:
                path = f"{here}/{name}"
                if path in apart:
                    continue
                if name.casefold() == ".git":
                    found.repositories[path] = "folder" if kind == "folder" else "file"
                elif kind == "folder":
                    further = tuple(rules.of_folder(above, name)) if counts else ()
                    waiting.append(((*above, name), (*inside, *further), counts and name not in NOT_LOOKED_INTO))
                else:
                    numbers = [*inside, *(rules.of_file(above, name) if counts else ())]
                    if numbers:
                        found.files[path] = numbers
    return found


def _entries(folder: str) -> list[tuple[str, str]]:
    try:
        with os.scandir(folder) as entries:
            return [(each.name, "folder" if each.is_dir(follow_symlinks=False) else "other") for each in entries]
    except OSError:
        return []


def _is_bare(names: set[str], folder: str) -> bool:
    """Whether git would take a folder for a repository without a work tree."""
    return "HEAD" in names and ("commondir" in names or ({"objects", "refs"} <= names and folder[-5:] != "/.git"))


def obeyed_in(repository: str) -> list[str]:
    """Paths in a repository that can make git run something, or read another configuration."""
    return [path for path in files_below(repository) if is_obeyed(path)] + [
        path for path in _links_below(repository) if is_obeyed(path) or "/" not in path
    ]


def is_obeyed(path: str) -> bool:
    """Whether a path in a repository is anything but what commits are made of."""
    first, _, rest = path.partition("/")
    parts = path.split("/")
    if first in ("refs", "logs"):
        return False
    if first == "objects":
        return rest.startswith("info/") and "alternates" in rest
    if first in ("modules", "worktrees") and rest:
        if any(part in _BAD_NAMES for part in parts[2:]) or parts[1] in _BAD_NAMES:
            return True
        return not (any(part in _GOOD_FOLDERS for part in parts[2:]) or parts[-1] in _GOOD_FILES)
    return first not in _GOOD_FOLDERS and path not in _GOOD_FILES and not path.startswith("sharedindex.")


def _links_below(folder: str) -> Iterator[str]:
    """Links at the top of a repository and where its settings lie: a folder of hooks can be one."""
    for inside in ("", "hooks", "info", "modules", "worktrees"):
        place = f"{folder}/{inside}" if inside else folder
        for name, _ in _entries(place):
            path = f"{place}/{name}"
            if os.path.islink(path):
                yield f"{inside}/{name}" if inside else name


def _joined(folder: str, name: str) -> str:
    return f"{folder}/{name}" if name else folder


def _copy_of(folder: str, path: str) -> str:
    return f"{folder}/before/{hashlib.sha256(os.fsencode(path)).hexdigest()}"


def _remember(path: str, copy: str) -> str:
    """Remember what identifies a file's state; with ``copy``, keep the content so that it can be put back."""
    try:
        found = os.lstat(path)
    except OSError:
        return ""
    if stat.S_ISLNK(found.st_mode):
        said = os.readlink(path)
        if copy:
            with contextlib.suppress(FileExistsError):
                os.symlink(said, copy)
        return f"link {said}"
    if not stat.S_ISREG(found.st_mode):
        return f"kind {stat.S_IFMT(found.st_mode):o}"
    mode = f"{found.st_mode & 0o777:o}"
    data = read_file(path, MOST_BYTES)
    if data is None:
        return f"size {found.st_size} {found.st_mtime_ns} {found.st_ctime_ns} {mode}"
    if copy:
        with open(copy, "wb") as file:
            file.write(data)
        os.chmod(copy, found.st_mode & 0o700 | 0o600)
    return f"{hashlib.sha256(data).hexdigest()} {mode}"


class _Settling:
    """What is to be done with everything that a worker left, decided before anything is done."""

    def __init__(self, folder: str, plan: Mapping[str, Any]) -> None:
        self.folder = folder
        self.plan = plan
        self.rules = Rules(plan["rows"])
        self.steps: list[Mapping[str, str]] = []
        self.planted: list[Mapping[str, str]] = []
        self.notes: list[str] = []
        self.discarded: dict[str, int] = {}

    def record(self) -> Mapping[str, Any]:
        """Compare what lies there now with what was remembered, and say what was planted and what is to be done."""
        found = _look(self.plan["roots"], self.rules, frozenset(self.plan["apart"]))
        known: Mapping[str, str] = self.plan["known"]
        for path in sorted({*found.files, *known}):
            now, before = _remember(path, ""), known.get(path, "")
            if now != before:
                numbers = found.files.get(path) or self._numbers_of(path)
                self._file(path, numbers, "new" if not before else "changed" if now else "removed")
        for program, count in self.discarded.items():
            some = f"{count} files were" if count > 1 else "a file was"
            self.notes.append(f"{some} changed that {program} runs unseen and makes anew; moved to {self.folder}/taken")
        for path in sorted({*found.repositories, *self.plan["repositories"]}):
            self._repository(path)
        if not (found.whole and self.plan["whole"]):
            self.notes.append(f"the folders have more than could be looked through in {LOOK_TIME_S:g} s")
        if len(self.planted) > MOST_NAMED:
            self.notes.append(f"{len(self.planted) - MOST_NAMED} further files that programs obey are not named")
        return {"format": 1, "steps": self.steps, "planted": self.planted[:MOST_NAMED], "notes": self.notes}

    def _root_of(self, path: str) -> str:
        return next((str(each) for each in self.plan["roots"] if path.startswith(f"{each}/")), "")

    def _numbers_of(self, path: str) -> list[int]:
        root = self._root_of(path)
        *above, name = path[len(root) + 1 :].split("/")
        numbers = [*self.rules.of_file(above, name)]
        for depth, folder in enumerate(above):
            numbers += self.rules.of_folder(above[:depth], folder)
        return numbers

    def _file(self, path: str, numbers: Sequence[int], what: str) -> None:
        rows = [self.plan["rows"][number] for number in numbers]
        firm = next((row for row in rows if row["do"] in PUT_BACK), None)
        row = firm or rows[0]
        if firm is None and what == "removed":
            return
        if firm is None and any(each["do"] == DISCARD for each in rows):
            # There may be hundreds, and none is anything that a person would look at.
            self.discarded[row["program"]] = self.discarded.get(row["program"], 0) + 1
            self._put_back(path, say=False)
            return
        if firm is not None:
            self._put_back(path)
        done = "taken back" if firm is not None else "left"
        self.planted.append({"path": path, "what": what, "done": done, "program": row["program"], "when": row["when"]})

    def _put_back(self, path: str, *, say: bool = True) -> None:
        copy = _copy_of(self.folder, path)
        away = f"{self.folder}/taken/{len(self.steps)}.{path.rpartition('/')[2][:80]}"
        back = copy if os.path.lexists(copy) else ""
        self.steps.append({"path": path, "root": self._root_of(path), "away": away, "back": back})
        if say and len(self.notes) < MOST_SAID and os.path.lexists(path):
            self.notes.append(f"{path} was planted; it is now {away}")

    def _repository(self, path: str) -> None:
        before: Mapping[str, str] | None = self.plan["repositories"].get(path)
        pointer = not is_folder(path)
        if pointer:
            now = {"": _remember(path, "")}
            now = {name: value for name, value in now.items() if value}
        else:
            now = {name: _remember(_joined(path, name), "") for name in obeyed_in(path)}
        changed = [
            name for name in sorted({*now, *(before or {})}) if now.get(name, "") != (before or {}).get(name, "")
        ]
        if not changed:
            return
        for name in changed:
            self._put_back(_joined(path, name), say=pointer)
        if not pointer and len(self.notes) < MOST_SAID:
            named = [name for name in changed if not name.endswith((".sample", "info/exclude"))]
            more = f" and {len(named) - 8} more" if len(named) > 8 else ""
            self.notes.append(f"taken out of {path}: {', '.join(named[:8])}{more}; kept: {self.folder}/taken")
        if before is None and not pointer:
            self._make_plain(path)
        kind = "changed" if before is not None else "new"
        self.planted.append(
            {
                **{"path": path, "what": kind, "done": "taken back", "program": "git"},
                "when": "it looks at this repository: what it would obey in it was taken out of it",
            }
        )

    def _make_plain(self, path: str) -> None:
        """Give a new repository a configuration that only says what it is."""
        config = read_file(f"{path}/config") or b""
        bare = "false" if path.rpartition("/")[2].casefold() == ".git" else "true"
        sha256 = _FORMAT.search(config) is not None
        text = f"[core]\n\trepositoryformatversion = {int(sha256)}\n\tfilemode = true\n\tbare = {bare}\n"
        text += "[extensions]\n\tobjectFormat = sha256\n" if sha256 else ""
        plain = f"{self.folder}/before/plain.{len(self.steps)}"
        with open(plain, "w", encoding="utf-8") as file:
            file.write(text)
        if is_folder(f"{path}/objects"):
            self.steps.append({"path": f"{path}/config", "root": self._root_of(path), "away": "", "back": plain})


def _take(step: Mapping[str, str]) -> None:
    """Move one thing away and put another in its place; what was done before is not done twice."""
    path, away, back = step["path"], step["away"], step["back"]
    _clear_way(step)
    if away and os.path.lexists(path) and not os.path.lexists(away):
        os.makedirs(os.path.dirname(away), mode=0o700, exist_ok=True)
        try:
            os.rename(path, away)
        except OSError:
            # Another file system.
            _move(path, away)
    if back and os.path.lexists(back) and not os.path.lexists(path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if os.path.islink(back):
            os.symlink(os.readlink(back), path)
        else:
            _copy(back, path)


def _clear_way(step: Mapping[str, str]) -> None:
    """Remove a link or file that stands in the place of a folder on the way: we would write somewhere else."""
    path = step["root"]
    for number, part in enumerate(step["path"][len(path) + 1 :].split("/")[:-1]):
        path = f"{path}/{part}"
        if os.path.lexists(path) and not is_folder(path):
            aside = f"{step['away'] or step['back']}.way{number}"
            os.makedirs(os.path.dirname(aside), mode=0o700, exist_ok=True)
            os.rename(path, aside)


def _move(path: str, away: str) -> None:
    if os.path.islink(path):
        os.symlink(os.readlink(path), away)
        os.unlink(path)
    elif is_folder(path):
        shutil.move(path, away)
    else:
        opened = open_file(path)
        if opened is not None:
            with os.fdopen(opened, "rb") as reading, open(away, "wb") as writing:
                shutil.copyfileobj(reading, writing)
        os.unlink(path)


def _copy(source: str, path: str) -> None:
    temporary = f"{path}.orchestrate.tmp"
    with open(source, "rb") as reading, open(temporary, "wb") as writing:
        shutil.copyfileobj(reading, writing)
        os.fchmod(writing.fileno(), os.fstat(reading.fileno()).st_mode & 0o777)
    os.rename(temporary, path)
