"""Hold the right to write in a target: one writer, whatever its path, workspace or user.

Each session that may write in a target has a file in a folder of its user's under ``/tmp``, and holds a lock on it that
the kernel frees when the last process ends that has it open: the coordinator and the shims of its workers.  So a target
counts as taken as long as somebody works there, and no longer.  The file names the target and all folders above it by
device and inode; two sessions meet if the target of one is among them for the other.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import secrets
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from orchestrator.errors import EnvironmentUnfit, TargetBusy
from orchestrator.files.foreign import ForeignFolder, Unread
from orchestrator.models.shared_targets import TargetHolder
from orchestrator.value_class import value_class

BASE: Final = Path("/tmp")  # noqa: S108 - one place for all users; what lies there is believed of its owner alone
"""Where everybody looks, whatever ``TMPDIR`` or ``XDG_RUNTIME_DIR`` say in one of their shells."""
PREFIX: Final = "orchestrate-targets-"
GATE: Final = "orchestrate-targets.gate"
"""Whoever looks and then takes holds it meanwhile."""
GATE_TIME_S: Final = 15.0
MOST_BYTES: Final = 256 * 1024
_CAREFUL: Final = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
_CHECK_EVERY_S: Final = 0.02

Identity = tuple[int, int]


@value_class
class _Claim:
    """The file by which one session claims its target."""

    file: Path
    holder: TargetHolder
    chain: tuple[Identity, ...]
    """The target and the folders above it."""
    shares: bool

    def meets(self, chain: tuple[Identity, ...]) -> bool:
        """Whether the target of one is that of the other, or lies in it."""
        return self.chain[0] in chain or chain[0] in self.chain


@dataclass(slots=True)
class TargetLock:
    """What a session holds while it may write in its target."""

    descriptor: int
    """Of the locked file; whoever inherits it keeps the target taken."""
    session: str
    workspace: str
    base: Path
    chain: tuple[Identity, ...]
    met: dict[str, TargetHolder]
    """Other sessions that were there at some time, by session and workspace."""

    def others(self) -> tuple[TargetHolder, ...]:
        """Every other session that has worked in the target since this one has, as far as it can be seen."""
        for claim, is_held in _claims(self.base):
            holder = claim.holder
            if claim.meets(self.chain) and not _is_of(claim, self.session, self.workspace):
                self.met[f"{holder.session} {holder.workspace}"] = replace(holder, is_running=is_held)
        return tuple(sorted(self.met.values(), key=lambda holder: holder.since))


@contextmanager
def hold_target(
    target: Path, *, session: str, workspace: Path, share: bool = False, base: Path = BASE
) -> Iterator[TargetLock]:
    """Keep other sessions from writing in the target while the block runs, and while workers started in it live.

    Args:
        target: Resolved.
        share: Work there although others do.

    Raises:
        TargetBusy: Another session may write there.
        EnvironmentUnfit: The place where sessions meet cannot be used.
    """
    chain = _chain(target)
    now = datetime.now(UTC)
    holder = TargetHolder(session, str(workspace), os.getpid(), now, str(target), os.getuid())
    with _gate(base):
        met: dict[str, TargetHolder] = {}
        held = [claim for claim, is_held in _claims(base) if is_held and claim.meets(chain)]
        # A resumed session has a claim of its own beside that of workers from before: the newest names it.
        for claim in sorted(held, key=lambda claim: claim.holder.since):
            if not _is_of(claim, session, str(workspace)):
                met[f"{claim.holder.session} {claim.holder.workspace}"] = claim.holder
        if met and not share:
            raise TargetBusy(str(target), [str(other) for other in met.values()])
        _clear(base)
        file, descriptor = _claim(base, holder, chain, share=bool(met))
    try:
        yield TargetLock(descriptor, session, str(workspace), base, chain, met)
    finally:
        with suppress(EnvironmentUnfit), _gate(base):
            # Others that still work there read of it in their own reports that we did.
            if not met or not any(is_held and claim.file != file for claim, is_held in claims_at(base, chain)):
                file.unlink(missing_ok=True)
        os.close(descriptor)


def holders_of(target: Path, *, base: Path = BASE) -> tuple[TargetHolder, ...]:
    """The sessions that may write in a target now."""
    chain = _chain(target)
    return tuple(claim.holder for claim, is_held in claims_at(base, chain) if is_held)


def claims_at(base: Path, chain: tuple[Identity, ...]) -> Iterator[tuple[_Claim, bool]]:
    """The claims that meet a target, and whether somebody holds them."""
    return ((claim, is_held) for claim, is_held in _claims(base) if claim.meets(chain))


def _is_of(claim: _Claim, session: str, workspace: str) -> bool:
    """Whether it is a claim of that very session: of a coordinator that is gone, held by workers that live on."""
    return (claim.holder.session, claim.holder.workspace, claim.holder.user) == (session, workspace, os.getuid())


def _chain(target: Path) -> tuple[Identity, ...]:
    found: list[Identity] = []
    for folder in (target, *target.parents):
        status = ForeignFolder(folder).status()
        if not isinstance(status, Unread):
            found.append(status.identity)
        elif folder == target:
            raise EnvironmentUnfit(f"the target {target} {status.detail}")
    return tuple(found)


@contextmanager
def _gate(base: Path) -> Iterator[None]:
    """Keep others from claiming a target while the block runs.

    Raises:
        EnvironmentUnfit: The gate cannot be had.
    """
    path = base / GATE
    try:
        descriptor = _open_gate(path)
    except OSError as error:
        raise EnvironmentUnfit(
            f"cannot tell who works in the target: {path}: {error.strerror or error}",
            hint=f"look at {path}; it has to be a plain file that everybody may read",
        ) from error
    try:
        deadline = time.monotonic() + GATE_TIME_S
        while not _try(descriptor, fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                raise EnvironmentUnfit(
                    f"cannot tell who works in the target: somebody has held {path} for {GATE_TIME_S:g} s",
                    hint=f"fuser {path} names the process",
                )
            time.sleep(_CHECK_EVERY_S)
        yield
    finally:
        os.close(descriptor)


def _open_gate(path: Path) -> int:
    for _ in range(100):
        try:
            # Without O_CREAT: where it is another user's, the kernel refuses that in such a folder.
            descriptor = os.open(path, os.O_RDONLY | _CAREFUL)
        except FileNotFoundError:
            with suppress(FileExistsError):
                made = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | _CAREFUL, 0o644)
                os.fchmod(made, 0o644)
                os.close(made)
            continue
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            return descriptor
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is not a plain file")
    raise OSError(errno.EAGAIN, "it comes and goes")


def _own_folder(base: Path) -> Path:
    folder = base / f"{PREFIX}{os.getuid()}"
    with suppress(FileExistsError):
        folder.mkdir(0o755)
        folder.chmod(0o755)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
        raise OSError(errno.EPERM, f"{folder} is not a folder of yours")
    if stat.S_IMODE(status.st_mode) != 0o755:
        folder.chmod(0o755)
    return folder


def _claim(base: Path, holder: TargetHolder, chain: tuple[Identity, ...], *, share: bool) -> tuple[Path, int]:
    """Create and lock this session's claim.

    Raises:
        EnvironmentUnfit: It cannot be made.
    """
    content = {
        "session": holder.session,
        "workspace": holder.workspace,
        "pid": holder.pid,
        "since": holder.since.isoformat(),
        "target": holder.target,
        "chain": chain,
        "shares": share,
    }
    try:
        path = _own_folder(base) / f"{holder.session}-{secrets.token_hex(4)}"
        writing = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | _CAREFUL, 0o644)
        try:
            os.fchmod(writing, 0o644)
            # Held by a descriptor that may only read, since shims inherit it.  What is still empty nobody asks about.
            descriptor = os.open(path, os.O_RDONLY | _CAREFUL)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            os.write(writing, json.dumps(content).encode())
        finally:
            os.close(writing)
    except OSError as error:
        raise EnvironmentUnfit(f"cannot keep other sessions off the target: {error.strerror or error}") from error
    return path, descriptor


def _claims(base: Path) -> Iterator[tuple[_Claim, bool]]:
    """Every claim that can be read, of any user, and whether somebody holds it."""
    listing = ForeignFolder(base).entries()
    for entry in () if isinstance(listing, Unread) else listing.entries:
        user = entry.name.removeprefix(PREFIX)
        if not (entry.name.startswith(PREFIX) and user.isdecimal()) or entry.status.kind != "folder":
            continue
        if entry.status.owner != int(user):
            continue  # whoever made it speaks for somebody else
        folder = ForeignFolder(base / entry.name)
        inside = folder.entries(most=10_000)
        for file in () if isinstance(inside, Unread) else inside.entries:
            claim = _read(base / entry.name, file.name, int(user))
            if claim is not None:
                yield claim


def _read(folder: Path, name: str, user: int) -> tuple[_Claim, bool] | None:
    with ForeignFolder(folder).opened(name) as file:
        if isinstance(file, Unread) or file.status.owner != user or file.status.size > MOST_BYTES:
            return None
        try:
            content = json.loads(b"".join(file.chunks(MOST_BYTES)))
            claim = _parsed(folder / name, content, user)
        except (OSError, ValueError, KeyError, TypeError, IndexError):
            return None
        # Only asked about: it is given back at once, and nobody takes one without the gate.
        is_held = not _try(file.descriptor, fcntl.LOCK_SH)
        return claim, is_held


def _parsed(path: Path, content: Mapping[str, Any], user: int) -> _Claim:
    holder = TargetHolder(
        str(content["session"])[:200],
        str(content["workspace"])[:4096],
        int(content["pid"]),
        datetime.fromisoformat(content["since"]),
        str(content["target"])[:4096],
        user,
    )
    chain = tuple((int(device), int(inode)) for device, inode in content["chain"])
    if not chain:
        raise ValueError("it names no target")
    return _Claim(path, holder, chain, bool(content["shares"]))


def _clear(base: Path) -> None:
    """Take away what dead sessions of ours left, unless somebody who met them still works."""
    claims = list(_claims(base))
    for claim, is_held in claims:
        if is_held or claim.holder.user != os.getuid():
            continue
        if not claim.shares or not any(held and other.meets(claim.chain) for other, held in claims):
            with suppress(OSError):
                claim.file.unlink()


def _try(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES):
            return False
        raise
    return True
