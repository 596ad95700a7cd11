"""A coordinator that can be killed: holds the session's lock, starts a worker, says its shim's pid, waits."""

from __future__ import annotations

import fcntl
import os
import signal
import struct
import sys
from pathlib import Path

from orchestrator.models.launch import StopStep
from tests.workers.conftest import Stage


def hold(path: Path) -> int:
    """Take the session's lock as a coordinator does; it falls with the descriptor."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0))
    return descriptor


def main(folder: str, backend: str, grace_s: str, *words: str) -> None:
    stage = Stage(Path(folder), backend, lock=Path(folder) / "lock", orphan_grace_s=float(grace_s))
    hold(Path(folder) / "lock")
    started = stage.start(stage.crew(), *words, ladder=(StopStep("TERM", 0.2),))
    print(started.shim.pid, flush=True)
    signal.pause()


if __name__ == "__main__":
    main(*sys.argv[1:])
