from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import anyio
import pytest

from orchestrator.coordinator.clocks import Clock
from orchestrator.coordinator.timekeeping import keep_time
from orchestrator.errors import ExitCode
from orchestrator.models.entries import Input, Sampled, TimePassed

if TYPE_CHECKING:
    from orchestrator.session.state import Session
    from tests.coordinator.conftest import Stage

pytestmark = pytest.mark.slow


async def test_a_session_is_woken_at_the_deadline_it_names(stage: Stage) -> None:
    result = await stage.run("plain", timeout_s=3600.0)
    running = next(session for session, _ in stage.seen if session.living())
    woken: list[Input] = []
    at = datetime.now(UTC)

    def now() -> datetime:
        return at

    def session() -> Session:
        return running

    clock = Clock(now, lambda: at.timestamp())
    with anyio.move_on_after(0.3):
        await keep_time(session, woken.append, clock)
    assert woken == []
    at = running.opened_at + timedelta(hours=2)
    with anyio.move_on_after(0.3):
        await keep_time(session, woken.append, clock)
    assert set(map(type, woken)) == {TimePassed}
    assert result.exit_code is ExitCode.DONE


async def test_running_workers_are_measured(stage: Stage) -> None:
    scenario = 'name = "slow"\n[[turn]]\nagent = "claude"\n[[turn.step]]\nrun = "sleep 3; echo x > made"\n'
    result = await stage.run(scenario)
    samples = [entry.body for entry in stage.journal(result) if isinstance(entry.body, Sampled)]
    assert any(body.worker == "claude" and body.sample.memory_mib > 0 for body in samples)
