"""The machine slept, its clock was set, or nobody ran the session: no wait becomes longer or shorter."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from orchestrator.models.effects import Outcome, StopWorker
from orchestrator.models.entries import ClockMoved, CoordinatorResumed, GuardAsked, Sampled, TimePassed
from orchestrator.models.events import ConversationStarted, EventType, Failed, FailureKind
from orchestrator.models.identity import WorkerId
from orchestrator.models.sandbox import ResourceLimits, SandboxConfig
from orchestrator.models.workers import Sample, WorkerStatus
from orchestrator.session.clock import next_deadline
from orchestrator.session.state import Ending

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.session.conftest import Play

CLAUDE = WorkerId("claude")
NIGHT = timedelta(hours=8)
AN_HOUR = SandboxConfig(name="default", limits=ResourceLimits(runtime_s=3600))


def move(play: Play, by: timedelta) -> None:
    """As the coordinator tells it: before anything else that it takes."""
    play.at += by
    play.take(ClockMoved(by.total_seconds()))
    play.take(TimePassed())


def left(play: Play) -> timedelta:
    deadline = next_deadline(play.session)
    assert deadline is not None
    return deadline - play.at


@pytest.mark.parametrize("by", [NIGHT, -NIGHT], ids=["slept", "set back"])
def test_a_worker_has_as_much_time_left_as_before(play: Callable[..., Play], by: timedelta) -> None:
    p = play("claude", sandbox=AN_HOUR, timeout_s=7200)
    p.start("claude")
    p.take(Sampled(CLAUDE, Sample(90.0, 200.0, 3)))
    p.later(50)
    before, warnings = left(p), p.session.warnings
    move(p, by)
    assert left(p) == before
    p.take(Sampled(CLAUDE, Sample(90.0, 200.0, 3)))
    assert p.session.workers[CLAUDE].status is WorkerStatus.RUNNING
    assert p.session.warnings == warnings
    assert p.wanted(StopWorker) == []
    p.later(3551)
    p.take(TimePassed())
    assert p.wanted(StopWorker)[0].because == "the runtime limit of 3600 s is used up"


@pytest.mark.parametrize("by", [NIGHT, -NIGHT], ids=["slept", "set back"])
def test_a_reviewer_is_as_late_as_before(play: Callable[..., Play], by: timedelta) -> None:
    p = play("claude", "codex", review_timeout_s=30)
    p.start("claude")
    p.reports("claude", EventType.MILESTONE, "half")
    p.snapshot("a.py")
    move(p, by)  # before it has begun
    p.start("review-001-codex")
    p.later(20)
    move(p, by)
    assert left(p) == timedelta(seconds=10)
    p.later(11)
    p.take(TimePassed())
    assert p.wanted(StopWorker)[0].because == "its review is late"


@pytest.mark.parametrize("by", [NIGHT, -NIGHT], ids=["slept", "set back"])
def test_a_command_that_waits_for_consent_waits_as_long_as_before(play: Callable[..., Play], by: timedelta) -> None:
    sandbox = SandboxConfig(name="default", confirm_commands=("make deploy",))
    p = play("claude", sandbox=sandbox, interactive=True)
    p.start("claude")
    p.take(GuardAsked(CLAUDE, "r1", "executable", ("make", "deploy"), "/t"))
    (guard,) = p.session.approvals.guards.values()
    before = guard.deadline - p.at
    move(p, by)
    (guard,) = p.session.approvals.guards.values()
    assert guard.deadline - p.at == before


@pytest.mark.parametrize("by", [NIGHT, -NIGHT], ids=["slept", "set back"])
def test_a_restart_comes_as_soon_as_before(play: Callable[..., Play], by: timedelta) -> None:
    p = play("claude", "codex")
    p.start("claude")
    p.says("claude", ConversationStarted("c-1"), kind=EventType.STATUS)
    p.exits("claude", 137)
    before = left(p)
    assert before > timedelta(0)
    move(p, by)
    assert left(p) == before


@pytest.mark.parametrize("by", [NIGHT, -NIGHT], ids=["slept", "set back"])
def test_the_end_of_a_usage_limit_is_a_time_of_day_and_stays(play: Callable[..., Play], by: timedelta) -> None:
    p = play("claude", auto_resume=True)
    p.start("claude")
    until = p.at + 2 * NIGHT
    p.says("claude", Failed("429", FailureKind.USAGE_LIMIT, resets_at=until, final=True), kind=EventType.ERROR)
    p.exits("claude", 1)
    assert p.session.workers[CLAUDE].limited_until == until
    before = next_deadline(p.session)
    move(p, by)
    assert next_deadline(p.session) == before


def resume(play: Play, *, after: timedelta) -> None:
    """Another coordinator comes, and finds that the worker was ended when the grace had passed."""
    play.at += after
    play.take(CoordinatorResumed(7, alive=(CLAUDE,), away_s=after.total_seconds()))
    play.exits("claude", 143, by="orphaned")


def test_what_nobody_ran_is_no_running_time_of_a_worker(play: Callable[..., Play]) -> None:
    p = play("claude", sandbox=AN_HOUR, orphan_grace_s=60.0)
    p.start("claude")
    p.later(100)
    resume(p, after=NIGHT)
    assert p.session.workers[CLAUDE].ran_s == pytest.approx(160, abs=3)
    p.start("claude")
    p.take(TimePassed())
    assert p.session.workers[CLAUDE].status is WorkerStatus.RUNNING


def test_what_nobody_ran_does_not_count_for_the_time_limit_of_the_session(play: Callable[..., Play]) -> None:
    p = play("claude", timeout_s=600.0)
    p.start("claude")
    p.later(100)
    resume(p, after=NIGHT)
    endings = []
    for wait in (0, 501):
        p.later(wait)
        p.take(TimePassed())
        endings.append(p.session.ending)
    assert endings == [None, Ending(Outcome.FAILED, "the time limit of 600 s has passed")]


def test_a_clock_that_was_set_back_while_nobody_ran_the_session_lengthens_no_wait(play: Callable[..., Play]) -> None:
    p = play("claude", sandbox=AN_HOUR)
    p.start("claude")
    p.later(3000)
    p.at -= NIGHT
    p.take(CoordinatorResumed(7, alive=(CLAUDE,), away_s=-NIGHT.total_seconds()))
    p.later(601)
    p.take(TimePassed())
    assert p.wanted(StopWorker)[0].because == "the runtime limit of 3600 s is used up"
