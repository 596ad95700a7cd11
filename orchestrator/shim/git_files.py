"""Read files of repositories that somebody else may have made, without following, waiting or running anything.

Imported by the shim: standard library only.
"""

from __future__ import annotations

import os
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_BYTES = 1 << 20
"""Of a small file: a reference, a head, a message."""
MOST_INDEX_BYTES = 1 << 30
MOST_NAMES = 200_000
"""Of references, logs and the like in one repository; what has more is not taken over."""
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def read_file(path: str, most: int = MOST_BYTES) -> bytes | None:
    """The bytes of a regular file; ``None`` where there is none, or one that is longer or no plain file."""
    try:
        opened = os.open(path, _READ)
    except OSError:
        return None
    try:
        found = os.fstat(opened)
        if not stat.S_ISREG(found.st_mode) or found.st_size > most:
            return None
        parts: list[bytes] = []
        left = most + 1
        while left > 0:
            part = os.read(opened, min(left, 1 << 20))
            if not part:
                break
            parts.append(part)
            left -= len(part)
        return b"".join(parts) if left > 0 else None
    except OSError:
        return None
    finally:
        os.close(opened)


def open_file(path: str) -> int | None:
    """A descriptor of a regular file; ``None`` where there is none."""
    try:
        opened = os.open(path, _READ)
    except OSError:
        return None
    if stat.S_ISREG(os.fstat(opened).st_mode):
        return opened
    os.close(opened)
    return None


def is_folder(path: str) -> bool:
    """Whether a folder stands there itself, not a link to one."""
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except OSError:
        return False


def files_below(folder: str, prefix: str = "") -> Iterator[str]:
    """Paths of all regular files below a folder, relative to it; links are not followed."""
    waiting, seen = [prefix], 0
    while waiting:
        inside = waiting.pop()
        for name, kind in sorted(_names(f"{folder}/{inside}" if inside else folder)):
            seen += 1
            if seen > MOST_NAMES:
                return
            path = f"{inside}/{name}" if inside else name
            if kind == "folder":
                waiting.append(path)
            elif kind == "file":
                yield path


def _names(folder: str) -> list[tuple[str, str]]:
    if not is_folder(folder):
        return []
    try:
        with os.scandir(folder) as entries:
            return [(entry.name, _kind(entry)) for entry in entries]
    except OSError:
        return []


def _kind(entry: os.DirEntry[str]) -> str:
    if entry.is_dir(follow_symlinks=False):
        return "folder"
    return "file" if entry.is_file(follow_symlinks=False) else "other"


def gitdir_of(path: str) -> str | None:
    """Where a ``.git`` leads: itself if it is a folder, what it names if it is a file; ``None`` where to nothing."""
    if is_folder(path):
        return path
    text = read_file(path, 64 * 1024)
    if text is None or not text.startswith(b"gitdir: "):
        return None
    found = os.path.join(os.path.dirname(path), os.fsdecode(text[8:].rstrip(b"\r\n")))
    return os.path.realpath(found) if os.path.isdir(found) else None


def common_of(git_dir: str) -> str:
    """The folder that a work tree's own git folder shares with others; itself where it shares none."""
    text = read_file(f"{git_dir}/commondir", 64 * 1024)
    if text is None:
        return git_dir
    return os.path.realpath(os.path.join(git_dir, os.fsdecode(text.rstrip(b"\r\n"))))


def is_repository(folder: str) -> bool:
    """Whether git takes a folder for a repository."""
    own = os.path.lexists(f"{folder}/HEAD")
    common = common_of(folder)
    return own and os.path.isdir(f"{common}/objects") and os.path.isdir(f"{common}/refs")


def references(common: str, own: str | None = None) -> dict[str, str]:
    """Every reference with the id it stands at; symbolic ones with ``ref: `` and their name.

    Args:
        own: the git folder of a linked work tree, for the references that are its alone.
    """
    found: dict[str, str] = {}
    packed = read_file(f"{common}/packed-refs", 256 * MOST_BYTES) or b""
    for line in packed.split(b"\n"):
        oid, space, name = line.partition(b" ")
        if space and is_id(oid) and name.startswith(b"refs/"):
            found[os.fsdecode(name)] = oid.decode()
    for folder in (common,) if own in (None, common) else (common, str(own)):
        for path in files_below(folder, "refs"):
            value = read_file(f"{folder}/{path}", 4096)
            text = (value or b"").strip()
            if not path.endswith(".lock") and (is_id(text) or text.startswith(b"ref: ")):
                found[path] = os.fsdecode(text)
    return found


def is_id(text: bytes) -> bool:
    """Whether it is a whole object id, of either kind."""
    return len(text) in (40, 64) and not text.strip(b"0123456789abcdef")
