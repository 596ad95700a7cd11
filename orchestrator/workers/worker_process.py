"""Follow one running worker's shim to its end, whoever started it: a worker as the crew sees it."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass

import anyio

from orchestrator.models.identity import ProcessIdentity, WorkerId
from orchestrator.models.workers import ExitRecord
from orchestrator.shim.processes import boot_id, is_running, pid_namespace, send_signal


@dataclass(slots=True)
class WorkerProcess:
    """One attempt of one worker while its shim runs, and its exit record after that."""

    worker: WorkerId
    attempt: int
    shim: ProcessIdentity
    process: subprocess.Popen[bytes] | None = None
    """``None``: adopted from another coordinator, so not ours to reap."""
    pidfd: int | None = None
    """``None`` where the platform has none."""
    exit: ExitRecord | None = None

    def follow(self) -> None:
        """Hold the shim by a descriptor that becomes readable when it ends."""
        try:
            self.pidfd = os.pidfd_open(self.shim.pid)
        except (AttributeError, OSError):
            self.pidfd = None
        if self.pidfd is not None and self.process is None and not is_same(self.shim):
            # Somebody else has its pid by now.
            os.close(self.pidfd)
            self.pidfd = None

    def wake(self, number: int) -> bool:
        """Signal the shim; ``False`` if it is gone."""
        return send_signal(self.shim.pid, self.shim.start_ticks, number)

    async def wait_ended(self) -> None:
        """Wait until the shim has ended.  Costs nothing while waiting, but for a look every 0.1 s without pidfds."""
        if self.pidfd is not None:
            await anyio.wait_readable(self.pidfd)
            return
        while is_same(self.shim) and not self._has_ended():  # noqa: ASYNC110 - there is nothing to wait on
            await anyio.sleep(0.1)

    def release(self) -> None:
        """Let go of the shim; reap it if it has ended."""
        if self.process is not None:
            self.process.poll()
        if self.pidfd is not None:
            os.close(self.pidfd)
            self.pidfd = None

    def _has_ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None


def is_same(shim: ProcessIdentity) -> bool:
    """Whether the shim that was written down still runs: same boot, same pid namespace, same start."""
    return (
        shim.boot_id == boot_id() and shim.pid_namespace == pid_namespace() and is_running(shim.pid, shim.start_ticks)
    )
