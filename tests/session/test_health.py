from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.models.effects import FreezeWorker, StopWorker, TakeSnapshot
from orchestrator.models.entries import Sampled, StreamRead
from orchestrator.models.events import Said
from orchestrator.models.facts import PersonAsked, Warned
from orchestrator.models.identity import WorkerId
from orchestrator.models.workers import Sample, WorkerStatus
from tests.session.test_clock import pass_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.session.conftest import Play

CLAUDE = WorkerId("claude")
IDLE, BUSY = Sample(0.4, 210.0, 3), Sample(85.0, 210.0, 3)


def measured(p: Play, sample: Sample, seconds: float) -> None:
    """Time passes, with a measurement now and then."""
    for _ in range(int(seconds // 30)):
        p.take(Sampled(CLAUDE, sample))
        pass_time(p, 30)


def looks_dead(p: Play) -> bool:
    return any("no sign of life" in warning.text for warning in p.wanted(Warned))


def test_no_bytes_no_cpu_and_no_new_process_for_ten_minutes_looks_dead(play: Callable[..., Play]) -> None:
    p = play("claude", "codex")
    p.start("claude")
    measured(p, IDLE, 9 * 60)
    assert not looks_dead(p)
    assert p.session.workers[CLAUDE].status is WorkerStatus.SILENT
    measured(p, IDLE, 2 * 60)
    assert looks_dead(p)
    assert "0 % CPU, 3 processes, no CPU time and no new process for" in p.session.workers[CLAUDE].why
    assert len(p.wanted(TakeSnapshot)) == 1, "the other agents look at it"
    assert p.wanted(StopWorker) == []


def test_a_busy_tree_is_alive_however_silent(play: Callable[..., Play]) -> None:
    p = play("claude", "codex", silence_s=99999)
    p.start("claude")
    measured(p, BUSY, 40 * 60)
    assert not looks_dead(p)


def test_a_process_that_comes_or_goes_is_a_sign_of_life(play: Callable[..., Play]) -> None:
    p = play("claude", "codex", silence_s=99999)
    p.start("claude")
    for number in range(4):
        measured(p, Sample(0.0, 210.0, 3 + number % 2), 5 * 60)
    assert not looks_dead(p)


def test_bytes_without_an_event_are_a_sign_of_life(play: Callable[..., Play]) -> None:
    p = play("claude", "codex")
    p.start("claude")
    for number in range(6):
        measured(p, IDLE, 4 * 60)
        p.take(StreamRead(CLAUDE, 1, "stderr", 0, 100 * (number + 1), "00"))
    assert not looks_dead(p)
    assert p.session.workers[CLAUDE].status is WorkerStatus.RUNNING


def test_what_was_never_measured_is_no_evidence_of_death(play: Callable[..., Play]) -> None:
    p = play("claude", "codex", silence_s=99999)
    p.start("claude")
    pass_time(p, 3000)
    assert not looks_dead(p)


def test_the_time_can_be_set(play: Callable[..., Play]) -> None:
    p = play("claude", "codex", dead_after_s=60)
    p.start("claude")
    measured(p, IDLE, 2 * 60)
    assert looks_dead(p)


def test_a_person_is_asked_where_nobody_else_can_look_and_not_when_it_writes_again(play: Callable[..., Play]) -> None:
    p = play("claude", interactive=True)
    p.start("claude")
    measured(p, IDLE, 12 * 60)
    assert len(p.wanted(PersonAsked)) == 1
    assert p.wanted(FreezeWorker) == []
    p.says("claude", Said("here I am"))
    assert p.session.approvals.questions == ()
    assert p.session.workers[CLAUDE].status is WorkerStatus.RUNNING


def test_with_nobody_to_ask_it_runs_on_until_its_limit(play: Callable[..., Play]) -> None:
    p = play("claude", silence_s=99999)
    p.start("claude")
    measured(p, IDLE, 30 * 60)
    assert looks_dead(p)
    assert p.session.ending is None
    measured(p, IDLE, 31 * 60)
    assert p.last(StopWorker)[1].worker == CLAUDE


def test_a_frozen_worker_is_not_dead(play: Callable[..., Play]) -> None:
    from orchestrator.models.entries import Command, UserCommand

    p = play("claude", "codex")
    p.start("claude")
    p.take(UserCommand(Command.PAUSE, by="terminal"))
    measured(p, IDLE, 60 * 60)
    p.take(UserCommand(Command.RESUME, by="terminal"))
    measured(p, IDLE, 9 * 60)
    assert not looks_dead(p)
