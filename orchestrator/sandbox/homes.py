"""Make a worker's private home: the login goes in, a refreshed one comes back, nothing else of the user's is met."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import time
from collections.abc import Collection, Sequence
from dataclasses import field
from pathlib import Path, PurePosixPath

from orchestrator.agents.logins import NewerLogin, never_newer
from orchestrator.errors import EnvironmentUnfit
from orchestrator.files.foreign import MOST_LOGIN_BYTES, ForeignFolder, Unread
from orchestrator.models.launch import PlacedFile
from orchestrator.shim.attempt_records import decode_file, encode, replace_file
from orchestrator.value_class import value_class

LOGINS = "logins"
"""In a session's folder: what was replaced or not given back, and notes on homes.  No page, log or bundle shows it."""
_BEFORE = "before"


@value_class
class CopiedCredential:
    """One credential file that was copied in."""

    name: PurePosixPath
    """Relative to either home."""
    original: Path
    copy: Path
    digest: str
    """Of the original when it was copied; whether either side changed since is told by it."""


@value_class
class PrivateHome:
    """One worker's home and what was put into it."""

    folder: Path
    credentials: tuple[CopiedCredential, ...] = ()
    newer_login: NewerLogin = never_newer
    refused: dict[PurePosixPath, str] = field(default_factory=dict)
    """Login files that were changed in the home and not given back, and why."""
    kept: Path | None = None
    """Where what would be lost is kept, readable by its owner alone: what was not given back, and what was replaced."""
    given: dict[PurePosixPath, str] = field(default_factory=dict)
    """Digests of what was given back last, so that a second refresh is given back too."""
    replaced: set[PurePosixPath] = field(default_factory=set)
    """Login files of the user's that were replaced by what this home's CLI renewed."""
    note: Path | None = None
    """Where it is written down, so that whoever comes after a kill can give its logins back."""


def prepare_home(
    folder: Path,
    *,
    user_home: Path | None,
    credential_files: Sequence[PurePosixPath],
    newer_login: NewerLogin = never_newer,
    kept: Path | None = None,
) -> PrivateHome:
    """Make the home and copy the credential in.

    Args:
        user_home: ``None`` in a rehearsal, which never sees the user's own.
        newer_login: Says whether what a worker leaves may replace the user's.
        kept: A folder for what would be lost otherwise; no worker may see it.

    Raises:
        EnvironmentUnfit: the folder cannot be made or a credential cannot be copied.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        copied = []
        for name in credential_files if user_home is not None else ():
            assert user_home is not None
            content = _login(user_home, name)
            if content is not None:
                if not _is_newer(folder, user_home, name):
                    ForeignFolder(folder).write(name, content)
                copied.append(CopiedCredential(name, user_home / name, folder / name, _digest(content)))
    except OSError as problem:
        raise EnvironmentUnfit(f"cannot prepare the private home {folder}: {problem}") from problem
    return PrivateHome(folder, tuple(copied), newer_login, kept=kept)


def place_files(files: Sequence[PlacedFile], *, within: Sequence[Path] = ()) -> None:
    """Write the files an adapter asks for, readable by their owner alone.

    Args:
        within: folders a worker can write; a file in one of them must really lie there.

    Raises:
        EnvironmentUnfit: one cannot be written.
    """
    for file in files:
        try:
            root = next((root for root in within if file.path.is_relative_to(root)), file.path.parent)
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
            ForeignFolder(root).write(file.path.relative_to(root), file.content.encode())
        except OSError as problem:
            raise EnvironmentUnfit(f"cannot write {file.path}: {problem}") from problem


def return_credentials(home: PrivateHome) -> list[Path]:
    """Copy back what the CLI refreshed, and copy in what others did; returns what was written of the user's.

    A refresh token is good for one refresh, so what one worker has refreshed is of no use to another until it has the
    new one; what stands in the user's own home is compared as it is now, whoever wrote it.
    """
    written = []
    for credential in home.credentials:
        # A worker owns its copy and could have put a link to something of the user's in its place.
        fresh = ForeignFolder(home.folder).read(credential.name, most_bytes=MOST_LOGIN_BYTES)
        user_home = credential.original.parents[len(credential.name.parts) - 1]
        # What cannot be given back does not undo what the session has done; the old login stays.
        with contextlib.suppress(OSError):
            original = _login(user_home, credential.name)
            if isinstance(fresh, Unread) or not fresh.strip() or fresh == original:
                continue
            ours = {credential.digest, home.given.get(credential.name)}
            if _digest(fresh) in ours:
                if original is not None and _digest(original) not in ours:
                    _bring_in(home, credential.name, fresh, original)
                continue
            # Any agent can write there: only the same account's newer login replaces the user's.
            why = "the user's own is gone" if original is None else home.newer_login(original, fresh, time.time())
            if original is None or why:
                # One that is older than what the user, or another session, has renewed meanwhile is no news.
                if original is not None and _digest(original) in ours:
                    home.refused[credential.name] = why
                _keep(home, credential.name, fresh, "not given back")
                continue
            _keep(home, credential.name, original, _BEFORE)
            _give_back(user_home, credential.name, fresh)
            home.refused.pop(credential.name, None)
            home.given[credential.name] = _digest(fresh)
            home.replaced.add(credential.name)
            written.append(credential.original)
    return written


def clear_home(home: PrivateHome, *, keep: bool = False) -> None:
    """Copy refreshed credentials back and delete the rest, or with ``keep`` only them; what cannot be deleted stays."""
    return_credentials(home)
    if not keep:
        ForeignFolder(home.folder).remove_all()
    else:
        for credential in home.credentials:
            with contextlib.suppress(OSError):
                ForeignFolder(home.folder).remove(credential.name)
    if home.note is not None:
        with contextlib.suppress(OSError):
            home.note.unlink(missing_ok=True)


def note_home(home: PrivateHome, agent: str) -> None:
    """Record what was copied into a home, before anything runs in it.

    Raises:
        OSError: It cannot be written.
    """
    if home.note is not None and home.credentials:
        copied = [[str(each.name), str(each.original), each.digest] for each in home.credentials]
        kept = None if home.kept is None else str(home.kept)
        home.note.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        value = {"agent": agent, "folder": str(home.folder), "kept": kept, "credentials": copied}
        replace_file(str(home.note), encode(value))


def notes_in(session_dir: Path) -> list[Path]:
    """The notes on a session's homes whose logins nobody has given back yet."""
    return sorted((session_dir / LOGINS).glob("*.json"))


def noted_home(note: Path) -> tuple[str, PrivateHome] | None:
    """The agent and its home as they were written down; ``None`` where the note cannot be read."""
    try:
        value = decode_file(str(note))
        rows, kept = value["credentials"], value["kept"]
        assert isinstance(rows, list)
        folder = Path(str(value["folder"]))
        copied = [CopiedCredential(PurePosixPath(n), Path(o), folder / n, digest) for n, o, digest in rows]
        home = PrivateHome(folder, tuple(copied), kept=None if kept is None else Path(str(kept)), note=note)
        return str(value["agent"]), home
    except (OSError, ValueError, KeyError, TypeError, AssertionError):
        return None


def forget_former_logins(workspace: Path, agents: Collection[str], *, but: Path) -> None:
    """Delete what earlier sessions kept of logins they replaced: a session of that CLI has ended well with the new one.

    Args:
        but: the folder of the session that has.
    """
    for agent in agents:
        for path in workspace.glob(f"*/{LOGINS}/{agent}/* ({_BEFORE})"):
            if but not in path.parents:
                with contextlib.suppress(OSError):
                    path.unlink()


def _keep(home: PrivateHome, name: PurePosixPath, content: bytes, what: str) -> None:
    """Keep a former login, which nobody else has any more.

    Raises:
        OSError: It cannot be kept; then the user's own is not touched either.
    """
    if home.kept is not None:
        home.kept.mkdir(mode=0o700, parents=True, exist_ok=True)
        ForeignFolder(home.kept).write(f"{str(name).replace('/', '_')} ({what})", content)


def _bring_in(home: PrivateHome, name: PurePosixPath, copied: bytes, newer: bytes) -> None:
    """Give a home the login that was renewed elsewhere, before its CLI refreshes with a token that is dead.

    Raises:
        OSError: It cannot be written.
    """
    if home.newer_login(copied, newer, time.time()):
        return
    folder = ForeignFolder(home.folder)
    left = folder.exchange(name, newer, most_bytes=MOST_LOGIN_BYTES)
    if left != copied and left.strip():
        # Its CLI refreshed in this very moment: that one is compared next time, as if nothing had been done.
        folder.write(name, left)
        return
    home.given[name] = _digest(newer)


def _give_back(user_home: Path, name: PurePosixPath, content: bytes) -> None:
    """Replace the user's file; one that is a link, or that is mounted by itself, stays what it is."""
    folder = ForeignFolder(user_home, links="follow")
    if not isinstance(folder.link(name), Unread):
        folder.overwrite(name, content)
        return
    try:
        folder.write(name, content)
    except OSError as problem:
        if problem.errno != errno.EBUSY:
            raise
        folder.overwrite(name, content)


def _login(user_home: Path, name: PurePosixPath) -> bytes | None:
    """One of the user's login files; ``None`` where no file stands.

    Raises:
        OSError: It cannot be read, or is far too large to be one.
    """
    content = ForeignFolder(user_home, links="follow").read(name, most_bytes=MOST_LOGIN_BYTES)
    if isinstance(content, bytes):
        return content
    if content.reason in ("missing", "not a folder", "not a file", "a link"):
        return None
    raise OSError(f"the login file {user_home / name}: {content.detail}")


def _is_newer(folder: Path, user_home: Path, name: PurePosixPath) -> bool:
    """Whether a copy from before a coordinator's death is there: its CLI may have refreshed it, and only there."""
    copy, original = ForeignFolder(folder).status(name), ForeignFolder(user_home, links="follow").status(name)
    if isinstance(copy, Unread) or isinstance(original, Unread) or copy.kind != "file":
        return False
    return copy.mtime_ns >= original.mtime_ns


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
