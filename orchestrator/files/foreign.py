"""Opens, lists, hashes and replaces files in a folder where somebody else may write.

Nothing here waits for what somebody else does, follows a link that somebody else made, or reads more than it is told
to: a pipe, a device, a file of 60 GB, a loop of links, a lease on a file are answers (:class:`Unread`), not accidents.
Paths are walked folder by folder, so that a folder that becomes a link in between leads nowhere else.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path, PurePath, PurePosixPath
from typing import Final, Literal, TypeAlias

from orchestrator.files.time_limits import is_over
from orchestrator.shim.processes import call_kernel
from orchestrator.value_class import value_class

Kind: TypeAlias = Literal["file", "folder", "link", "pipe", "socket", "device"]
Reason: TypeAlias = Literal[
    "missing",
    "not permitted",
    "not a file",
    "not a folder",
    "a link",
    "too large",
    "too many",
    "busy",
    "took too long",
    "bad name",
    "failed",
]
Name: TypeAlias = str | bytes | PurePath

MOST_ENTRIES: Final = 1_000_000
"""Of one listing; what a folder holds beyond that is not looked at, and the listing says so."""
MOST_DEPTH: Final = 1_000
MOST_LOGIN_BYTES: Final = 4 * 1024 * 1024
"""Of a file that holds a login: they have a few KB."""
_CHUNK: Final = 1 << 20
_EXCHANGE: Final = 2
"""RENAME_EXCHANGE of linux/fs.h."""
_CLOSED: Final = os.O_CLOEXEC
_PLACE: Final = getattr(os, "O_PATH", os.O_RDONLY | os.O_NONBLOCK) | _CLOSED
_READ: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | _CLOSED
_HAS_PLACES: Final = hasattr(os, "O_PATH")
_PSEUDO: Final = frozenset(
    {"proc", "sysfs", "debugfs", "tracefs", "securityfs", "cgroup", "cgroup2", "pstore", "bpf", "configfs", "autofs"}
    | {"fusectl", "devpts", "mqueue", "binfmt_misc", "efivarfs", "nsfs", "rpc_pipefs", "selinuxfs"}
)
"""File systems whose regular files are none: reading one may wait, take something away, or have no end."""


@value_class
class Unread:
    """Why something could not be read."""

    name: str
    reason: Reason
    detail: str
    """In words, without the name: ``is a pipe, not a file``."""

    def __str__(self) -> str:
        return f"{self.name if self.name.isprintable() else ascii(self.name)} {self.detail}"


@value_class
class Status:
    """What ``lstat`` says."""

    kind: Kind
    size: int
    mode: int
    """The permission bits."""
    owner: int
    mtime_ns: int
    ctime_ns: int
    device: int
    inode: int
    links: int
    allocated: int
    """Bytes that it takes on the disk; of a file with holes fewer than its size."""

    @property
    def identity(self) -> tuple[int, int]:
        """Device and inode: the same file under whatever name."""
        return self.device, self.inode


@value_class
class Entry:
    """One thing in a folder."""

    name: str
    """Relative to the folder that was asked, with ``/`` between the parts; undecodable bytes are escaped as Python
    does in file names (:func:`os.fsencode` gives them back)."""
    status: Status

    @property
    def base(self) -> str:
        """The last part of the name."""
        return self.name.rpartition("/")[2]


@value_class
class Listing:
    """What a folder holds, sorted by name."""

    entries: tuple[Entry, ...]
    is_cut: bool = False
    """There was more than could be listed."""


class OpenFile:
    """A regular file that is open for reading."""

    __slots__ = ("descriptor", "name", "status")

    def __init__(self, descriptor: int, name: str, status: Status) -> None:
        self.descriptor = descriptor
        self.name = name
        self.status = status

    def chunks(self, most_bytes: int) -> Iterator[bytes]:
        """Its content from where it stands, up to ``most_bytes`` and to the end of the work's time.

        Raises:
            OSError: It cannot be read, or the time is over (:class:`TimeoutError`).
        """
        left = most_bytes
        while left > 0:
            if is_over():
                raise TimeoutError(errno.ETIMEDOUT, "took too long to read")
            chunk = os.read(self.descriptor, min(left, _CHUNK))
            if not chunk:
                return
            left -= len(chunk)
            yield chunk


class ForeignFolder:
    """A folder that somebody else may write in.

    Every name is relative to it.  No link is followed below it, and no name leads out of it.

    Args:
        top: Named by the user or made by us: links on the way to it are followed.
        links: ``follow`` is for the user's own home alone, where links are the user's: what they lead to is held to
            the same limits.
    """

    def __init__(self, top: Path, *, links: Literal["refuse", "follow"] = "refuse") -> None:
        self.top = top
        self._follows = links == "follow"

    @contextmanager
    def staying(self) -> Iterator[ForeignFolder]:
        """The same folder for reading many files while the block runs: the way to the last one is kept open.

        What is moved away meanwhile is still read where it was; a link in its place is not followed.
        """
        near = _NearFolder(self.top, links="follow" if self._follows else "refuse")
        try:
            yield near
        finally:
            near.leave()

    # Looking

    def status(self, name: Name = "") -> Status | Unread:
        """What stands there; a link is a link."""
        try:
            parts = _parts(name, empty=True)
            if len(parts) == 1:
                # No folder below the top is on the way, so the system needs no help to follow nothing.
                return self._status_inside(parts[0])
            with self._place(name) as descriptor:
                return _status(os.fstat(descriptor))
        except OSError as error:
            return _unread(name, error)

    def is_file(self, name: Name) -> bool:
        """Whether a regular file stands there."""
        found = self.status(name)
        return isinstance(found, Status) and found.kind == "file"

    def is_folder(self, name: Name = "") -> bool:
        """Whether a folder stands there."""
        found = self.status(name)
        return isinstance(found, Status) and found.kind == "folder"

    def link(self, name: Name) -> str | Unread:
        """What a link says."""
        try:
            with self._folder_of(name) as (folder, last):
                return os.fsdecode(os.readlink(os.fsencode(last), dir_fd=folder))
        except OSError as error:
            return _unread(name, error)

    def entries(self, name: Name = "", *, most: int = MOST_ENTRIES) -> Listing | Unread:
        """What a folder holds, sorted; each entry's name is relative to the top."""
        try:
            with self._folder(name) as folder:
                return _listing(folder, _text(name).strip("/"), most)
        except OSError as error:
            return _unread(name, error)

    def folders(self, name: Name = "") -> tuple[str, ...] | Unread:
        """The base names of the folders in a folder, sorted: the quick way, where nothing else is asked."""
        try:
            with self._folder(name) as folder, os.scandir(folder) as entries:
                return tuple(sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False)))
        except OSError as error:
            return _unread(name, error)

    def walk(
        self, name: Name = "", *, most: int = MOST_ENTRIES, skip: Callable[[Entry], bool] | None = None
    ) -> Iterator[Entry | Unread]:
        """Everything below a folder, folders before what they hold; what cannot be looked at is said in its place.

        Args:
            most: After so many entries one :class:`Unread` ("too many") ends it.
            skip: Says of an entry that it is passed over, with all that it holds.
        """
        waiting, count = [(name, 0)], 0
        while waiting:
            inside, depth = waiting.pop()
            if is_over():
                yield Unread(_text(inside), "took too long", "took too long to look at")
                return
            found = self.entries(inside, most=most - count)
            if isinstance(found, Unread):
                yield found
                continue
            below: list[tuple[Name, int]] = []
            for entry in found.entries:
                if skip is not None and skip(entry):
                    continue
                yield entry
                if entry.status.kind == "folder":
                    below.append((entry.name, depth + 1))
            count += len(found.entries)
            if found.is_cut or count >= most:
                yield Unread(_text(inside), "too many", f"holds more than the {most} entries that are looked at")
                return
            if depth >= MOST_DEPTH and below:
                yield Unread(_text(inside), "too many", f"lies more than {MOST_DEPTH} folders deep")
                continue
            waiting += reversed(below)

    def allocated_bytes(self) -> int:
        """How much disk all that lies below takes; what cannot be looked at is passed over."""
        total = 0
        for found in self.walk():
            if isinstance(found, Entry) and found.status.kind == "file":
                total += found.status.allocated
        return total

    # Reading

    @contextmanager
    def opened(self, name: Name) -> Iterator[OpenFile | Unread]:
        """A regular file, open for reading while the block runs."""
        try:
            file = self._open(name)
        except OSError as error:
            yield _unread(name, error)
            return
        try:
            yield file
        finally:
            os.close(file.descriptor)

    def descriptor(self, name: Name) -> int | Unread:
        """A regular file, open for reading; whoever asks closes it."""
        try:
            return self._open(name).descriptor
        except OSError as error:
            return _unread(name, error)

    def read(self, name: Name, *, most_bytes: int) -> bytes | Unread:
        """The whole content of a regular file; one that is larger is not read at all."""
        with self.opened(name) as file:
            if isinstance(file, Unread):
                return file
            if file.status.size > most_bytes:
                return _too_large(name, file.status.size, most_bytes)
            try:
                content = b"".join(file.chunks(most_bytes + 1))
            except OSError as error:
                return _unread(name, error)
        # It may have grown since it was looked at.
        return content if len(content) <= most_bytes else _too_large(name, len(content), most_bytes)

    def read_text(self, name: Name, *, most_bytes: int) -> str | Unread:
        """The same as text: UTF-8, with the replacement character for what is none."""
        content = self.read(name, most_bytes=most_bytes)
        return content if isinstance(content, Unread) else content.decode("utf-8", "replace")

    def read_start(self, name: Name, *, most_bytes: int) -> tuple[bytes, bool] | Unread:
        """The first bytes of a regular file of whatever size, and whether there are more."""
        with self.opened(name) as file:
            if isinstance(file, Unread):
                return file
            try:
                content = b"".join(file.chunks(most_bytes + 1))
            except OSError as error:
                return _unread(name, error)
        return content[:most_bytes], len(content) > most_bytes

    def digest(self, name: Name, *, most_bytes: int, algorithm: str = "sha256") -> str | Unread:
        """The hash of a regular file's content, in hexadecimal; one that is larger is not read at all."""
        with self.opened(name) as file:
            if isinstance(file, Unread):
                return file
            if file.status.size > most_bytes:
                return _too_large(name, file.status.size, most_bytes)
            found, size = hashlib.new(algorithm, usedforsecurity=False), 0
            try:
                for chunk in file.chunks(most_bytes + 1):
                    found.update(chunk)
                    size += len(chunk)
            except OSError as error:
                return _unread(name, error)
        return found.hexdigest() if size <= most_bytes else _too_large(name, size, most_bytes)

    def copy(self, name: Name, to: Path, *, most_bytes: int) -> Status | Unread:
        """Copy a regular file's content and permission bits to a new file of ours; nothing stays where it fails.

        Raises:
            OSError: The copy cannot be written.
        """
        with self.opened(name) as file:
            if isinstance(file, Unread):
                return file
            if file.status.size > most_bytes:
                return _too_large(name, file.status.size, most_bytes)
            descriptor = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | _CLOSED, 0o600)
            problem: Unread | None = None
            try:
                with open(descriptor, "wb") as copy:
                    chunks = file.chunks(most_bytes + 1)
                    while problem is None:
                        try:
                            chunk = next(chunks, b"")
                        except OSError as error:
                            problem = _unread(name, error)
                            break
                        if not chunk:
                            break
                        copy.write(chunk)
                        if copy.tell() > most_bytes:
                            problem = _too_large(name, copy.tell(), most_bytes)
                    copy.flush()
                    os.fchmod(copy.fileno(), file.status.mode & 0o777)
            except BaseException:
                to.unlink(missing_ok=True)
                raise
            if problem is not None:
                to.unlink(missing_ok=True)
                return problem
            return file.status

    # Writing

    def write(self, name: Name, content: bytes, *, mode: int = 0o600, sync: bool = True) -> None:
        """Replace a file, atomically; missing folders on the way are made, readable by their owner alone.

        Args:
            sync: Whether it has to outlive the machine's crash; a copy that is made anew each time need not.

        Raises:
            OSError: It cannot be written, or the way to it leads through something that is no folder.
        """
        *above, last = _parts(name)
        descriptor = os.open(self.top, _PLACE | os.O_DIRECTORY)
        try:
            for part in above:
                with suppress(FileExistsError):
                    os.mkdir(part, 0o700, dir_fd=descriptor)
                descriptor = _next(descriptor, part, follow=self._follows)
            fresh = os.fsencode(f".orchestrate-{secrets.token_hex(6)}.new")
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | _CLOSED
            writing = os.open(fresh, flags, mode, dir_fd=descriptor)
            try:
                with open(writing, "wb") as file:
                    file.write(content)
                    file.flush()
                    os.fchmod(file.fileno(), mode)
                    if sync:
                        os.fsync(file.fileno())
                os.replace(fresh, last, src_dir_fd=descriptor, dst_dir_fd=descriptor)
            except BaseException:
                with suppress(OSError):
                    os.unlink(fresh, dir_fd=descriptor)
                raise
        finally:
            os.close(descriptor)

    def exchange(self, name: Name, content: bytes, *, most_bytes: int) -> bytes:
        """Put content in the place of a file in one step, and return what stood there until then.

        Raises:
            OSError: It cannot be done, what stood there is no regular file, or it is longer.
        """
        fresh = PurePosixPath(_text(name)).with_name(f".orchestrate-{secrets.token_hex(6)}.new")
        self.create(fresh, content)
        try:
            with self._folder_of(name) as (folder, last):
                call_kernel("renameat2", folder, os.fsencode(fresh.name), folder, os.fsencode(last), _EXCHANGE)
            left = self.read(fresh, most_bytes=most_bytes)
        finally:
            with suppress(OSError):
                self.remove(fresh)
        if isinstance(left, Unread):
            raise OSError(errno.EINVAL, str(left))
        return left

    def overwrite(self, name: Name, content: bytes) -> None:
        """Write into a regular file that is there, which stays the file it is: a link's, or one that is mounted.

        Raises:
            OSError: It cannot be written, or is no regular file.
        """
        with self._folder_of(name) as (folder, last):
            flags = os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | _CLOSED | (0 if self._follows else os.O_NOFOLLOW)
            with open(os.open(last, flags, dir_fd=folder), "wb") as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    raise OSError(errno.EINVAL, "is not a file")
                file.write(content)
                file.truncate()
                file.flush()
                os.fsync(file.fileno())

    def make_folder(self, name: Name) -> None:
        """Make a folder with those above it, readable by their owner alone; one that is there is left as it is.

        Raises:
            OSError: It cannot be made, or something that is no folder stands there or on the way.
        """
        descriptor = os.open(self.top, _PLACE | os.O_DIRECTORY)
        try:
            for part in _parts(name):
                with suppress(FileExistsError):
                    os.mkdir(part, 0o700, dir_fd=descriptor)
                descriptor = _next(descriptor, part, follow=self._follows)
        finally:
            os.close(descriptor)

    def remove(self, name: Name) -> None:
        """Delete a file or a link.  What is not there is deleted already.

        Raises:
            OSError: It cannot be deleted, or is a folder.
        """
        with suppress(FileNotFoundError), self._folder_of(name) as (folder, last):
            os.unlink(last, dir_fd=folder)

    def rename(self, name: Name, base: str) -> None:
        """Give whatever stands there another name in its own folder; it takes no room, and keeps all that it holds.

        Raises:
            FileExistsError: Something has that name.
            OSError: It cannot be renamed.
        """
        with self._folder_of(name) as (folder, last):
            fresh = os.fsencode(base)
            with suppress(FileNotFoundError):
                os.stat(fresh, dir_fd=folder, follow_symlinks=False)
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), base)
            os.rename(last, fresh, src_dir_fd=folder, dst_dir_fd=folder)

    def create(self, name: Name, content: bytes = b"", *, mode: int = 0o600) -> None:
        """Make a file that is not there yet, in a folder that is; one that does not fit leaves nothing behind.

        Raises:
            FileExistsError: Something stands there.
            OSError: It cannot be made.
        """
        with self._folder_of(name) as (folder, last):
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | _CLOSED
            writing = os.open(last, flags, mode, dir_fd=folder)
            try:
                with open(writing, "wb") as file:
                    file.write(content)
            except BaseException:
                with suppress(OSError):
                    os.unlink(last, dir_fd=folder)
                raise

    def place_link(self, name: Name, leads_to: str | bytes) -> None:
        """Put a link where a file, a link or nothing stands, atomically, in a folder that is there.

        Raises:
            OSError: It cannot be made, or a folder stands there.
        """
        with self._folder_of(name) as (folder, last):
            fresh = os.fsencode(f".orchestrate-{secrets.token_hex(6)}.new")
            os.symlink(os.fsencode(leads_to), fresh, dir_fd=folder)
            try:
                os.replace(fresh, last, src_dir_fd=folder, dst_dir_fd=folder)
            except BaseException:
                with suppress(OSError):
                    os.unlink(fresh, dir_fd=folder)
                raise

    def remove_folder(self, name: Name) -> None:
        """Delete a folder that holds nothing.

        Raises:
            OSError: The folder is not there, is not empty, or is no folder.
        """
        with self._folder_of(name) as (folder, last):
            os.rmdir(last, dir_fd=folder)

    def set_attributes(
        self, name: Name = "", *, mode: int | None = None, mtime_ns: int | None = None, owner: int | None = None
    ) -> None:
        """Set the permission bits, the time of the content, or the owner of what stands there; of a link only the time.

        Raises:
            OSError: It may not be set, or nothing stands there.
        """
        with self._place(name) as place:
            status = os.fstat(place)
            itself = f"/proc/self/fd/{place}"
            is_link = stat.S_ISLNK(status.st_mode)
            if owner is not None and owner != status.st_uid and not is_link:
                os.chown(itself, owner, -1)
            if mode is not None and not is_link and stat.S_IMODE(status.st_mode) != mode:
                os.chmod(itself, mode)
            if mtime_ns is not None and not is_link:
                os.utime(itself, ns=(status.st_atime_ns, mtime_ns))
        if mtime_ns is not None and is_link:
            with self._folder_of(name) as (folder, last):
                os.utime(last, ns=(status.st_atime_ns, mtime_ns), dir_fd=folder, follow_symlinks=False)

    def remove_all(self, name: Name = "") -> tuple[Unread, ...]:
        """Delete a folder with all that it holds, however deep; what cannot be deleted is returned and stays."""
        problems: list[Unread] = []
        try:
            _remove_all(self.top if not _parts(name, empty=True) else self._real(name), problems)
        except OSError as error:
            problems.append(_unread(name, error))
        return tuple(problems)

    # The way there

    def _real(self, name: Name) -> Path:
        with self._folder_of(name) as (_, last):
            return self.top.joinpath(*map(os.fsdecode, _parts(name)[:-1]), os.fsdecode(last))

    @contextmanager
    def _folder_of(self, name: Name) -> Iterator[tuple[int, bytes]]:
        """The folder that a name lies in, and the last part of the name."""
        *above, last = _parts(name)
        descriptor = os.open(self.top, _PLACE | os.O_DIRECTORY)
        try:
            for part in above:
                descriptor = _next(descriptor, part, follow=self._follows)
            yield descriptor, last
        finally:
            os.close(descriptor)

    def _status_inside(self, last: bytes) -> Status:
        return _status(os.stat(os.path.join(os.fsencode(self.top), last), follow_symlinks=self._follows))

    @contextmanager
    def _folder(self, name: Name) -> Iterator[int]:
        """A folder, open for listing."""
        descriptor = os.open(self.top, _PLACE | os.O_DIRECTORY)
        try:
            for part in _parts(name, empty=True):
                descriptor = _next(descriptor, part, follow=self._follows)
            status = os.fstat(descriptor)
            if _is_pseudo(status.st_dev):
                raise _NotAFile(errno.EINVAL, "lies on a file system of the kernel's own")
            listing = os.open(".", _READ | os.O_DIRECTORY, dir_fd=descriptor)
        finally:
            os.close(descriptor)
        try:
            yield listing
        finally:
            os.close(listing)

    @contextmanager
    def _place(self, name: Name) -> Iterator[int]:
        """A descriptor for what stands there (``O_PATH``), which does not open it."""
        if not _parts(name, empty=True):
            descriptor = os.open(self.top, _PLACE)
        else:
            with self._folder_of(name) as (folder, last):
                descriptor = _place_in(folder, last, follow=self._follows)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def _open(self, name: Name) -> OpenFile:
        with self._folder_of(name) as (folder, last):
            place = _place_in(folder, last, follow=self._follows)
            try:
                seen = os.fstat(place)
                if stat.S_ISLNK(seen.st_mode):
                    raise OSError(errno.ELOOP, "is a link")
                if not stat.S_ISREG(seen.st_mode):
                    raise _NotAFile(errno.EINVAL, f"is {_ARTICLES[_kind(seen.st_mode)]}, not a file")
                if _is_pseudo(seen.st_dev):
                    raise _NotAFile(errno.EINVAL, "lies on a file system of the kernel's own")
                descriptor = _reopen(place, folder, last, follow=self._follows)
            finally:
                os.close(place)
        try:
            status = os.fstat(descriptor)
            if (status.st_dev, status.st_ino) != (seen.st_dev, seen.st_ino) or not stat.S_ISREG(status.st_mode):
                raise _NotAFile(errno.EINVAL, "was replaced while it was opened")
            return OpenFile(descriptor, _text(name), _status(status))
        except BaseException:
            os.close(descriptor)
            raise


class _NearFolder(ForeignFolder):
    """A folder that keeps the way to the last name open."""

    def __init__(self, top: Path, *, links: Literal["refuse", "follow"]) -> None:
        super().__init__(top, links=links)
        self._above: list[bytes] | None = None
        self._kept = -1

    @contextmanager
    def _folder_of(self, name: Name) -> Iterator[tuple[int, bytes]]:
        *above, last = _parts(name)
        if above != self._above:
            self.leave()
            with super()._folder_of(name) as (folder, _):
                self._kept = os.dup(folder)
            self._above = above
        yield self._kept, last

    def _status_inside(self, last: bytes) -> Status:
        with self._place(last) as descriptor:
            return _status(os.fstat(descriptor))

    def leave(self) -> None:
        """Close the folder that is kept open."""
        if self._above is not None:
            os.close(self._kept)
        self._above = None


def kind_of(path: Path) -> Kind | None:
    """What a path leads to, with the links on the way to it followed; ``None`` where nothing can be seen."""
    found = ForeignFolder(path).status()
    return None if isinstance(found, Unread) else found.kind


def resolved(path: Path) -> Path | Unread:
    """A path with every link on the way resolved; a loop of links is an answer, as is a name that cannot be one."""
    try:
        real = os.path.realpath(path)
        with suppress(FileNotFoundError, NotADirectoryError, PermissionError):
            os.stat(real)
    except (OSError, ValueError) as error:
        return _unread(str(path), error if isinstance(error, OSError) else OSError(errno.EINVAL, str(error)))
    return Path(real)


class _NotAFile(OSError):
    """The name belongs to something that is no regular file and is not read."""


_ARTICLES: Final = {
    "file": "a file",
    "folder": "a folder",
    "link": "a link",
    "pipe": "a pipe",
    "socket": "a socket",
    "device": "a device",
}


def _next(descriptor: int, part: bytes, *, follow: bool) -> int:
    """Step from a folder into one that lies in it; the first descriptor is closed where that worked."""
    flags = _PLACE | os.O_DIRECTORY | (0 if follow else os.O_NOFOLLOW)
    try:
        further = os.open(part, flags, dir_fd=descriptor)
    except NotADirectoryError:
        said = f"{os.fsdecode(part)!r} is a link or no folder, and nothing is looked for behind it"
        raise NotADirectoryError(errno.ENOTDIR, said) from None
    os.close(descriptor)
    return further


def _place_in(folder: int, name: bytes, *, follow: bool) -> int:
    if _HAS_PLACES:
        return os.open(name, _PLACE | (0 if follow else os.O_NOFOLLOW), dir_fd=folder)
    # Without such descriptors what is no file or folder is not opened at all.
    status = os.stat(name, dir_fd=folder, follow_symlinks=follow)
    if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
        raise _NotAFile(errno.EINVAL, f"is {_ARTICLES[_kind(status.st_mode)]}, not a file")
    return os.open(name, _PLACE | (0 if follow else os.O_NOFOLLOW), dir_fd=folder)


def _reopen(place: int, folder: int, name: bytes, *, follow: bool) -> int:
    """Open for reading just what the descriptor stands for, whatever has the name by now."""
    if _HAS_PLACES:
        with suppress(FileNotFoundError):
            return os.open(f"/proc/self/fd/{place}", _READ)
    return os.open(name, _READ | (0 if follow else os.O_NOFOLLOW), dir_fd=folder)


def _parts(name: Name, *, empty: bool = False) -> list[bytes]:
    text = os.fsencode(name)
    parts = [part for part in text.split(b"/") if part not in (b"", b".")]
    if text.startswith(b"/") or b".." in parts or b"\0" in text or not (parts or empty):
        raise OSError(errno.EINVAL, "is not a name inside the folder")
    return parts


def _text(name: Name) -> str:
    return os.fsdecode(name)


def _listing(folder: int, name: str, most: int) -> Listing:
    prefix = f"{name}/" if name else ""
    found: list[Entry] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if len(found) >= most or is_over():
                return Listing(tuple(sorted(found, key=_name_of)), is_cut=True)
            with suppress(OSError):  # gone again
                found.append(Entry(prefix + entry.name, _status(entry.stat(follow_symlinks=False))))
    return Listing(tuple(sorted(found, key=_name_of)))


def _name_of(entry: Entry) -> str:
    return entry.name


def _status(found: os.stat_result) -> Status:
    return Status(
        _kind(found.st_mode),
        found.st_size,
        stat.S_IMODE(found.st_mode),
        found.st_uid,
        found.st_mtime_ns,
        found.st_ctime_ns,
        found.st_dev,
        found.st_ino,
        found.st_nlink,
        found.st_blocks * 512,
    )


def _kind(mode: int) -> Kind:
    kinds: Sequence[tuple[int, Kind]] = (
        (stat.S_IFREG, "file"),
        (stat.S_IFDIR, "folder"),
        (stat.S_IFLNK, "link"),
        (stat.S_IFIFO, "pipe"),
        (stat.S_IFSOCK, "socket"),
    )
    return next((kind for bits, kind in kinds if stat.S_IFMT(mode) == bits), "device")


_devices: dict[int, bool] = {}


def _is_pseudo(device: int) -> bool:
    if device not in _devices:
        _devices.update(_pseudo_devices())
        _devices.setdefault(device, False)
    return _devices[device]


def _pseudo_devices() -> Iterator[tuple[int, bool]]:
    try:
        with open("/proc/self/mountinfo", "rb") as file:
            lines = file.read().splitlines()
    except OSError:
        return
    for line in lines:
        fields, _, rest = line.partition(b" - ")
        major, _, minor = fields.split()[2].partition(b":")
        yield os.makedev(int(major), int(minor)), rest.split()[0].decode("ascii", "replace") in _PSEUDO


def _unread(name: Name, error: OSError) -> Unread:
    text = _text(name) or "the folder"
    said = error.strerror or str(error)
    if isinstance(error, _NotAFile):
        return Unread(text, "not a file", said)
    match error.errno:
        case errno.ENOENT:
            return Unread(text, "missing", "is not there")
        case errno.EACCES | errno.EPERM:
            return Unread(text, "not permitted", "may not be read")
        case errno.ENOTDIR:
            return Unread(text, "not a folder", "does not lie in real folders, or is none")
        case errno.ELOOP | errno.EMLINK:
            return Unread(text, "a link", "is a link, or leads into a loop of links")
        case errno.EAGAIN:
            return Unread(text, "busy", "is held by another program (a lease)")
        case errno.ETIMEDOUT:
            return Unread(text, "took too long", "took too long to read")
        case errno.EINVAL | errno.ENAMETOOLONG | errno.EILSEQ:
            return Unread(text, "bad name", said)
    return Unread(text, "failed", f"cannot be read: {said}")


def _too_large(name: Name, size: int, most: int) -> Unread:
    return Unread(_text(name), "too large", f"has {size:,} bytes, more than the {most:,} that are read")


def _remove_all(top: Path, problems: list[Unread]) -> None:
    """Bottom up and with one folder open at a time: a tree may be deeper than there are descriptors, or Python allows.

    The way back up is a name again, taken only if it leads to the folder that we came from.
    """
    parent = os.open(top.parent, _READ | os.O_DIRECTORY)
    try:
        descriptor = os.open(top.name, _READ | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=parent)
    except NotADirectoryError:
        os.unlink(top.name, dir_fd=parent)
        os.close(parent)
        return
    except FileNotFoundError:
        os.close(parent)
        return
    except BaseException:
        os.close(parent)
        raise
    trail: list[tuple[str, tuple[int, int]]] = []
    """The name of each folder we are in below the top, and who its parent is."""
    stuck: set[tuple[int, int]] = set()
    try:
        while True:
            here = os.fstat(descriptor)
            inner = None if is_over() else _empty(descriptor, stuck, problems)
            if inner is not None:
                try:
                    further = _enter(inner, descriptor)
                except OSError as error:
                    stuck.add(_identity_of(inner, descriptor))
                    problems.append(_unread(inner, error))
                    continue
                os.close(descriptor)
                descriptor = further
                trail.append((inner, (here.st_dev, here.st_ino)))
                continue
            if not trail:
                break
            name, identity = trail.pop()
            above = os.open("..", _READ | os.O_DIRECTORY, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = above
            found = os.fstat(descriptor)
            if (found.st_dev, found.st_ino) != identity:
                raise OSError(errno.EBUSY, "was moved while it was deleted")
            try:
                os.rmdir(name, dir_fd=descriptor)
            except OSError as error:
                stuck.add((here.st_dev, here.st_ino))
                problems.append(_unread(name, error))
        try:
            os.rmdir(top.name, dir_fd=parent)
        except OSError as error:
            problems.append(_unread(top.name, error))
    finally:
        os.close(descriptor)
        os.close(parent)


def _identity_of(name: str, folder: int) -> tuple[int, int]:
    status = os.stat(name, dir_fd=folder, follow_symlinks=False)
    return status.st_dev, status.st_ino


def _enter(name: str, folder: int) -> int:
    """Open a folder that is to be emptied; an agent may have taken the right to do so from its own."""
    flags = _READ | os.O_DIRECTORY | os.O_NOFOLLOW
    try:
        return os.open(name, flags, dir_fd=folder)
    except PermissionError:
        place = os.open(name, _PLACE | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
        try:
            os.chmod(f"/proc/self/fd/{place}", 0o700)
            return os.open(".", flags, dir_fd=place)
        finally:
            os.close(place)


def _empty(folder: int, stuck: set[tuple[int, int]], problems: list[Unread]) -> str | None:
    """Delete what is no folder; the name of a folder that is still to be emptied, ``None`` where there is none."""
    status = os.fstat(folder)
    if status.st_mode & stat.S_IRWXU != stat.S_IRWXU and status.st_uid == os.geteuid():
        with suppress(OSError):
            os.chmod(folder, 0o700)
    with os.scandir(folder) as entries:
        for entry in entries:
            found = entry.stat(follow_symlinks=False)
            if (found.st_dev, found.st_ino) in stuck:
                continue
            if stat.S_ISDIR(found.st_mode):
                return entry.name
            try:
                os.unlink(entry.name, dir_fd=folder)
            except OSError as error:
                stuck.add((found.st_dev, found.st_ino))
                problems.append(_unread(entry.name, error))
    return None
