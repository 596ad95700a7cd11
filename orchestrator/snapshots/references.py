"""Keep a git repository's branches, HEAD, index, stashes and logs as files, and put them back; no git is run.

Everything of the repository but its objects is copied when a session begins and when it ends.  Putting it back changes
only what the session changed, and only if nobody has changed it since; what the session committed is given names first,
so that no commit is lost.
"""

from __future__ import annotations

import io
import os
import re
import stat
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import field
from pathlib import Path
from typing import Final, Literal, TypeAlias

from orchestrator.errors import EnvironmentUnfit
from orchestrator.files.foreign import Entry, ForeignFolder, Status, Unread
from orchestrator.late_pattern import late_pattern
from orchestrator.snapshots.git_index import Index, IndexUnreadable, read_index
from orchestrator.snapshots.repository import Repository
from orchestrator.value_class import value_class

MOST_FILE_BYTES: Final = 256 * 1024 * 1024
MOST_BYTES: Final = 512 * 1024 * 1024
MOST_FILES: Final = 100_000
NAMESPACE: Final = "refs/orchestrate"
"""Where the session's commits are kept by name after an undo."""
MOST_NAMES: Final = 1_000
_NOT_KEPT: Final = frozenset({"objects", "modules", "worktrees", "lfs", "hooks", "annex"})
"""Folders at the top of a git directory: objects only grow, and the others are repositories or tools of their own."""
_REF: Final = late_pattern(rb"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_SYMBOLIC: Final = late_pattern(rb"ref: (refs/\S+)\s*")
_PACKED: Final = late_pattern(rb"^([0-9a-f]{40}(?:[0-9a-f]{24})?) (refs/\S+)$", re.MULTILINE)
_LOGGED: Final = late_pattern(rb"^[0-9a-f]{40,64} ([0-9a-f]{40,64}) ", re.MULTILINE)

Side: TypeAlias = Literal["own", "common"]
"""The git directory of the work tree, and the one that its branches lie in; the same but in a linked worktree."""
Place: TypeAlias = tuple[Side, bytes]


@value_class
class KeptFile:
    """One file of a git directory."""

    content: bytes
    mode: int
    mtime_ns: int


@value_class
class References:
    """Everything of a repository but its objects, at one moment."""

    files: Mapping[Place, KeptFile] = field(default_factory=dict)
    folders: frozenset[Place] = frozenset()

    def values(self) -> dict[bytes, bytes]:
        """Each reference and the object it leads to."""
        found: dict[bytes, bytes] = {}
        for (_, name), file in sorted(self.files.items(), key=lambda row: row[0][1] != b"packed-refs"):
            if name == b"packed-refs":
                found |= {ref: oid for oid, ref in _PACKED.findall(file.content)}
            elif name.startswith(b"refs/") and _REF.fullmatch(file.content.strip()):
                found[name] = file.content.strip()
        return found

    def head(self) -> bytes:
        """What HEAD says: an object, or ``ref: `` and a branch."""
        kept = self.files.get(("own", b"HEAD"))
        return kept.content.strip() if kept is not None else b""

    def commit(self) -> bytes | None:
        """The commit that HEAD leads to; ``None`` before the first one."""
        head = self.head()
        symbolic = _SYMBOLIC.fullmatch(head)
        if symbolic is not None:
            return self.values().get(symbolic[1])
        return head if _REF.fullmatch(head) else None

    def logged(self) -> set[bytes]:
        """Every object that a log names as the new place of something."""
        logs = (file.content for (_, name), file in self.files.items() if name.startswith(b"logs/"))
        return {oid for content in logs for oid in _LOGGED.findall(content) if oid.strip(b"0")}


@value_class
class Names:
    """A name under which something stays reachable."""

    name: str
    oid: str


@value_class
class Moves:
    """What putting a repository back would do."""

    changed: tuple[Place, ...] = ()
    """Files that get the content they had, or go."""
    contested: tuple[str, ...] = ()
    """What somebody has changed since; while there is any, nothing is put back."""
    left: tuple[str, ...] = ()
    """Logs and the like that somebody has written since: they stay as they are."""
    kept: tuple[Names, ...] = ()
    """The names that what the session made is given."""
    words: tuple[str, ...] = ()
    """What changes, for people: ``main: 1234567 → 89abcde``."""

    @property
    def is_empty(self) -> bool:
        """Whether the repository is as it was."""
        return not self.changed and not self.contested


def look_at_references(repository: Repository) -> References:
    """The repository as it stands.

    Raises:
        EnvironmentUnfit: It cannot be copied; the message says why.
    """
    storage = repository.setting("extensions.refstorage")
    if storage not in (None, "files"):
        raise EnvironmentUnfit(f"its branches are kept as {storage!r}, not in files")
    files: dict[Place, KeptFile] = {}
    folders: set[Place] = set()
    total = 0
    for side, folder in _sides(repository):
        foreign = ForeignFolder(folder)
        for entry in foreign.walk(most=MOST_FILES, skip=_is_kept_out):
            if isinstance(entry, Unread):
                raise EnvironmentUnfit(f"its {entry}")
            name = os.fsencode(entry.name)
            if name.split(b"/")[0].decode("latin-1") in _NOT_KEPT or name.endswith(b".lock"):
                continue
            if entry.status.kind == "folder":
                folders.add((side, name))
            elif entry.status.kind == "file":
                content = foreign.read(name, most_bytes=MOST_FILE_BYTES)
                if isinstance(content, Unread):
                    if content.reason == "missing":
                        continue
                    raise EnvironmentUnfit(f"its {content}")
                total += len(content)
                if total > MOST_BYTES:
                    raise EnvironmentUnfit(f"it holds more than {MOST_BYTES // 2**20} MiB beside its objects")
                files[side, name] = KeptFile(content, entry.status.mode, entry.status.mtime_ns)
    return References(files, frozenset(folders))


def _is_kept_out(entry: Entry) -> bool:
    return "/" not in entry.name and entry.base in _NOT_KEPT


def _sides(repository: Repository) -> Iterator[tuple[Side, Path]]:
    yield "own", repository.git_dir
    if repository.common_dir != repository.git_dir:
        yield "common", repository.common_dir


def write_references(path: Path, references: References) -> None:
    """Write the references to one file, replacing an earlier one atomically.

    Raises:
        OSError: The disk refused.
    """
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    with tarfile.open(fresh, "w", format=tarfile.PAX_FORMAT) as tar:
        for side, name in sorted(references.folders):
            tar.addfile(_info(side, name, tarfile.DIRTYPE))
        for (side, name), file in sorted(references.files.items()):
            info = _info(side, name, tarfile.REGTYPE)
            info.size, info.mode = len(file.content), file.mode
            info.pax_headers = {"orchestrate.mtime_ns": str(file.mtime_ns)}
            tar.addfile(info, io.BytesIO(file.content))
    fresh.chmod(stat.S_IRUSR | stat.S_IWUSR)
    fresh.replace(path)


def read_references(path: Path) -> References | None:
    """Read the references; ``None`` where none were written.

    Raises:
        EnvironmentUnfit: It cannot be read.
    """
    files: dict[Place, KeptFile] = {}
    folders: set[Place] = set()
    try:
        with tarfile.open(path, "r:") as tar:
            for member in tar:
                side, _, name = member.name.partition("/")
                place: Place = ("common" if side == "common" else "own", os.fsencode(name))
                if member.isdir():
                    folders.add(place)
                    continue
                content = tar.extractfile(member)
                assert content is not None
                mtime_ns = int(member.pax_headers.get("orchestrate.mtime_ns", "0"))
                files[place] = KeptFile(content.read(), member.mode, mtime_ns)
    except FileNotFoundError:
        return None
    except (OSError, tarfile.TarError, ValueError) as error:
        raise EnvironmentUnfit(f"{path} cannot be read: {error}") from error
    return References(files, frozenset(folders))


def _info(side: Side, name: bytes, kind: bytes) -> tarfile.TarInfo:
    info = tarfile.TarInfo(f"{side}/{os.fsdecode(name)}")
    info.type = kind
    return info


def plan_moves(before: References, after: References, now: References, *, session: str) -> Moves:
    """Plan how to put the repository back to what it was when the session began."""
    changed: list[Place] = []
    contested: list[str] = []
    left: list[str] = []
    for place in sorted(before.files.keys() | after.files.keys()):
        was, became, stands = (moment.files.get(place) for moment in (before, after, now))
        if _same(place, was, became) or _same(place, was, stands):
            continue
        if _same(place, became, stands):
            changed.append(place)
        elif _is_essential(place[1]):
            contested.append(place[1].decode(errors="backslashreplace"))
        else:
            left.append(place[1].decode(errors="backslashreplace"))
    kept = tuple(_names_to_keep(before, after, session)) if changed else ()
    return Moves(tuple(changed), tuple(contested), tuple(left), kept, tuple(_words(before, now)) if changed else ())


def _same(place: Place, one: KeptFile | None, other: KeptFile | None) -> bool:
    if one is None or other is None:
        return one is other
    if one.content == other.content:
        return True
    return place[1] == b"index" and _same_index(one.content, other.content)


def _same_index(one: bytes, other: bytes) -> bool:
    """Whether two indexes hold the same: ``git status`` writes down times anew, and that is no change."""
    for kind in ("sha1", "sha256"):
        with suppress(IndexUnreadable):
            first, second = (read_index(content, object_format=kind) for content in (one, other))
            return first.shared == second.shared and _told(first) == _told(second)
    return False


def _told(index: Index) -> list[tuple[object, ...]]:
    """Read an index without the times and places at which git last saw the files."""
    return [
        (entry.path, entry.mode, entry.oid, entry.stage, entry.is_intended, entry.is_sparse, entry.is_assumed)
        for entry in index.entries
    ]


def _is_essential(name: bytes) -> bool:
    return not name.startswith(b"logs/") and name not in (b"COMMIT_EDITMSG", b"FETCH_HEAD", b"ORIG_HEAD", b"gc.log")


def _names_to_keep(before: References, after: References, session: str) -> Iterator[Names]:
    old, new = before.values(), after.values()
    named: set[bytes] = set(old.values())
    count = 0

    def keep(below: str, oid: bytes) -> Iterator[Names]:
        nonlocal count
        if oid not in named and count < MOST_NAMES:
            named.add(oid)
            count += 1
            yield Names(f"{NAMESPACE}/{session}/{below}", oid.decode())

    for ref, oid in sorted(new.items()):
        if old.get(ref) != oid:
            yield from keep(os.fsdecode(ref).removeprefix("refs/"), oid)
    head = after.commit()
    if head is not None:
        yield from keep("HEAD", head)
    for oid in sorted(after.logged() - before.logged()):
        yield from keep(f"log/{oid.decode()[:12]}", oid)


def _words(before: References, now: References) -> Iterator[str]:
    old, new = before.values(), now.values()
    if before.head() != now.head():
        yield f"HEAD: {_short(now.head())} → {_short(before.head())}"
    for ref in sorted(old.keys() | new.keys()):
        if old.get(ref) != new.get(ref):
            name = ref.decode(errors="backslashreplace").removeprefix("refs/heads/").removeprefix("refs/")
            yield f"{name}: {_short(new.get(ref, b'none'))} → {_short(old.get(ref, b'none'))}"
    index: Place = ("own", b"index")
    if not _same(index, before.files.get(index), now.files.get(index)):
        yield "the index, as it was"


def _short(value: bytes) -> str:
    text = value.decode(errors="backslashreplace")
    return text[:10] if _REF.fullmatch(value) else text.removeprefix("ref: refs/heads/").removeprefix("ref: ")


def put_back(repository: Repository, moves: Moves, before: References, after: References) -> None:
    """Give the session's commits their names, and put back what it changed, under git's own locks.

    Raises:
        EnvironmentUnfit: Somebody works on the repository, or it cannot be written; what was not yet put back is as the
            session left it.
    """
    if not moves.changed:
        return
    folders = {side: ForeignFolder(folder) for side, folder in _sides(repository)}
    shared = folders.get("common", folders["own"])
    try:
        with ExitStack() as locks:
            for place in _locked(moves):
                locks.callback(_lock(folders[place[0]], place[1]))
            _check_unchanged(repository, moves, after)
            for kept in moves.kept:
                shared.write(kept.name, f"{kept.oid}\n".encode(), mode=0o644)
                _open_folders(shared, kept.name)
            # What goes makes room first; HEAD comes last.
            order = sorted(moves.changed, key=lambda place: (before.files.get(place) is not None, place[1] == b"HEAD"))
            for place in order:
                _put_file(folders[place[0]], place[1], before.files.get(place))
        # Not before the locks in them are gone.
        _remove_new_folders(folders, before)
    except OSError as error:
        raise EnvironmentUnfit(f"its repository cannot be put back: {error.strerror or error}") from error


def _locked(moves: Moves) -> list[Place]:
    """Take the locks that git itself would take, in git's order."""
    names = [place for place in moves.changed if not place[1].startswith(b"logs/") and _is_essential(place[1])]
    return sorted(set(names))


def _lock(folder: ForeignFolder, name: bytes) -> _Unlock:
    above = name.rpartition(b"/")[0]
    try:
        if above:
            folder.make_folder(above)
        folder.create(name + b".lock")
    except NotADirectoryError:
        pass  # a branch stands where this one had its folder; that one is locked
    except FileExistsError:
        shown = name.decode(errors="backslashreplace")
        raise EnvironmentUnfit(
            f"somebody works on its repository: {shown}.lock is there", hint="wait for git to end, and try again"
        ) from None
    return _Unlock(folder, name + b".lock")


@value_class
class _Unlock:
    folder: ForeignFolder
    name: bytes

    def __call__(self) -> None:
        with suppress(OSError):
            self.folder.remove(self.name)


def _check_unchanged(repository: Repository, moves: Moves, after: References) -> None:
    now = look_at_references(repository)
    for place in moves.changed:
        if not _same(place, after.files.get(place), now.files.get(place)):
            raise EnvironmentUnfit(f"its {place[1].decode(errors='backslashreplace')} was changed at this very moment")


def _put_file(folder: ForeignFolder, name: bytes, kept: KeptFile | None) -> None:
    if kept is None:
        folder.remove(name)
        return
    folder.write(name, kept.content, mode=kept.mode)
    folder.set_attributes(name, mode=kept.mode, mtime_ns=kept.mtime_ns)


def _open_folders(folder: ForeignFolder, name: str) -> None:
    """Folders of names are as those of the repository's own: who may read the one may read the other."""
    there = folder.status("refs")
    mode = there.mode if isinstance(there, Status) else 0o755
    above = Path(name).parent
    while above.as_posix() not in (".", "refs"):
        folder.set_attributes(above, mode=mode)
        above = above.parent


def _remove_new_folders(folders: Mapping[Side, ForeignFolder], before: References) -> None:
    for side, folder in folders.items():
        found = [entry for entry in folder.walk(most=MOST_FILES, skip=_is_kept_out) if not isinstance(entry, Unread)]
        for entry in sorted(found, key=lambda entry: entry.name, reverse=True):
            name = os.fsencode(entry.name)
            is_kept = name.split(b"/")[0].decode("latin-1") not in _NOT_KEPT
            if entry.status.kind == "folder" and is_kept and (side, name) not in before.folders:
                with suppress(OSError):  # it holds something
                    folder.remove_folder(name)
