"""Drop one command into a running session's folder, and wait for what comes of it."""

from __future__ import annotations

import time
from collections.abc import Callable

from orchestrator.cli.load_session import state_of
from orchestrator.errors import OrchestrateError
from orchestrator.journal.control import drop_command, person
from orchestrator.journal.folder import SessionFolder
from orchestrator.journal.session_lock import session_holder
from orchestrator.models.entries import Command, UserCommand
from orchestrator.models.identity import WorkerId
from orchestrator.session.state import Session

_LOOK_AGAIN_S = 0.1


def send(
    folder: SessionFolder,
    command: Command,
    *,
    by: str,
    worker: str | None = None,
    text: str = "",
    question: str | None = None,
) -> None:
    """Drop the command.

    Raises:
        OrchestrateError: There is no such worker in the session.
    """
    if worker is not None:
        workers = state_of(folder).workers
        if worker not in workers:
            raise OrchestrateError(
                f"session {folder.id} has no worker {worker!r}", hint=f"its workers: {', '.join(workers) or 'none yet'}"
            )
    body = UserCommand(
        command=command,
        by=by,
        worker=WorkerId(worker) if worker else None,
        text=text,
        question=question,
        who=person(),
    )
    drop_command(folder, body)


def wait_until(folder: SessionFolder, holds: Callable[[Session], bool], *, seconds: float) -> bool:
    """Look at the session until it is as wanted or nobody runs it any more; False when time is up first."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if session_holder(folder) is None or holds(state_of(folder)):
            return True
        time.sleep(_LOOK_AGAIN_S)
    return False
