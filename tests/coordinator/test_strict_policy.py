"""The three real CLIs inside the strict policy: a proven sandbox, and one way out that leads to their model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from orchestrator.errors import ExitCode
from orchestrator.models.entries import WorkerStarted
from orchestrator.safety.policies import load_sandbox_policy

if TYPE_CHECKING:
    from tests.coordinator.conftest import Stage

pytestmark = [pytest.mark.slow]


@pytest.mark.parametrize("stand_ins", [pytest.param(True, id="stand-ins"), pytest.param(False, marks=pytest.mark.real)])
async def test_a_rehearsal_is_finished_inside_strict(stage: Stage, stand_ins: bool) -> None:
    stage.stand_ins = stand_ins
    result = await stage.run("default", sandbox=load_sandbox_policy("strict"))
    assert result.exit_code is ExitCode.DONE, result.reason
    assert {found.stand_in for found in result.state.found} == {stand_ins}
    around = {entry.body.sandbox for entry in stage.journal(result) if isinstance(entry.body, WorkerStarted)}
    assert all("listed hosts only" in text and "proven" in text for text in around), around
