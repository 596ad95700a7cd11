"""Hand a session that its person has left over to a coordinator of its own, in the background."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from orchestrator.cli.session_lookup import workspace_words
from orchestrator.journal.session_lock import session_holder

if TYPE_CHECKING:
    from orchestrator.cli.session_run import Showing
    from orchestrator.journal.folder import SessionFolder

LOG: Final = "background.log"
_ROOT = Path(__file__).resolve().parents[2]
# -I: nothing of the folder we are started in may stand in for a module of ours.
_PROGRAM = f"import sys; sys.path.insert(0, {str(_ROOT)!r}); from orchestrator.cli.main import main; main()"
_BEGINS_WITHIN_S: Final = 30.0
_LOOK_AGAIN_S: Final = 0.05


def hand_over(folder: SessionFolder, showing: Showing) -> int:
    """Start a coordinator that takes the session over, and say how to come back; questions wait for an answer.

    Returns:
        0 where it has taken over; 1 where it did not, and the session can be resumed.
    """
    log = folder.path / LOG
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-I", "-c", _PROGRAM, *_arguments(folder, showing)],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    where = workspace_words(folder.workspace)
    deadline = time.monotonic() + _BEGINS_WITHIN_S
    while process.poll() is None and session_holder(folder) != process.pid and time.monotonic() < deadline:
        time.sleep(_LOOK_AGAIN_S)
    if session_holder(folder) != process.pid and process.poll() != os.EX_OK:
        again = f"orchestrate resume {folder.id}{where}"
        print(f"session {folder.id} could not be left running ({log} says why); go on with: {again}", file=sys.stderr)
        return 1
    print(
        f"session {folder.id} goes on in process {process.pid}: orchestrate attach {folder.id}{where} opens it again, "
        f"orchestrate stop --session {folder.id}{where} ends it",
        file=sys.stderr,
    )
    return 0


def _arguments(folder: SessionFolder, showing: Showing) -> list[str]:
    """The command line of the coordinator: what was asked of this one, and plain lines."""
    words = ["resume", str(folder.id), "--workspace", str(folder.workspace), "--interactive", "--quiet"]
    words += ["--no-dashboard"] if showing.port is None else ["--port", str(showing.port)]
    if showing.reports is not None:
        for name, value in showing.reports.options.items():
            words += [f"--{name.replace('_', '-')}", str(value)]
    return words
