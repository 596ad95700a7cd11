"""Real workers under real shims: started, followed, ended."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import anyio

from orchestrator.models.identity import WorkerId

if TYPE_CHECKING:
    from tests.workers.conftest import Stage

W = WorkerId("w1")


async def test_raw_output_arrives_byte_for_byte_in_private_files(stage: Stage) -> None:
    crew = stage.crew()
    stage.start(crew, "raw", "300", "err", "oops", "exit", "7")
    with anyio.fail_after(10):
        ended = await crew.wait_exited(W)
    stdout, stderr = stage.layout.stdout(W), stage.layout.stderr(W)
    assert stdout.read_bytes() == bytes(range(256)) * 300
    assert stderr.read_bytes() == b"oops\n"
    assert [stat.S_IMODE(path.stat().st_mode) for path in (stdout, stderr)] == [0o600, 0o600]
    assert (ended.code, ended.stdout_end, ended.stderr_end, ended.stopped_by) == (7, 76800, 5, "itself")
    assert ended.proof == {"bubblewrap": "empty pid namespace", "none": "empty sub-reaper walk"}[stage.backend]
