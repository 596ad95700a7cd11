"""Tell whether a repository has changes that are in no commit, without running anything that it configures.

git's own ``status`` would run filters, a file watcher and more that the repository names.  Here the index is read as
data, files are compared by size, time and hash, and git only lists a commit's tree, with a configuration of ours.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from orchestrator.files.foreign import ForeignFolder, Status, Unread
from orchestrator.files.programs import run_program
from orchestrator.files.temporary import temporary_folder
from orchestrator.files.time_limits import is_over
from orchestrator.safety.git_isolation import ISOLATED
from orchestrator.snapshots.git_config import Setting, is_true
from orchestrator.snapshots.git_index import FOLDER, GITLINK, LINK, IndexEntry
from orchestrator.snapshots.ignore_rules import Rule, read_rules
from orchestrator.snapshots.repository import (
    MOST_RULE_BYTES,
    Repository,
    RepositoryUnreadable,
    repository_at,
    user_settings,
)
from orchestrator.value_class import value_class

MOST_HASHED_BYTES: Final = 64 * 1024 * 1024
"""Of one file; a larger one whose size and time do not tell is not told."""
MOST_HASHED_IN_ALL: Final = 1024 * 1024 * 1024
MOST_DEPTH: Final = 4
"""Repositories inside repositories."""
LIST_TIME_S: Final = 20.0


@value_class
class WorkState:
    """What could be told of a repository's work tree."""

    has_uncommitted: bool | None
    """``None``: it could not be told, for the reason given."""
    reason: str = ""


def state_of(repository: Repository, environ: Mapping[str, str], *, git: str | None, depth: int = 0) -> WorkState:
    """Compare commit, index and files.  Files that nobody added do not count.  Blocks.

    Args:
        git: The executable; without one the commit cannot be compared with the index.
    """
    try:
        entries = repository.tracked()
        if any(entry.stage or entry.is_intended for entry in entries):
            return WorkState(True)
        head = repository.head()
        if head is None:
            if entries:
                return WorkState(True)
        elif _differs_from_commit(repository, head, entries, git=git):
            return WorkState(True)
        return _Comparison(repository, environ, git, depth).run(entries)
    except RepositoryUnreadable as error:
        return WorkState(None, str(error))


def _differs_from_commit(repository: Repository, head: str, entries: Sequence[IndexEntry], *, git: str | None) -> bool:
    """Whether something is staged.

    Raises:
        RepositoryUnreadable: The commit's tree cannot be listed.
    """
    if git is None:
        raise RepositoryUnreadable("git is not on PATH, so its newest commit cannot be read")
    committed: dict[bytes, tuple[int, str]] = {}
    folders: dict[bytes, tuple[int, str]] = {}
    for row in _listed(repository, head, git).split(b"\0")[:-1]:
        head_of_row, _, path = row.partition(b"\t")
        mode, _, oid = head_of_row.split()
        into = folders if int(mode, 8) == FOLDER else committed
        into[path] = (int(mode, 8), oid.decode())
    sparse = [entry for entry in entries if entry.mode == FOLDER]
    for entry in sparse:
        inside = entry.path
        if folders.get(inside.rstrip(b"/"), (0, ""))[1] != entry.oid:
            return True
        committed = {path: value for path, value in committed.items() if not path.startswith(inside)}
    return committed != {entry.path: (entry.mode, entry.oid) for entry in entries if entry.mode != FOLDER}


def _listed(repository: Repository, head: str, git: str) -> bytes:
    with temporary_folder("look") as own:
        kind = repository.object_format()
        version = 0 if kind == "sha1" else 1
        extensions = "" if kind == "sha1" else f"[extensions]\n\tobjectformat = {kind}\n"
        (own / "refs").mkdir()
        (own / "objects").mkdir()
        (own / "HEAD").write_text("ref: refs/heads/main\n")
        (own / "config").write_text(f"[core]\n\trepositoryformatversion = {version}\n\tbare = true\n{extensions}")
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(own),
            "GIT_DIR": str(own),
            "GIT_OBJECT_DIRECTORY": str(repository.common_dir / "objects"),
            **ISOLATED,
        }
        words = (git, "ls-tree", "-r", "-t", "-z", "--full-tree", head)
        ran = run_program(words, cwd=own, env=environment, within_s=LIST_TIME_S, most_bytes=512 * 1024 * 1024)
    if not ran.is_good:
        raise RepositoryUnreadable(f"its newest commit cannot be read: {ran.problem}")
    return ran.stdout


@dataclass(slots=True)
class _Comparison:
    """One comparison of an index with the files."""

    repository: Repository
    environ: Mapping[str, str]
    git: str | None
    depth: int
    left: int = MOST_HASHED_IN_ALL
    untold: list[str] = field(default_factory=list)
    written: int = 0
    """When the index was written, in nanoseconds."""
    checks_modes: bool = True
    attributes: _Attributes | None = None

    def run(self, entries: Sequence[IndexEntry]) -> WorkState:
        """Look at each file until one has changed."""
        index = ForeignFolder(self.repository.git_dir).status("index")
        self.written = index.mtime_ns if isinstance(index, Status) else 0
        self.checks_modes = self.repository.setting("core.filemode") is None or self.repository.has("core.filemode")
        with ForeignFolder(self.repository.top).staying() as files:
            for entry in entries:
                if entry.mode == FOLDER or entry.is_sparse or entry.is_assumed:
                    continue
                if is_over():
                    return WorkState(None, "it took too long to compare all files")
                if self._has_changed(files, entry):
                    return WorkState(True)
        if self.untold:
            more = f" and {len(self.untold) - 3} more" if len(self.untold) > 3 else ""
            return WorkState(None, "; ".join(self.untold[:3]) + more)
        return WorkState(False)

    def _has_changed(self, files: ForeignFolder, entry: IndexEntry) -> bool:
        """Whether one file certainly has; what cannot be told is noted."""
        status = files.status(entry.path)
        if isinstance(status, Unread):
            if status.reason in ("missing", "not a folder", "a link"):
                return True
            self.untold.append(f"{_shown(entry.path)} {status.detail}")
            return False
        if entry.mode == GITLINK:
            return self._is_changed_inside(entry, status)
        if _has_changed_kind(entry, status, checks_modes=self.checks_modes):
            return True
        if _looks_the_same(entry, status, written=self.written):
            return False
        content = self._content(files, entry, status)
        return content is not None and _oid(content, entry.oid) != entry.oid and self._differs(entry, content)

    def _differs(self, entry: IndexEntry, content: bytes) -> bool:
        """Whether content that is not what was committed would not become it, either, when it is added."""
        if self.attributes is None:
            self.attributes = _Attributes(self.repository, self.environ)
        conversion = self.attributes.of(entry.path)
        if conversion.changes_lines and _oid(content.replace(b"\r\n", b"\n"), entry.oid) == entry.oid:
            return False
        if conversion.program is None:
            return True
        self.untold.append(f"{_shown(entry.path)} passes through {conversion.program}, which is not run here")
        return False

    def _content(self, files: ForeignFolder, entry: IndexEntry, status: Status) -> bytes | None:
        """What stands there; ``None`` where that cannot be told, which is noted."""
        if status.kind == "link":
            leads = files.link(entry.path)
            return None if isinstance(leads, Unread) else os.fsencode(leads)
        if status.size > self.left:
            self.untold.append(f"{_shown(entry.path)} is too large to be compared")
            return None
        found = files.read(entry.path, most_bytes=MOST_HASHED_BYTES)
        if isinstance(found, Unread):
            self.untold.append(f"{_shown(entry.path)} {found.detail}")
            return None
        self.left -= len(found)
        return found

    def _is_changed_inside(self, entry: IndexEntry, status: Status) -> bool:
        if status.kind != "folder":
            return True
        inside = repository_at(self.repository.top / os.fsdecode(entry.path))
        if inside is None:
            return False  # not checked out
        if inside.head() != entry.oid:
            return True
        if self.depth >= MOST_DEPTH:
            return False
        state = state_of(inside, self.environ, git=self.git, depth=self.depth + 1)
        if state.has_uncommitted is None:
            self.untold.append(f"{_shown(entry.path)}: {state.reason}")
        return bool(state.has_uncommitted)


def _has_changed_kind(entry: IndexEntry, status: Status, *, checks_modes: bool) -> bool:
    if status.kind not in ("file", "link"):
        return True
    if (entry.mode == LINK) != (status.kind == "link"):
        return True
    return checks_modes and status.kind == "file" and bool(entry.mode & 0o100) != bool(status.mode & 0o100)


def _looks_the_same(entry: IndexEntry, status: Status, *, written: int) -> bool:
    """Whether git would take the file for unchanged.

    It does if the file looks as git saw it last, and cannot have been written since without looking otherwise.
    """
    seconds, nanoseconds = divmod(status.mtime_ns, 1_000_000_000)
    changed = status.ctime_ns // 1_000_000_000
    return (
        entry.size == status.size & 0xFFFFFFFF
        and entry.mtime[0] == seconds & 0xFFFFFFFF
        and entry.mtime[1] in (0, nanoseconds)
        and entry.ctime[0] in (0, changed & 0xFFFFFFFF)
        and entry.inode in (0, status.inode & 0xFFFFFFFF)
        and status.mtime_ns < written
    )


def _oid(content: bytes, like: str) -> str:
    found = hashlib.new("sha1" if len(like) == 40 else "sha256", b"blob %d\0" % len(content), usedforsecurity=False)
    found.update(content)
    return found.hexdigest()


@value_class
class Conversion:
    """What git does to a file's content between the work tree and the repository."""

    program: str | None
    """A filter that the configuration names, or a change only git itself makes; ``None`` without one."""
    changes_lines: bool
    """Line ends may be other ones."""


class _Attributes:
    """The attributes that change content."""

    def __init__(self, repository: Repository, environ: Mapping[str, str]) -> None:
        self._files = ForeignFolder(repository.top)
        users, _ = user_settings(environ, repository)
        settings: tuple[Setting, ...] = (*users, *repository.settings)
        self._drivers = {
            setting.subsection
            for setting in settings
            if setting.section == "filter" and setting.name in ("clean", "process") and setting.value
        }
        crlf = [setting.value for setting in settings if setting.key == "core.autocrlf"]
        self._auto = bool(crlf) and (is_true(crlf[-1]) or (crlf[-1] or "").lower() == "input")
        info = ForeignFolder(repository.common_dir).read("info/attributes", most_bytes=MOST_RULE_BYTES)
        self._last = [] if isinstance(info, Unread) else list(_lines(info))
        self._by_folder: dict[bytes, list[tuple[Rule, Sequence[bytes]]]] = {}

    def of(self, path: bytes) -> Conversion:
        """The conversion of one file."""
        found: dict[bytes, bytes] = {}
        ends = [place + 1 for place, char in enumerate(path) if char == 0x2F]
        for end in (0, *ends):
            for rule, words in self._in(path[:end]):
                if rule.matches(path[end:], is_folder=False):
                    found.update(_values(words))
        for rule, words in self._last:
            if rule.matches(path, is_folder=False):
                found.update(_values(words))
        name = found.get(b"filter", b"").decode("utf-8", "replace")
        program = None
        if name in self._drivers:
            program = f"the filter {name!r}"
        elif found.get(b"working-tree-encoding") or found.get(b"ident"):
            program = "a conversion of git's own"
        asks = any(found.get(word) not in (None, b"") for word in (b"text", b"eol", b"crlf"))
        return Conversion(program, asks or self._auto)

    def _in(self, folder: bytes) -> Sequence[tuple[Rule, Sequence[bytes]]]:
        if folder not in self._by_folder:
            content = self._files.read(folder + b".gitattributes", most_bytes=MOST_RULE_BYTES)
            self._by_folder[folder] = [] if isinstance(content, Unread) else list(_lines(content))
        return self._by_folder[folder]


def _lines(content: bytes) -> Iterator[tuple[Rule, Sequence[bytes]]]:
    for line in content.split(b"\n"):
        words = line.split()
        if len(words) > 1 and not words[0].startswith((b"#", b"[attr]", b"!")):
            for rule in read_rules(words[0], source="").rules:
                yield rule, words[1:]


def _values(words: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Attributes and their values; empty where one is taken away."""
    for word in words:
        name, _, value = word.partition(b"=")
        if name.startswith((b"-", b"!")):
            yield name[1:], b""
        else:
            yield name, value or b"set"


def _shown(path: bytes) -> str:
    return path.decode(errors="backslashreplace")
