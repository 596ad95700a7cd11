"""Make the ``/etc`` that a worker sees: a copy of what programs need, in which only the worker itself exists.

One folder bound whole: two dozen single binds cost 2.5 ms a launch, and ``/etc/ssl`` itself would show root's workers
the machine's private keys.  Two folders of it are shown as they are: they hold hundreds of links and nothing secret,
and copying them took half a second of CPU, several times a session.
"""

from __future__ import annotations

import fnmatch
import os
import re
import shutil
import stat
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from orchestrator.errors import EnvironmentUnfit
from orchestrator.sandbox.mounts import Mount

ETC = Path("/etc")
FILES = (
    *("ca-certificates.conf", "gai.conf", "host.conf", "hosts", "ld.so.cache", "ld.so.conf", "localtime", "magic"),
    *("mime.types", "nsswitch.conf", "os-release", "protocols", "resolv.conf", "services", "shells", "timezone"),
)
FOLDERS = ("alternatives", "ca-certificates", "crypto-policies", "ld.so.conf.d", "pki", "ssl", "terminfo")
"""What programs need to run, to find hosts and to trust certificates."""
RUNTIMES = ("php", "perl", "R", "fonts", "java", "java-*-openjdk", "python3", "python3.*")
"""Where language runtimes look for their settings: without them PHP has no extensions and Java does not start."""
AS_THEY_ARE = ("alternatives", "ssl/certs")
"""Folders that are shown themselves, where nothing lies in them but files, folders and links."""
UID_INSIDE = 1000
"""Whom root's workers run as: Claude refuses to bypass permissions as root, and root's files stay root's."""

_WRITING: Final = threading.Lock()


def write_system_files(folder: Path, *, source: Path = ETC) -> None:
    """Make or refresh the copy; what has not changed since is left alone.

    Workers and measured programs are started from several threads at once, and share the copy.

    Raises:
        OSError: ``folder`` cannot be written.
    """
    with _WRITING:
        _write(folder, source)


def _write(folder: Path, source: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in FILES:
        original, copy = source / name, folder / name
        if os.path.isfile(original) and not _is_copy(original, copy):
            shutil.copy2(os.path.realpath(original), copy)
    for name in FOLDERS:
        if os.path.isdir(source / name) and not os.path.isdir(folder / name):
            _copy_folder(source / name, folder / name)
    for name in sorted(os.listdir(source)) if os.path.isdir(source) else ():
        if any(fnmatch.fnmatchcase(name, runtime) for runtime in RUNTIMES) and not os.path.exists(folder / name):
            _copy_folder(source / name, folder / name, others_may_read=True)
    uid, gid = (UID_INSIDE, UID_INSIDE) if os.geteuid() == 0 else (os.geteuid(), os.getegid())
    _write_once(folder / "passwd", f"agent:x:{uid}:{gid}::/tmp:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n")
    _write_once(folder / "group", f"agent:x:{gid}:\nnogroup:x:65534:\n")


def shown_as_they_are(etc: Mount, *, source: Path = ETC) -> Sequence[Mount]:
    """The folders that stand in the copy as empty places, to be mounted right after it.

    Args:
        etc: where the copy is mounted; any other mount has none.
    """
    if etc.place != source or etc.kind != "read":
        return ()
    return [
        Mount(etc.place / name, "read", str(source / name))
        for name in AS_THEY_ARE
        if os.path.isdir(source / name) and _is_empty_folder(Path(etc.source) / name)
    ]


def _is_empty_folder(path: Path) -> bool:
    try:
        return not os.path.islink(path) and not os.listdir(path)
    except OSError:
        return False


def _may_be_shown(folder: str) -> bool:
    """Whether a folder holds no pipe or socket to a process outside, and nothing named private."""
    try:
        with os.scandir(folder) as entries:
            return all(
                entry.name != "private"
                and (
                    entry.is_symlink()
                    or entry.is_file(follow_symlinks=False)
                    or (entry.is_dir(follow_symlinks=False) and _may_be_shown(entry.path))
                )
                for entry in entries
            )
    except OSError:
        return False


def _is_copy(original: Path, copy: Path) -> bool:
    try:
        ours, theirs = os.stat(copy), os.stat(original)
    except OSError:
        return False
    return (ours.st_size, ours.st_mtime_ns) == (theirs.st_size, theirs.st_mtime_ns)


def _copy_folder(original: Path, copy: Path, *, others_may_read: bool = False) -> None:
    """Copy what is plain.

    Args:
        others_may_read: leave out what not everybody on this machine may read.
    """
    if not os.path.isdir(original):
        return

    def is_fit(path: str) -> bool:
        if os.path.islink(path):
            return True
        return _is_plain(path) and (not others_may_read or bool(os.stat(path).st_mode & stat.S_IROTH))

    def unfit(folder: str, names: list[str]) -> list[str]:
        if os.path.relpath(folder, original.parent) in AS_THEY_ARE and _may_be_shown(folder):
            return names  # what stays is the empty folder on which it is mounted
        paths = ((name, os.path.join(folder, name)) for name in names)
        return [name for name, path in paths if name == "private" or not is_fit(path)]

    part = copy.with_name(f".{copy.name}.part")
    shutil.rmtree(part, ignore_errors=True)  # of one that was killed while it copied
    try:
        shutil.copytree(original, part, symlinks=True, ignore=unfit)
        part.rename(copy)
    except shutil.Error as error:
        source, _, why = error.args[0][0]
        hint = "free some space, or raise the limits of this shell: ulimit -a"
        raise EnvironmentUnfit(f"cannot copy {source} for the sandbox: {why}", hint=hint) from first_cause(error)


def first_cause(error: shutil.Error) -> OSError:
    """The first of the errors that ``copytree`` has gathered, with its number: it keeps their texts alone.

    A disk that is full is known by that number, and then the worker is started again later.
    """
    _, _, why = error.args[0][0]
    number = re.match(r"\[Errno (\d+)\]", str(why))
    return error if number is None else OSError(int(number[1]), str(why))


def _is_plain(path: str) -> bool:
    return os.access(path, os.R_OK) and (os.path.isdir(path) or os.path.isfile(path))


def _write_once(path: Path, text: str) -> None:
    if not path.exists():
        path.write_text(text)
