"""A coordinator to be killed: holds a session's lock, starts a worker there, says its shim's pid and its tree, waits.

``abandoning.py SESSION_FOLDER BACKEND WORD...``: the words are for the workers' child script.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from orchestrator.journal.session_lock import hold_session_lock
from tests.workers.conftest import Stage


class Here(Stage):
    """A crew's stage in a session's folder of our choice."""

    @property
    def session(self) -> Path:
        return self.folder

    @property
    def target(self) -> Path:
        return self.folder.parent.parent / "target"


def main(folder: str, backend: str, *words: str) -> None:
    stage = Here(Path(folder), backend, lock=Path(folder) / "session.lock")
    with hold_session_lock(Path(folder)):
        started = stage.start(stage.crew(), *words)
        print(started.shim.pid, flush=True)
        print(*stage.escaped(started.shim.pid), flush=True)
        signal.pause()


if __name__ == "__main__":
    main(*sys.argv[1:])
