"""Following a shim to its end, with a descriptor and without."""

from __future__ import annotations

import signal
import subprocess

import anyio
import pytest

from orchestrator.models.identity import ProcessIdentity, WorkerId
from orchestrator.shim.processes import boot_id, pid_namespace, start_ticks
from orchestrator.workers.worker_process import WorkerProcess, is_same


def followed(process: subprocess.Popen[bytes], *, ours: bool = True) -> WorkerProcess:
    shim = ProcessIdentity(process.pid, start_ticks(process.pid), boot_id(), pid_namespace())
    return WorkerProcess(WorkerId("w"), 1, shim, process if ours else None)


@pytest.mark.parametrize("ours", [True, False], ids=["started", "adopted"])
@pytest.mark.parametrize("with_descriptor", [True, False], ids=["pidfd", "looking"])
async def test_its_end_is_noticed(ours: bool, with_descriptor: bool) -> None:
    with subprocess.Popen(["sleep", "60"]) as process:
        worker = followed(process, ours=ours)
        if with_descriptor:
            worker.follow()
            assert worker.pidfd is not None
        with anyio.move_on_after(0.05) as waited:
            await worker.wait_ended()
        assert waited.cancelled_caught
        assert worker.wake(signal.SIGKILL)
        with anyio.fail_after(60):
            await worker.wait_ended()
        worker.release()
        assert worker.pidfd is None


def test_the_same_shim_is_known_by_boot_namespace_and_start() -> None:
    with subprocess.Popen(["sleep", "60"]) as process:
        shim = followed(process).shim
        assert is_same(shim)
        assert not is_same(ProcessIdentity(shim.pid, shim.start_ticks + 1, shim.boot_id, shim.pid_namespace))
        assert not is_same(ProcessIdentity(shim.pid, shim.start_ticks, "another boot", shim.pid_namespace))
        assert not is_same(ProcessIdentity(shim.pid, shim.start_ticks, shim.boot_id, 1))
        process.kill()
