"""What a tree is measured to use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

from orchestrator.models.identity import WorkerId

if TYPE_CHECKING:
    from tests.workers.conftest import Stage

W = WorkerId("w1")


async def test_a_tree_is_measured(stage: Stage) -> None:
    crew = stage.crew()
    stage.start(crew, "grandchild", "setsid", "python", "while True: pass")
    stage.wait_said("setsid")
    assert crew.sample(W) is not None
    await anyio.sleep(0.3)
    sample = crew.sample(W)
    assert sample is not None
    assert sample.cpu_percent > 10
    assert 1 < sample.memory_mib < 200
    assert sample.processes == (4 if stage.backend == "bubblewrap" else 2)
    crew.kill(W)
    await stage.ended(crew)
    assert crew.sample(W) is None
