from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import anyio
import pytest

from orchestrator.coordinator import timers
from orchestrator.coordinator.clocks import Clock
from orchestrator.coordinator.timers import keep_checkpoints, keep_time
from orchestrator.errors import ExitCode
from orchestrator.journal.checkpoint import Checkpoint
from orchestrator.journal.writer import Journal
from orchestrator.models.entries import Input, Sampled, TimePassed
from tests.journal.test_checkpoint import Kept

if TYPE_CHECKING:
    from pathlib import Path

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


async def test_the_session_is_kept_once_enough_has_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Kept(tmp_path, 40)
    monkeypatch.setattr(timers, "KEEP_EVERY_S", 0.01)
    with Journal(kept.folder.journal_file) as journal:
        keep = partial(keep_checkpoints, kept.folder, journal, lambda: kept.session, kept.state)
        with anyio.move_on_after(0.2):
            await keep()
        assert kept.read() is None, "that is folded at once"

        monkeypatch.setattr(timers, "WORTH_KEEPING", 40)
        with anyio.fail_after(30):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(keep)
                while kept.read() is None:  # noqa: ASYNC110 - a file that appears
                    await anyio.sleep(0.01)
                tasks.cancel_scope.cancel()
    found = kept.read()
    assert isinstance(found, Checkpoint)
    assert (found.session, found.end) == (kept.session, kept.end)


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
