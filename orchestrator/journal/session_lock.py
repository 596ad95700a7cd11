"""Hold the right to run a session: one coordinator at a time, which can be asked about without disturbing it.

The lock is one of an open file description (``F_OFD_SETLK``): the kernel frees it when the last descriptor closes,
however the holder dies, and asking (``F_OFD_GETLK``) never takes it, not even for an instant.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from orchestrator.errors import EnvironmentUnfit, SessionBusy

# macOS has no public OFD locks: there the classic ones serve, which a process loses when it closes any descriptor
# of the file; so nothing but this module opens it.
_SETLK: int = getattr(fcntl, "F_OFD_SETLK", fcntl.F_SETLK)
_GETLK: int = getattr(fcntl, "F_OFD_GETLK", fcntl.F_GETLK)
_HAS_OFD = hasattr(fcntl, "F_OFD_SETLK")
_FLOCK_LINUX = struct.Struct("@hhqqi4x")
"""``struct flock``: type, whence, start, length (0 = to the end), pid (must be 0 for OFD locks)."""
_CAREFUL = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
"""A pipe or a link that somebody put in its place neither holds us up nor leads elsewhere."""
_FLOCK_BSD = struct.Struct("@qqihh")


class _Folder(Protocol):
    @property
    def path(self) -> Path: ...


@contextmanager
def hold_session_lock(folder: _Folder | Path) -> Iterator[None]:
    """Hold the session's lock while the block runs; our pid stands in the file.

    Raises:
        SessionBusy: Another coordinator holds it, with its pid where it is known.
        EnvironmentUnfit: The lock file cannot be opened or written.
    """
    path = _folder_path(folder)
    try:
        descriptor = os.open(path / "session.lock", os.O_RDWR | os.O_CREAT | _CAREFUL, 0o600)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise OSError(errno.EINVAL, "it is not a regular file")
    except OSError as error:
        raise EnvironmentUnfit(f"cannot open {path / 'session.lock'}: {error.strerror}") from error
    try:
        _take(descriptor, path)
        yield
    finally:
        os.close(descriptor)


def session_holder(folder: _Folder | Path) -> int | None:
    """The pid of the coordinator that runs the session now.

    ``None``: nobody runs it.  0: somebody does and has not yet written its pid.
    """
    path = _folder_path(folder) / "session.lock"
    try:
        descriptor = os.open(path, os.O_RDONLY | _CAREFUL)
    except OSError:
        return None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        return _written_pid(descriptor) if _is_held(descriptor) else None
    finally:
        os.close(descriptor)


def _take(descriptor: int, path: Path) -> None:
    try:
        fcntl.fcntl(descriptor, _SETLK, _request(fcntl.F_WRLCK))
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES):
            raise SessionBusy(path.name, _written_pid(descriptor) or None) from None
        raise EnvironmentUnfit(f"cannot lock {path / 'session.lock'}: {error.strerror}") from error
    try:
        # One write over the old number and then the cut: at no instant does the file name nobody.
        text = f"{os.getpid()}\n".encode()
        os.pwrite(descriptor, text, 0)
        os.ftruncate(descriptor, len(text))
    except OSError as error:
        raise EnvironmentUnfit(f"cannot write {path / 'session.lock'}: {error.strerror}") from error


def _is_held(descriptor: int) -> bool:
    # About a read lock, for which a descriptor that may only read is enough; the holder's refuses it just the same.
    answer = fcntl.fcntl(descriptor, _GETLK, _request(fcntl.F_RDLCK))
    layout = _FLOCK_LINUX if _HAS_OFD else _FLOCK_BSD
    fields = layout.unpack(answer)
    return int(fields[0] if _HAS_OFD else fields[3]) != fcntl.F_UNLCK


def _request(kind: int) -> bytes:
    if _HAS_OFD:
        return _FLOCK_LINUX.pack(kind, os.SEEK_SET, 0, 0, 0)
    return _FLOCK_BSD.pack(0, 0, 0, kind, os.SEEK_SET)


def _written_pid(descriptor: int) -> int:
    try:
        return int(os.pread(descriptor, 32, 0).split(b"\n")[0])
    except ValueError:
        return 0


def _folder_path(folder: _Folder | Path) -> Path:
    return folder if isinstance(folder, Path) else folder.path
