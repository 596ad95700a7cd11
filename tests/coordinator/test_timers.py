from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import anyio
import pytest

from orchestrator.coordinator.clocks import Clock
from orchestrator.coordinator.timers import keep_time
from orchestrator.errors import ExitCode
from orchestrator.models.entries import Input, Sampled, TimePassed

if TYPE_CHECKING:
    from orchestrator.models.entries import JournalEntry
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
    """Claude waits until it has been."""
    waiting = "while [ ! -e {target}/measured ]; do sleep 0.05; done; echo x > made"
    scenario = f'name = "slow"\n[[turn]]\nagent = "claude"\n[[turn.step]]\nrun = "{waiting}"\n'

    def watch(session: Session, entry: JournalEntry) -> None:
        if isinstance(entry.body, Sampled) and entry.body.worker == "claude" and entry.body.sample.memory_mib > 0:
            (session.options.target / "measured").touch()

    stage.watch = watch
    result = await stage.run(scenario)
    assert result.exit_code is ExitCode.DONE
