"""Select the files of a target that count: those its repository's own status would show.

The rules are those of the moment when the session began.  A rule that an agent adds hides nothing, and what it would
hide is said.  Of ignored files only sizes and times are looked at, never the content.
"""

from __future__ import annotations

import base64
import json
import os
import re
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

from orchestrator.errors import EnvironmentUnfit
from orchestrator.files.foreign import ForeignFolder, Listing, Status, Unread
from orchestrator.late_pattern import late_pattern
from orchestrator.snapshots.git_index import GITLINK
from orchestrator.snapshots.ignore_rules import IgnoreRules, RuleFile, read_rules
from orchestrator.snapshots.repository import (
    MOST_RULE_BYTES,
    Repository,
    RepositoryUnreadable,
    find_repository,
    open_repository,
    repository_at,
)
from orchestrator.value_class import value_class

MOST_IGNORED: Final = 100_000
"""Ignored files whose size and time are looked at; the ones nearest to the top come first."""
MOST_HIDDEN: Final = 2_000
"""New files that only new rules ignore, and whose content is recorded; more is a flood (a folder of packages)."""
MOST_DOUBTS: Final = 20
_FORMAT: Final = 1
_BY_NOW: Final = " by now"
_DOT_GIT: Final = late_pattern(rb"\.git", re.IGNORECASE)

IgnoredTable: TypeAlias = Mapping[bytes, tuple[int, int, int]]
"""Size, and times of content and inode in nanoseconds, by path."""


@value_class
class Selected:
    """The target at one moment."""

    files: Mapping[bytes, Status]
    """What counts: files and links, by path below the target."""
    ignored: IgnoredTable
    """What does not, as far as it was looked at."""
    is_ignored_cut: bool
    """There are more ignored files than are looked at."""
    hidden: Mapping[bytes, str]
    """Of the files that count: which a new rule hides from ``git status``, and where that rule stands."""
    nameless: tuple[bytes, ...]
    """What git holds no name for and was not there at the beginning: ``.GIT``, the ``.git`` of a new repository."""
    doubts: tuple[str, ...]
    """What could not be told; the message says why."""


@dataclass(slots=True)
class _Scope:
    """One repository of the target, or the target itself where it lies in none."""

    below: bytes
    """Where it begins below the target, with ``/`` at its end."""
    prefix: bytes
    """Where the target begins below its top, if it begins above the target."""
    git_dir: Path | None = None
    outside: tuple[RuleFile, ...] = ()
    inside: dict[bytes, RuleFile] = field(default_factory=dict)
    """By folder, as the repository calls it."""
    ignore_case: bool = False
    tracked: frozenset[bytes] = frozenset()
    """Below the target: what the repository tracked when the session began; a repository inside ends in ``/``."""

    def rules(self) -> IgnoreRules:
        return IgnoreRules(self.outside, self.inside)

    def named(self, path: bytes) -> bytes:
        """A path below the target as the repository calls it."""
        return self.prefix + path[len(self.below) :]

    def add(self, folder: bytes, content: bytes) -> None:
        """Take the rules of a folder, as the repository calls it."""
        source = os.fsdecode(folder) + ".gitignore"
        self.inside[folder] = read_rules(content, source=source, folder=folder, ignore_case=self.ignore_case)

    def tracked_of(self, repository: Repository) -> frozenset[bytes]:
        """What the index holds now of this part of the target.

        Raises:
            RepositoryUnreadable: That cannot be determined.
        """
        return frozenset(
            self.below + entry.path[len(self.prefix) :] + (b"/" if entry.mode == GITLINK else b"")
            for entry in repository.tracked()
            if entry.path.startswith(self.prefix)
        )


class Selection:
    """Which files of one target count in one session.

    Args:
        folder: Where the rules of the beginning are kept.
        target: Resolved.
        left_out: Paths below the target that never count (the workspace).
        environ: Where the user's git configuration is looked for; it is read as data.
    """

    def __init__(self, folder: Path, target: Path, left_out: Sequence[Path], environ: Mapping[str, str]) -> None:
        self._file = folder / "rules.json"
        self._target = target
        self._left_out = frozenset(os.fsencode(path) for path in left_out)
        self._environ = environ
        self._scopes: dict[bytes, _Scope] | None = None
        self._nameless: frozenset[bytes] = frozenset()
        self._doubts: tuple[str, ...] = ()
        self._walk: _Walk | None = None

    @property
    def seen(self) -> int:
        """How many files the look that runs, or ran last, has seen so far; another thread may ask."""
        return 0 if self._walk is None else len(self._walk.files) + len(self._walk.ignored)

    def look(self, recorded: Iterable[bytes] = ()) -> Selected:
        """The target as it stands.  The first look of a session settles the rules.

        Args:
            recorded: What was recorded before: it goes on to count, however many files new rules hide.

        Raises:
            EnvironmentUnfit: The target cannot be listed, or what is known of the beginning not be read or written.
        """
        if self._scopes is None and not self._recall():
            return self._settle()
        assert self._scopes is not None
        now = _Now(self._scopes, self._environ, self._target)
        walk = self._walk = _Walk(self._target, self._left_out, self._scopes, tracked=now.tracked)
        walk.run()
        return self._result(walk, now, set(recorded))

    def _settle(self) -> Selected:
        doubts: list[str] = []
        scope = _Scope(b"", b"")
        try:
            repository = find_repository(self._target)
            if repository is not None:
                scope = self._scope_of(repository, b"", doubts)
        except RepositoryUnreadable as error:
            doubts.append(f"which files the repository tracks or ignores: {error}")
        if scope.prefix and not scope.tracked and scope.rules().hides(scope.prefix[:-1], is_folder=True) is not None:
            scope = _Scope(b"", b"")  # an ignored folder stands for itself
        scopes = {b"": scope}
        walk = self._walk = _Walk(
            self._target, self._left_out, scopes, find=lambda below: self._scope_at(below, doubts)
        )
        walk.run()
        self._scopes, self._doubts = scopes, tuple(dict.fromkeys((*doubts, *walk.doubts)))[:MOST_DOUBTS]
        self._nameless = frozenset(walk.nameless)
        self._keep()
        return Selected(walk.files, walk.ignored, walk.is_cut, {}, (), self._doubts)

    def _scope_of(self, repository: Repository, below: bytes, doubts: list[str]) -> _Scope:
        prefix = b""
        if not below and repository.top != self._target:
            prefix = os.fsencode(self._target.relative_to(repository.top)) + b"/"
        scope = _Scope(below, prefix, repository.git_dir, ignore_case=repository.has("core.ignorecase"))
        scope.outside, problems = repository.outside_rules(self._environ)
        doubts += problems
        # The rules above the target hold in it.
        for end in (place for place in range(len(prefix)) if place == 0 or prefix[place - 1] == 0x2F):
            content = ForeignFolder(repository.top).read(prefix[:end] + b".gitignore", most_bytes=MOST_RULE_BYTES)
            if not isinstance(content, Unread):
                scope.add(prefix[:end], content)
        try:
            scope.tracked = scope.tracked_of(repository)
        except RepositoryUnreadable as error:
            doubts.append(f"which files the repository{_at(below)} tracks: {error}")
        return scope

    def _scope_at(self, below: bytes, doubts: list[str]) -> _Scope | None:
        """The repository that begins at a folder below the target; ``None`` where none does."""
        try:
            repository = repository_at(self._target / os.fsdecode(below))
        except RepositoryUnreadable as error:
            doubts.append(f"which files count below {_shown(below)}: {error}")
            return None
        return None if repository is None else self._scope_of(repository, below, doubts)

    def _result(self, walk: _Walk, now: _Now, recorded: set[bytes]) -> Selected:
        files, ignored = dict(walk.files), dict(walk.ignored)
        hidden = now.hidden(walk)
        # What could not be told at the beginning, and cannot now, is said once.
        again = [doubt for doubt in now.doubts if doubt.replace(_BY_NOW, "") not in self._doubts]
        doubts = [*self._doubts, *again, *walk.doubts]
        flood = [path for path in sorted(hidden, key=_depth) if path not in recorded][MOST_HIDDEN:]
        for path in flood:
            status = files.pop(path)
            ignored[path] = (status.size, status.mtime_ns, status.ctime_ns)
            del hidden[path]
        if flood:
            folders = sorted({_shown(path.split(b"/")[0]) for path in flood})
            shown = ", ".join(folders[:5]) + (" …" if len(folders) > 5 else "")
            doubts.append(f"what {len(flood)} more files hold that new ignore rules hide; they lie in {shown}")
        nameless = tuple(path for path in walk.nameless if path not in self._nameless)
        return Selected(files, ignored, walk.is_cut, hidden, nameless, tuple(dict.fromkeys(doubts))[: 2 * MOST_DOUBTS])

    # What is kept for a later process

    def _keep(self) -> None:
        assert self._scopes is not None
        content = {
            "format": _FORMAT,
            "doubts": self._doubts,
            "nameless": _packed(self._nameless),
            "scopes": [_as_json(scope) for scope in self._scopes.values()],
        }
        fresh = self._file.with_name(f"{self._file.name}.{os.getpid()}")
        try:
            fresh.write_text(json.dumps(content), encoding="utf-8")
            fresh.replace(self._file)
        except OSError as error:
            raise EnvironmentUnfit(f"cannot write {self._file}: {error.strerror}") from error

    def _recall(self) -> bool:
        """Read what was settled; ``False`` where nothing was."""
        try:
            content = json.loads(self._file.read_text(encoding="utf-8"))
            scopes = [_from_json(scope) for scope in content["scopes"]]
            self._nameless = frozenset(_unpacked(content["nameless"]))
            self._doubts = tuple(content["doubts"])
        except FileNotFoundError:
            return False
        except (OSError, ValueError, KeyError, TypeError, zlib.error) as error:
            raise EnvironmentUnfit(f"cannot read {self._file}: {error}") from error
        self._scopes = {scope.below: scope for scope in scopes}
        return True


class _Now:
    """The repositories' present contents, at the places that they had at the beginning of the session."""

    def __init__(self, scopes: Mapping[bytes, _Scope], environ: Mapping[str, str], target: Path) -> None:
        self._scopes = scopes
        self._foreign = ForeignFolder(target)
        self.tracked: dict[bytes, frozenset[bytes]] = {}
        self.outside: dict[bytes, tuple[RuleFile, ...]] = {}
        self.doubts: list[str] = []
        for scope in scopes.values():
            self.tracked[scope.below], self.outside[scope.below] = scope.tracked, scope.outside
            if scope.git_dir is None:
                continue
            top = target / os.fsdecode(scope.below)
            for _ in range(scope.prefix.count(b"/")):
                top = top.parent
            try:
                repository = open_repository(top, scope.git_dir)
                self.outside[scope.below] = repository.outside_rules(environ)[0]
                self.tracked[scope.below] = scope.tracked | scope.tracked_of(repository)
            except RepositoryUnreadable as error:
                self.doubts.append(f"which files the repository{_at(scope.below)} tracks{_BY_NOW}: {error}")

    def hidden(self, walk: _Walk) -> dict[bytes, str]:
        """Of the files that count: what the rules hide that stand there now, and which rule does."""
        found: dict[bytes, str] = {}
        for scope in self._scopes.values():
            fresh = _Scope(scope.below, scope.prefix, ignore_case=scope.ignore_case, outside=self.outside[scope.below])
            fresh.inside = {k: file for k, file in scope.inside.items() if not k.startswith(scope.prefix)}
            for folder in walk.rule_folders.get(scope.below, ()):
                content = self._foreign.read(folder + b".gitignore", most_bytes=MOST_RULE_BYTES)
                if not isinstance(content, Unread):
                    fresh.add(scope.named(folder), content)
            if fresh.inside == scope.inside and fresh.outside == scope.outside:
                continue
            rules, tracked = fresh.rules(), self.tracked[scope.below]
            for path in walk.counted.get(scope.below, ()):
                rule = rules.hides(scope.named(path))
                if rule is not None and path not in tracked:
                    found[path] = str(rule)
        return found


class _Walk:
    """One pass over the target.

    Args:
        tracked: What each repository tracks, by the place where it begins; by default what it did at the beginning.
        find: Looks for a repository that begins at a folder; only at the beginning, since a later one hides nothing.
    """

    def __init__(
        self,
        target: Path,
        left_out: frozenset[bytes],
        scopes: dict[bytes, _Scope],
        *,
        tracked: Mapping[bytes, frozenset[bytes]] | None = None,
        find: Callable[[bytes], _Scope | None] | None = None,
    ) -> None:
        self._target = target
        self._foreign = ForeignFolder(target)
        self._left_out = left_out
        self._scopes = scopes
        self._tracked = tracked
        self._find = find
        self.files: dict[bytes, Status] = {}
        self.ignored: dict[bytes, tuple[int, int, int]] = {}
        self.is_cut = False
        self.nameless: list[bytes] = []
        self.doubts: list[str] = []
        self.counted: dict[bytes, list[bytes]] = {}
        """The files that count, by repository."""
        self.rule_folders: dict[bytes, list[bytes]] = {}
        """The folders in which a ``.gitignore`` lies, by repository."""
        self._ignored_folders: deque[bytes] = deque()

    def run(self) -> None:
        """Look at everything.

        Raises:
            EnvironmentUnfit: The target itself cannot be listed.
        """
        top = self._foreign.entries()
        if isinstance(top, Unread):
            raise EnvironmentUnfit(f"cannot record {self._target}: it {top.detail}")
        scope = self._scopes[b""]
        if scope.git_dir is None and any(entry.name == ".git" for entry in top.entries):
            self.nameless.append(b".git")
        folders = [(b"", top, scope)]
        while folders:
            for name in self._sort(*folders.pop()):
                listing = self._foreign.entries(name)
                if isinstance(listing, Unread):
                    self._doubt(f"what lies in {_shown(name)}: it {listing.detail}")
                    continue
                inside = name + b"/"
                folders.append((inside, listing, self._scope_for(inside, listing)))
        self._add_tracked()
        self._look_at_ignored()

    def _scope_for(self, folder: bytes, listing: Listing) -> _Scope:
        if folder in self._scopes:
            return self._scopes[folder]
        if any(entry.name.endswith("/.git") for entry in listing.entries):
            found = self._find(folder) if self._find is not None else None
            if found is not None:
                self._scopes[folder] = found
                return found
            self.nameless.append(folder + b".git")
        return self._scope_around(folder)

    def _scope_around(self, path: bytes) -> _Scope:
        """The repository that a path lies in."""
        slash = len(path)
        while len(self._scopes) > 1 and (slash := path.rfind(b"/", 0, slash)) >= 0:
            if path[: slash + 1] in self._scopes:
                return self._scopes[path[: slash + 1]]
        return self._scopes[b""]

    def _sort(self, folder: bytes, listing: Listing, scope: _Scope) -> Iterator[bytes]:
        """Sort one folder's entries; the folders among them that are to be entered."""
        if listing.is_cut:
            self._doubt(f"all that lies in {_shown(folder) or 'the target'}: it is too much to be looked at")
        named = [(os.fsencode(entry.name), entry.status) for entry in listing.entries]
        if any(path == folder + b".gitignore" and status.kind == "file" for path, status in named):
            self._read_rules(folder, scope)
        rules, tracked = scope.rules(), self._tracked_in(scope)
        for path, status in named:
            name = path[len(folder) :]
            if name == b".git" or path in self._left_out:
                continue
            if _DOT_GIT.fullmatch(name):
                self.nameless.append(path)
            is_folder = status.kind == "folder"
            is_tracked = (path + b"/" if is_folder else path) in tracked
            if not is_tracked and rules.ignores(scope.named(path), is_folder=is_folder) is not None:
                self._ignore(path, status)
            elif is_folder:
                yield path
            elif status.kind in ("file", "link"):
                self._count(path, status, scope)

    def _tracked_in(self, scope: _Scope) -> frozenset[bytes]:
        return scope.tracked if self._tracked is None else self._tracked[scope.below]

    def _count(self, path: bytes, status: Status, scope: _Scope) -> None:
        self.files[path] = status
        self.counted.setdefault(scope.below, []).append(path)

    def _read_rules(self, folder: bytes, scope: _Scope) -> None:
        self.rule_folders.setdefault(scope.below, []).append(folder)
        if self._find is None:
            return
        content = self._foreign.read(folder + b".gitignore", most_bytes=MOST_RULE_BYTES)
        if isinstance(content, Unread):
            self._doubt(f"what {_shown(folder)}.gitignore ignores: it {content.detail}")
        else:
            scope.add(scope.named(folder), content)

    def _add_tracked(self) -> None:
        """What the repository tracks counts, whatever ignores it."""
        for scope in self._scopes.values():
            for path in self._tracked_in(scope):
                if path in self.files or path.endswith(b"/") or self._is_left_out(path):
                    continue
                # Behind a folder that has become a link there is nothing of the target's.
                status = self._foreign.status(path)
                if isinstance(status, Status) and status.kind in ("file", "link"):
                    self.ignored.pop(path, None)
                    self._count(path, status, scope)

    def _is_left_out(self, path: bytes) -> bool:
        return any(path == out or path.startswith(out + b"/") for out in self._left_out)

    def _ignore(self, path: bytes, status: Status) -> None:
        if status.kind == "folder":
            self._ignored_folders.append(path)
        elif path not in self.files:
            if len(self.ignored) >= MOST_IGNORED:
                self.is_cut = True
            else:
                self.ignored[path] = (status.size, status.mtime_ns, status.ctime_ns)

    def _look_at_ignored(self) -> None:
        """Look below ignored folders, the nearest to the top first, so that a huge one hides nothing beside it."""
        while self._ignored_folders and not self.is_cut:
            folder = self._ignored_folders.popleft()
            listing = self._foreign.entries(folder, most=MOST_IGNORED + 1)
            if isinstance(listing, Unread):
                self._doubt(f"what lies in {_shown(folder)}: it {listing.detail}")
                continue
            if listing.is_cut:
                self.is_cut = True
            for entry in listing.entries:
                path = os.fsencode(entry.name)
                if path not in self._left_out and not path.endswith(b"/.git"):
                    self._ignore(path, entry.status)

    def _doubt(self, text: str) -> None:
        if len(self.doubts) < MOST_DOUBTS:
            self.doubts.append(text)


def _depth(path: bytes) -> tuple[int, bytes]:
    return path.count(b"/"), path


def _shown(path: bytes) -> str:
    return path.decode(errors="backslashreplace")


def _at(below: bytes) -> str:
    return f" at {_shown(below)}" if below else ""


def _as_json(scope: _Scope) -> dict[str, Any]:
    return {
        "below": _packed([scope.below]),
        "prefix": _packed([scope.prefix]),
        "git_dir": None if scope.git_dir is None else _packed([os.fsencode(scope.git_dir)]),
        "ignore_case": scope.ignore_case,
        "outside": [[file.source, _packed([file.content])] for file in scope.outside],
        "inside": [[_packed([folder]), _packed([file.content])] for folder, file in scope.inside.items()],
        "tracked": _packed(sorted(scope.tracked)),
    }


def _from_json(content: Mapping[str, Any]) -> _Scope:
    git_dir = content["git_dir"]
    scope = _Scope(
        _unpacked(content["below"])[0],
        _unpacked(content["prefix"])[0],
        None if git_dir is None else Path(os.fsdecode(_unpacked(git_dir)[0])),
        ignore_case=content["ignore_case"],
        tracked=frozenset(_unpacked(content["tracked"])),
    )
    scope.outside = tuple(
        read_rules(_unpacked(text)[0], source=source, ignore_case=scope.ignore_case)
        for source, text in content["outside"]
    )
    for folder, text in content["inside"]:
        scope.add(_unpacked(folder)[0], _unpacked(text)[0])
    return scope


def _packed(raw: Iterable[bytes]) -> str:
    """Join byte strings, each ended by a NUL, into text that JSON can hold."""
    return base64.b64encode(zlib.compress(b"".join(part.replace(b"\0", b"") + b"\0" for part in raw))).decode()


def _unpacked(text: str) -> list[bytes]:
    return zlib.decompress(base64.b64decode(text)).split(b"\0")[:-1]
