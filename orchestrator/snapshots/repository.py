"""Find the git repository a folder lies in, and read it as data: nothing its configuration names is run."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from orchestrator.files.foreign import ForeignFolder, Unread, resolved
from orchestrator.late_pattern import late_pattern
from orchestrator.snapshots.git_config import Setting, is_true, read_settings
from orchestrator.snapshots.git_index import (
    Index,
    IndexEntry,
    IndexUnreadable,
    ObjectFormat,
    merge_split,
    read_index,
)
from orchestrator.snapshots.ignore_rules import RuleFile, read_rules
from orchestrator.value_class import value_class

MOST_CONFIG_BYTES: Final = 4 * 1024 * 1024
MOST_INDEX_BYTES: Final = 1024 * 1024 * 1024
MOST_RULE_BYTES: Final = 4 * 1024 * 1024
MOST_INCLUDES: Final = 10
"""As deep as git follows ``include.path``."""
_REF: Final = late_pattern(rb"ref: (refs/[^\s]+)\s*")
_OID: Final = late_pattern(rb"(?:[0-9a-f]{40}|[0-9a-f]{64})\s*")
_FORMATS: Final[Mapping[str, ObjectFormat]] = {"sha1": "sha1", "sha256": "sha256"}


class RepositoryUnreadable(Exception):
    """There is a repository, and something about it cannot be told; the text says what and why."""


@value_class
class Repository:
    """A git repository with a work tree."""

    top: Path
    """The top folder of the work tree."""
    git_dir: Path
    """Where this work tree's HEAD and index lie."""
    common_dir: Path
    """Where objects, branches and the configuration lie; another folder in a linked worktree."""
    settings: tuple[Setting, ...] = ()
    """Of its own configuration, in which the last of a key holds; what other files it includes is among them."""

    def setting(self, key: str) -> str | None:
        """The value that holds, as the file spells it; ``None`` where there is none or it stands without a value."""
        return _last(self.settings, key)

    def has(self, key: str) -> bool:
        """Whether a boolean is set and true."""
        found = [setting for setting in self.settings if setting.key == key]
        return bool(found) and is_true(found[-1].value)

    def object_format(self) -> ObjectFormat:
        """Which hash names its objects.

        Raises:
            RepositoryUnreadable: The repository uses an unknown hash.
        """
        name = (self.setting("extensions.objectformat") or "sha1").lower()
        if name not in _FORMATS:
            raise RepositoryUnreadable(f"its objects are named by {name!r}, which is not known here")
        return _FORMATS[name]

    def tracked(self) -> tuple[IndexEntry, ...]:
        """Everything in its index; nothing where it has none yet.

        Raises:
            RepositoryUnreadable: There is one that cannot be read.
        """
        folder, kind = ForeignFolder(self.git_dir), self.object_format()
        content = folder.read("index", most_bytes=MOST_INDEX_BYTES)
        if isinstance(content, Unread):
            if content.reason == "missing":
                return ()
            raise RepositoryUnreadable(f"its index {content.detail}")
        try:
            index = read_index(content, object_format=kind)
            return (self._whole(index, kind) if index.shared else index).entries
        except IndexUnreadable as error:
            raise RepositoryUnreadable(f"its index cannot be read: {error}") from error

    def _whole(self, index: Index, kind: ObjectFormat) -> Index:
        name, detail = f"sharedindex.{index.shared}", ""
        for folder in dict.fromkeys((self.git_dir, self.common_dir)):
            content = ForeignFolder(folder).read(name, most_bytes=MOST_INDEX_BYTES)
            if not isinstance(content, Unread):
                return merge_split(index, read_index(content, object_format=kind))
            detail = content.detail
        raise IndexUnreadable(f"it builds on {name}, which {detail}")

    def head(self) -> str | None:
        """The commit that is checked out; ``None`` before the first one.

        Raises:
            RepositoryUnreadable: That cannot be determined.
        """
        if self.setting("extensions.refstorage") not in (None, "files"):
            raise RepositoryUnreadable(
                f"its branches are kept as {self.setting('extensions.refstorage')!r}, not in files"
            )
        content = _read(self.git_dir, "HEAD")
        for _ in range(MOST_INCLUDES):
            found = _REF.fullmatch(content)
            if found is None:
                break
            name = found[1].decode("utf-8", "surrogateescape")
            value = self._reference(name)
            if value is None:
                return None
            content = value
        if _OID.fullmatch(content) is None:
            raise RepositoryUnreadable("its HEAD names no commit")
        return content.strip().decode()

    def _reference(self, name: str) -> bytes | None:
        for folder in dict.fromkeys((self.git_dir, self.common_dir)):
            loose = ForeignFolder(folder).read(name, most_bytes=4096)
            if not isinstance(loose, Unread):
                return loose
            if loose.reason not in ("missing", "not a folder", "not a file"):
                raise RepositoryUnreadable(f"its {name} {loose.detail}")
        packed = ForeignFolder(self.common_dir).read("packed-refs", most_bytes=MOST_INDEX_BYTES)
        if isinstance(packed, Unread):
            if packed.reason == "missing":
                return None
            raise RepositoryUnreadable(f"its packed-refs {packed.detail}")
        wanted = b" " + os.fsencode(name)
        return next((line[: -len(wanted)] for line in packed.splitlines() if line.endswith(wanted)), None)

    def outside_rules(self, environ: Mapping[str, str]) -> tuple[tuple[RuleFile, ...], tuple[str, ...]]:
        """The rules of ``info/exclude`` and of the user's own ignore file, and which of them could not be read."""
        found: list[RuleFile] = []
        doubts: list[str] = []
        ignore_case = self.has("core.ignorecase")
        exclude = ForeignFolder(self.common_dir).read("info/exclude", most_bytes=MOST_RULE_BYTES)
        if not isinstance(exclude, Unread):
            found.append(read_rules(exclude, source=".git/info/exclude", ignore_case=ignore_case))
        elif exclude.reason not in ("missing", "not a folder"):
            doubts.append(f".git/{exclude}, so what it ignores is not known")
        users, problems = user_settings(environ, self)
        doubts += problems
        path = _ignore_file(environ, (*users, *self.settings), self.top)
        if path is not None:
            content = read_own(path, most_bytes=MOST_RULE_BYTES)
            if not isinstance(content, Unread):
                found.append(read_rules(content, source=str(path), ignore_case=ignore_case))
            elif content.reason not in ("missing", "not a folder"):
                doubts.append(f"your ignore file {path} {content.detail}, so what it ignores is not known")
        return tuple(found), tuple(doubts)


def find_repository(folder: Path) -> Repository | None:
    """The repository whose work tree a folder lies in; ``None`` where it lies in none.

    Args:
        folder: Resolved.

    Raises:
        RepositoryUnreadable: There seems to be one, and it cannot be told.
    """
    for top in (folder, *folder.parents):
        found = repository_at(top)
        if found is not None:
            return found
    return None


def repository_at(top: Path) -> Repository | None:
    """The repository whose work tree begins at just this folder.

    Raises:
        RepositoryUnreadable: There seems to be one, and it cannot be told.
    """
    status = ForeignFolder(top, links="follow").status(".git")
    if isinstance(status, Unread):
        if status.reason in ("missing", "not a folder", "a link"):
            return None
        raise RepositoryUnreadable(f"{top / '.git'} {status.detail}")
    if status.kind == "file":
        git_dir = _pointed_at(top)
    elif status.kind == "folder":
        git_dir = top / ".git"
    else:
        return None  # git does not take it for one either
    try:
        is_one = _looks_right(git_dir)
    except RepositoryUnreadable as error:
        raise RepositoryUnreadable(f"{top / '.git'}: {error}") from error
    if not is_one:
        if status.kind == "file":
            raise RepositoryUnreadable(f"{top / '.git'} names {git_dir}, which is no repository")
        return None
    return open_repository(top, git_dir)


def open_repository(top: Path, git_dir: Path) -> Repository:
    """The repository in a git directory that was found before.

    Raises:
        RepositoryUnreadable: What it says cannot be determined.
    """
    common = _common_dir(git_dir)
    try:
        settings = list(_with_includes(common / "config", git_dir=git_dir, user_home=None))
        blank = Repository(top, git_dir, common, tuple(settings))
        if blank.has("extensions.worktreeconfig"):
            settings += _with_includes(git_dir / "config.worktree", git_dir=git_dir, user_home=None)
    except ValueError as error:
        raise RepositoryUnreadable(f"its configuration cannot be read: {error}") from error
    repository = replace(blank, settings=tuple(settings))
    elsewhere = repository.setting("core.worktree")
    if elsewhere and resolved(git_dir / elsewhere) != resolved(top):
        raise RepositoryUnreadable(f"its core.worktree says that its files lie in {git_dir / elsewhere}")
    return repository


def _pointed_at(top: Path) -> Path:
    """Where a ``.git`` file leads."""
    pointer = ForeignFolder(top, links="follow").read(".git", most_bytes=8192)
    if isinstance(pointer, Unread):
        raise RepositoryUnreadable(f"{top / '.git'} {pointer.detail}")
    name = os.fsdecode(pointer.removeprefix(b"gitdir:").strip())
    if not pointer.startswith(b"gitdir:") or not name or "\0" in name:
        raise RepositoryUnreadable(f"{top / '.git'} is a file that names no repository")
    return top / name


def _looks_right(git_dir: Path) -> bool:
    """Whether git would take it for a repository."""
    folder = ForeignFolder(git_dir)
    here = folder.status()
    if isinstance(here, Unread):
        if here.reason in ("missing", "not a folder"):
            return False
        raise RepositoryUnreadable(f"it {here.detail}")
    head = folder.status("HEAD")
    if isinstance(head, Unread):
        if head.reason in ("missing", "not a folder", "a link"):
            return False
        raise RepositoryUnreadable(f"its HEAD {head.detail}")
    if head.kind not in ("file", "link"):
        raise RepositoryUnreadable(f"its HEAD is a {head.kind}")
    common = ForeignFolder(_common_dir(git_dir))
    return all(_is_folder(common, name) for name in ("objects", "refs"))


def _is_folder(folder: ForeignFolder, name: str) -> bool:
    status = folder.status(name)
    if isinstance(status, Unread):
        if status.reason == "not permitted":
            raise RepositoryUnreadable(f"its {name} {status.detail}")
        return False
    return status.kind in ("folder", "link")


def _common_dir(git_dir: Path) -> Path:
    content = ForeignFolder(git_dir).read("commondir", most_bytes=8192)
    if isinstance(content, Unread):
        if content.reason in ("missing", "not a folder"):
            return git_dir
        raise RepositoryUnreadable(f"its commondir {content.detail}")
    return git_dir / os.fsdecode(content.strip())


def _read(folder: Path, name: str) -> bytes:
    content = ForeignFolder(folder).read(name, most_bytes=MOST_CONFIG_BYTES)
    if isinstance(content, Unread):
        raise RepositoryUnreadable(f"{folder / name} {content.detail}")
    return content


# Configuration of the user's and of the machine's: files that only the user, or root, writes.


def user_settings(environ: Mapping[str, str], repository: Repository) -> tuple[tuple[Setting, ...], tuple[str, ...]]:
    """What the machine's and the user's configuration say, the weakest first, and what of it could not be read."""
    found: list[Setting] = []
    doubts: list[str] = []
    home = environ.get("HOME")
    for path in _user_files(environ):
        try:
            found += _with_includes(path, git_dir=repository.git_dir, user_home=home)
        except (ValueError, RepositoryUnreadable) as error:
            doubts.append(f"your git configuration {path} cannot be read: {error}")
    return tuple(found), tuple(doubts)


def _user_files(environ: Mapping[str, str]) -> Iterator[Path]:
    if environ.get("GIT_CONFIG_NOSYSTEM", "").lower() not in ("1", "true", "yes", "on"):
        yield Path(environ.get("GIT_CONFIG_SYSTEM") or "/etc/gitconfig")
    if "GIT_CONFIG_GLOBAL" in environ:
        if environ["GIT_CONFIG_GLOBAL"]:
            yield Path(environ["GIT_CONFIG_GLOBAL"])
        return
    home = environ.get("HOME")
    further = environ.get("XDG_CONFIG_HOME") or (f"{home}/.config" if home else None)
    if further:
        yield Path(further, "git", "config")
    if home:
        yield Path(home, ".gitconfig")


def _ignore_file(environ: Mapping[str, str], settings: Sequence[Setting], top: Path) -> Path | None:
    """The user's own ignore file: named by ``core.excludesFile``, or where git looks by itself."""
    named = _last(settings, "core.excludesfile")
    home = environ.get("HOME")
    if named:
        return top / _expanded(named, home)
    further = environ.get("XDG_CONFIG_HOME") or (f"{home}/.config" if home else None)
    return Path(further, "git", "ignore") if further else None


def _with_includes(path: Path, *, git_dir: Path, user_home: str | None, depth: int = 0) -> Iterator[Setting]:
    """The settings of a file and of those that it includes, in the order in which they hold.

    Args:
        user_home: Only a file of the user's own may lead out of its folder by links.

    Raises:
        ValueError: One of them is malformed.
        RepositoryUnreadable: One of them is there and cannot be read.
    """
    content = read_own(path, most_bytes=MOST_CONFIG_BYTES)
    if isinstance(content, Unread):
        if content.reason in ("missing", "not a folder"):
            return
        raise RepositoryUnreadable(f"{path} {content.detail}")
    for setting in read_settings(content):
        yield setting
        includes = setting.key == "include.path" or (
            setting.section == "includeif" and setting.name == "path" and _holds(setting.subsection, path, git_dir)
        )
        if includes and setting.value and depth < MOST_INCLUDES:
            further = path.parent / _expanded(setting.value, user_home)
            yield from _with_includes(further, git_dir=git_dir, user_home=user_home, depth=depth + 1)


def _holds(condition: str, path: Path, git_dir: Path) -> bool:
    """Whether an ``includeIf`` counts: those that name the repository's place; of others only git itself can tell."""
    kind, _, pattern = condition.partition(":")
    if kind not in ("gitdir", "gitdir/i") or not pattern:
        return False
    expanded = str(_expanded(pattern, os.environ.get("HOME"))) + ("/" if pattern.endswith("/") else "")
    if expanded.startswith("./"):
        expanded = f"{path.parent}{expanded[1:]}"
    elif not expanded.startswith("/"):
        expanded = f"**/{expanded}"
    expanded += "**" if expanded.endswith("/") else ""
    rules = read_rules(os.fsencode("/" + expanded.lstrip("/")), source="", ignore_case=kind == "gitdir/i").rules
    places = {str(git_dir), str(resolved(git_dir))}
    return any(rule.matches(os.fsencode(place.lstrip("/")), is_folder=True) for rule in rules for place in places)


def read_own(path: Path, *, most_bytes: int) -> bytes | Unread:
    """A file that a person named, who may have put a link there."""
    real = resolved(path)
    return real if isinstance(real, Unread) else ForeignFolder(real.parent).read(real.name, most_bytes=most_bytes)


def _expanded(name: str, home: str | None) -> Path:
    if name == "~" or name.startswith("~/"):
        return Path(home or "/", name[2:])
    if name.startswith("~"):
        user, _, rest = name[1:].partition("/")
        with suppress(KeyError):
            return Path(pwd.getpwnam(user).pw_dir, rest)
    return Path(name)


def _last(settings: Sequence[Setting], key: str) -> str | None:
    return next((setting.value for setting in reversed(settings) if setting.key == key), None)
