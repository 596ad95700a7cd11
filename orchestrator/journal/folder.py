"""Spell the paths of a session's folder; no other module does."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from orchestrator.errors import EnvironmentUnfit, SessionUnknown
from orchestrator.journal.session_lock import session_holder
from orchestrator.late_pattern import late_pattern
from orchestrator.models.identity import SessionId, WorkerId
from orchestrator.value_class import value_class

SESSION_ID = late_pattern(r"\d{8}-\d{6}-[0-9a-f]{4}")
_WORKER_ID = late_pattern(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_TAKEN = frozenset({"journal"})
"""A worker of this name would write into a file of ours."""
REVIEWER_PREFIX = "review-"
"""Worker ids of reviewers begin so; their raw streams lie in ``reviews/``."""


@value_class
class SessionFolder:
    """Every path of one session; making the object touches nothing."""

    path: Path

    @property
    def id(self) -> SessionId:
        return SessionId(self.path.name)

    @property
    def workspace(self) -> Path:
        return self.path.parent

    @property
    def session_file(self) -> Path:
        """Who, what, when; replaced atomically."""
        return self.path / "session.json"

    @property
    def lock_file(self) -> Path:
        return self.path / "session.lock"

    @property
    def journal_file(self) -> Path:
        return self.path / "journal.jsonl"

    @property
    def log_file(self) -> Path:
        return self.path / "orchestrator.log"

    @property
    def report_text_file(self) -> Path:
        return self.path / "report.md"

    @property
    def report_data_file(self) -> Path:
        return self.path / "report.json"

    @property
    def kept_summary_file(self) -> Path:
        """What ``show`` tells of a session that has ended; derived from the journal."""
        return self.path / "shown.json"

    @property
    def checkpoint_file(self) -> Path:
        """The folded session as of some entry; derived from the journal."""
        return self.path / "checkpoint.json"

    @property
    def patch_file(self) -> Path:
        """What the session changed in its target, as a patch."""
        return self.path / "changes.patch"

    @property
    def workers_dir(self) -> Path:
        return self.path / "workers"

    @property
    def reviews_dir(self) -> Path:
        return self.path / "reviews"

    @property
    def control_dir(self) -> Path:
        return self.path / "control"

    @property
    def scratch_dir(self) -> Path:
        return self.path / "scratch"

    @property
    def leaving_dir(self) -> Path:
        """Outbound artifacts while they are sent; no worker sees this folder."""
        return self.path / "leaving"

    @property
    def homes_dir(self) -> Path:
        return self.path / "homes"

    @property
    def snapshots_dir(self) -> Path:
        return self.path / "snapshots"

    @property
    def commands_dir(self) -> Path:
        """Where people's commands to the session itself are dropped."""
        return self.control_dir / "session"

    def raw_stdout(self, worker: WorkerId) -> Path:
        """The worker's own bytes, all attempts; a reviewer's lies in ``reviews/``."""
        return self._raw_folder(worker) / f"{_checked(worker)}.jsonl"

    def raw_stderr(self, worker: WorkerId) -> Path:
        return self._raw_folder(worker) / f"{_checked(worker)}.stderr.log"

    def control(self, worker: WorkerId) -> Path:
        """Where commands to the worker's shim are dropped."""
        return self.control_dir / _checked(worker)

    def scratch(self, worker: WorkerId) -> Path:
        """The only part of the folder the worker can write."""
        return self.scratch_dir / _checked(worker)

    def events_file(self, worker: WorkerId) -> Path:
        """Named to the child as ``ORCHESTRATOR_EVENTS``."""
        return self.scratch(worker) / "events.jsonl"

    def home(self, worker: WorkerId) -> Path:
        """The worker's private HOME."""
        return self.homes_dir / _checked(worker)

    def _raw_folder(self, worker: WorkerId) -> Path:
        return self.reviews_dir if worker.startswith(REVIEWER_PREFIX) else self.path


def create_session(workspace: Path, now: datetime, token: str) -> SessionFolder:
    """Make the folder of a new session, 0700, with the folders every session has.

    Args:
        now: Aware; the id says it in UTC.
        token: Four hexadecimal digits; counted on from there while the id is taken.

    Raises:
        EnvironmentUnfit: The workspace cannot be made or written.
    """
    stamp = now.astimezone(UTC).strftime("%Y%m%d-%H%M%S")
    try:
        workspace.mkdir(parents=True, exist_ok=True)
        folder = _claim(workspace, stamp, first=int(token, 16))
        for part in (folder.workers_dir, folder.reviews_dir, folder.scratch_dir, folder.homes_dir, folder.commands_dir):
            make_private_folder(part)
        os.close(os.open(folder.lock_file, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise EnvironmentUnfit(
            f"cannot make a session folder in {workspace}: {error.strerror}",
            hint="choose another folder with --workspace, or make this one writable and free some space",
        ) from error
    return folder


def open_session(workspace: Path, session: str) -> SessionFolder:
    """The folder of a session that exists.

    Raises:
        SessionUnknown: There is no such session, or the id has another form.
    """
    folder = SessionFolder(workspace / session)
    if not SESSION_ID.fullmatch(session) or not folder.path.is_dir():
        raise SessionUnknown(session, workspace)
    return folder


def all_sessions(workspace: Path) -> list[SessionFolder]:
    """Newest first; empty where the workspace does not exist."""
    return list(_newest_first(workspace))


def journal_stamp(folder: SessionFolder) -> tuple[int, int]:
    """Size in bytes, and time of the last write in nanoseconds, of a session's journal; zeros where there is none."""
    try:
        status = folder.journal_file.stat()
    except OSError:
        return (0, 0)
    return status.st_size, status.st_mtime_ns


def newest_session(workspace: Path, live_only: bool) -> SessionFolder | None:
    """The session begun last, or the last of those that a coordinator is running now; ``None`` if there is none."""
    for folder in _newest_first(workspace):
        if not live_only or session_holder(folder.path) is not None:
            return folder
    return None


def make_private_folder(path: Path) -> None:
    """Make ``path`` and what is missing above it, each 0700; one that exists is left as it is."""
    for missing in reversed([path, *path.parents]):
        if not missing.exists():
            missing.mkdir(mode=0o700, exist_ok=True)


def _newest_first(workspace: Path) -> Iterator[SessionFolder]:
    try:
        names = sorted((path.name for path in workspace.iterdir()), reverse=True)
    except (FileNotFoundError, NotADirectoryError):
        return
    for name in names:
        if SESSION_ID.fullmatch(name) and (workspace / name).is_dir():
            yield SessionFolder(workspace / name)


def _claim(workspace: Path, stamp: str, *, first: int) -> SessionFolder:
    for step in range(0x10000):
        path = workspace / f"{stamp}-{(first + step) % 0x10000:04x}"
        try:
            path.mkdir(mode=0o700)
        except FileExistsError:
            continue
        return SessionFolder(path)
    raise FileExistsError(f"all session ids of {stamp} are taken")


def _checked(worker: WorkerId) -> str:
    if not _WORKER_ID.fullmatch(worker) or worker.casefold() in _TAKEN:
        raise ValueError(f"not fit for a file name: worker {worker!r}")
    return worker
