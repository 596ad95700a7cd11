"""Find where sessions lie, and which one a subcommand means."""

from __future__ import annotations

import os
import shlex
import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from orchestrator.errors import OrchestrateError, UsageError

if TYPE_CHECKING:
    from orchestrator.journal.folder import SessionFolder


def workspace_path(given: Path | None) -> Path:
    """The parent of all sessions, absolute; it need not exist yet.

    Args:
        given: From ``--workspace`` or its environment variable; ``None`` takes the default.

    Raises:
        UsageError: It exists and is no folder.
    """
    from orchestrator.files.foreign import ForeignFolder, Unread, resolved
    from orchestrator.settings.user_places import default_workspace

    path = resolved(expanded(given) if given is not None and str(given) else default_workspace())
    if isinstance(path, Unread):
        raise UsageError(f"the workspace {path}", hint="name another one with --workspace")
    found = ForeignFolder(path).status()
    if isinstance(found, Unread) and found.reason != "missing":
        raise UsageError(f"the workspace {path} {found.detail}", hint="name another one with --workspace")
    if not isinstance(found, Unread) and found.kind != "folder":
        raise UsageError(f"the workspace {path} is not a folder", hint="name another one with --workspace")
    return path


def expanded(given: Path) -> Path:
    """A path with ``~`` and ``~user`` replaced.

    Raises:
        UsageError: There is no such user, or no home.
    """
    try:
        return given.expanduser()
    except RuntimeError as error:
        raise UsageError(f"{given}: {error}", hint="write the whole path") from error


def workspace_words(workspace: Path) -> str:
    """What must follow a command so that it finds the workspace: nothing where it is the default."""
    given = os.environ.get("ORCHESTRATOR_WORKSPACE")
    if Path(os.path.realpath(workspace)) == workspace_path(Path(given) if given else None):
        return ""
    return f" --workspace {shlex.quote(str(workspace))}"


def which_session(workspace: Path, session: str | None, *, live: bool = False) -> SessionFolder:
    """The session named, or the newest one.

    Args:
        session: Its id, or the path of its folder (with a slash in it): a bundle's, unpacked.
        live: Without a name, the newest that is running; if none is, the newest of all.

    Raises:
        SessionUnknown: There is no session of that name.
        OrchestrateError: There is no session at all.
    """
    from orchestrator.journal.folder import newest_session, open_session

    if session is not None and os.sep in session:
        path = Path(os.path.realpath(expanded(Path(session))))
        return open_session(path.parent, path.name)
    if session is not None:
        return open_session(workspace, session)
    folder = (newest_session(workspace, live_only=True) if live else None) or newest_session(workspace, live_only=False)
    if folder is None:
        raise OrchestrateError(
            f"there is no session in {workspace}", hint='run one: orchestrate "what is to be done" (or --rehearse)'
        )
    return folder


def running_session(workspace: Path, session: str | None) -> SessionFolder:
    """The session named, or the newest, that a coordinator is running now.

    Raises:
        SessionUnknown: There is no session of that name.
        OrchestrateError: That session is not running, or no session is.
    """
    from orchestrator.journal.session_lock import session_holder

    folder = which_session(workspace, session, live=True)
    if session_holder(folder) is not None:
        return folder
    what = f"session {folder.id} is not running" if session else f"no session of {workspace} is running"
    raise OrchestrateError(what, hint=f"orchestrate show --session {folder.id} says how it stands")


def person_at_terminal() -> bool:
    """Whether a person sits at standard input and sees standard error."""
    return os.isatty(0) and os.isatty(2)


def colours_wanted(stream: TextIO) -> bool:
    """Whether to colour what goes to ``stream``: a terminal, and ``NO_COLOR`` not set (https://no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR")


def live_view_possible() -> bool:
    """Whether standard error is a terminal that understands cursor movements."""
    return os.isatty(2) and os.environ.get("TERM", "") not in ("", "dumb")


def in_front() -> bool:
    """Whether the shell lets us have standard error's terminal, rather than having put us into the background."""
    try:
        return os.tcgetpgrp(2) == os.getpgrp()
    except OSError:
        return True  # no terminal of our session: there is no shell that could have it


def terminal_width(stream: TextIO) -> int | None:
    """How many columns ``stream`` has; ``None`` where it is no terminal."""
    return shutil.get_terminal_size().columns if stream.isatty() else None


def put_out(text: str) -> None:
    """Print to standard output; a reader or a terminal that has gone must not change how the program ends."""
    with suppress(OSError):
        print(text, flush=True)


def looks_like_file(given: str) -> bool:
    """Whether a name is meant as a file: it has a suffix or a folder, or it is there."""
    return given.endswith(".toml") or os.sep in given or Path(given).is_file()
