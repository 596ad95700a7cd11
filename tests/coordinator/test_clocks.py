"""A clock that is set, and a machine that sleeps, told from one that only goes on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from orchestrator.coordinator.clocks import Clock, utc_now
from orchestrator.coordinator.resumption import resume_session
from orchestrator.journal.folder import SessionFolder
from orchestrator.models.effects import Outcome
from orchestrator.models.entries import ClockMoved, CoordinatorResumed

if TYPE_CHECKING:
    from orchestrator.models.entries import JournalEntry
    from orchestrator.session.state import Session
    from tests.coordinator.conftest import Stage

NIGHT_S = 8 * 3600.0


class Machine:
    """Its time of day and its running time, moved by hand."""

    def __init__(self) -> None:
        self.day_s, self.running_s = 1.8e9, 500.0
        self.clock = Clock(lambda: datetime.fromtimestamp(self.day_s, UTC), lambda: self.running_s)

    def run(self, seconds: float) -> None:
        self.day_s += seconds
        self.running_s += seconds


def test_time_that_goes_on_and_small_corrections_are_no_move() -> None:
    machine = Machine()
    machine.run(100_000)
    machine.day_s += 4
    assert not machine.clock.is_moved()
    assert machine.clock.take_move() == 0


@pytest.mark.parametrize("seconds", [NIGHT_S, 6.0, -6.0, -NIGHT_S])
def test_a_move_is_told_once(seconds: float) -> None:
    machine = Machine()
    machine.run(10)
    machine.day_s += seconds
    assert machine.clock.is_moved()
    assert machine.clock.take_move() == seconds
    assert not machine.clock.is_moved()
    machine.run(10)
    assert machine.clock.take_move() == 0


class Moving:
    """A clock that is moved once, when a worker has been heard."""

    def __init__(self, by_s: float) -> None:
        self.by_s, self.off = by_s, timedelta(0)
        self.clock = Clock(lambda: utc_now() + self.off)

    def watch(self, session: Session, entry: JournalEntry) -> None:
        if any(state.tool_calls for state in session.workers.values()):
            self.off = timedelta(seconds=self.by_s)


@pytest.mark.slow
@pytest.mark.parametrize("by_s", [NIGHT_S, -NIGHT_S], ids=["slept", "set back"])
async def test_a_session_goes_on_as_if_the_clock_had_not_moved(stage: Stage, by_s: float) -> None:
    """A worker dies in the middle, and its pause falls into the move."""
    scenario = """
name = "a night"
[[turn]]
role = "implementer"
[[turn.step]]
run = "kill -9 $PPID"
[[turn]]
role = "implementer"
[[turn.step]]
write = { path = "{target}/hello.txt", text = "hello\\n" }
[[turn.step]]
say = "hello.txt stands."
"""
    moving = Moving(by_s)
    stage.clock, stage.watch = moving.clock, moving.watch
    result = await stage.run(scenario, timeout_s=60.0, limits={"restart_delay_s": 0.5})
    assert result.outcome is Outcome.DONE, result.reason
    moves = [entry.body.seconds for entry in stage.journal(result) if isinstance(entry.body, ClockMoved)]
    assert moves == [pytest.approx(by_s, abs=2)]
    assert not any("runtime" in warning or "silent" in warning for warning in result.state.warnings)


@pytest.mark.slow
async def test_a_session_that_waited_overnight_for_an_answer_has_its_time_limit_still(stage: Stage) -> None:
    asked = await stage.run("blocker", timeout_s=60.0)
    assert asked.outcome is Outcome.NEEDS_PERSON
    result = stage.proven(
        await resume_session(
            SessionFolder(asked.folder),
            environ=stage.environ,
            answer="yes",
            clock=Clock(lambda: utc_now() + timedelta(seconds=NIGHT_S)),
        )
    )
    assert "time limit" not in result.reason
    assert any(state.attempt > 1 for state in result.state.workers.values()), (
        "the answer was given, and the work went on"
    )
    (resumed,) = [entry.body for entry in stage.journal(result) if isinstance(entry.body, CoordinatorResumed)]
    assert resumed.away_s == pytest.approx(NIGHT_S, abs=30)
