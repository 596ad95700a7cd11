from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.models.effects import Outcome, StartWorker, StopWorker, TakeSnapshot
from orchestrator.models.entries import Command, Sampled, TimePassed, UserCommand
from orchestrator.models.events import EventType, Said
from orchestrator.models.identity import WorkerId
from orchestrator.models.reviews import Verdict
from orchestrator.models.sandbox import ResourceLimits, SandboxConfig
from orchestrator.models.workers import Sample, WorkerStatus
from orchestrator.session.clock import next_deadline

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.session.conftest import Play

CLAUDE, GEMINI = WorkerId("claude"), WorkerId("gemini")


def pass_time(play: Play, seconds: float) -> None:
    """Let the clock run, waking the session at each of its deadlines as the coordinator does."""
    end = play.at + timedelta(seconds=seconds)
    while (deadline := next_deadline(play.session)) is not None and deadline <= end:
        play.at = max(play.at, deadline)
        play.take(TimePassed())
    play.at = end


def test_a_worker_that_writes_nothing_is_shown_as_silent_with_the_evidence(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex")
    p.start("gemini")
    p.take(Sampled(GEMINI, Sample(cpu_percent=38.0, memory_mib=210.0, processes=3)))
    pass_time(p, 61)
    assert p.session.workers[GEMINI].status is WorkerStatus.SILENT
    assert "38 % CPU, 3 processes" in p.session.workers[GEMINI].why
    p.says("gemini", Said("here I am"))
    assert p.session.workers[GEMINI].status is WorkerStatus.RUNNING


def test_fifteen_silent_minutes_ask_for_a_review(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex")
    p.start("gemini")
    pass_time(p, 14 * 60)
    assert p.wanted(TakeSnapshot) == []
    pass_time(p, 61)
    assert len(p.wanted(TakeSnapshot)) == 1


def test_the_runtime_limit_stops_the_worker_and_the_session_fails(play: Callable[..., Play]) -> None:
    p = play("claude", sandbox=SandboxConfig(name="default", limits=ResourceLimits(runtime_s=100)))
    p.start("claude")
    pass_time(p, 101)
    assert p.last(StopWorker)[1].worker == CLAUDE
    assert p.session.workers[CLAUDE].status is WorkerStatus.STOPPING
    p.exits("claude", 143, by="stop")
    assert p.session.workers[CLAUDE].status is WorkerStatus.FAILED
    assert p.session.ending is not None
    assert "runtime limit" in p.session.ending.reason


def test_a_frozen_worker_does_not_use_up_its_runtime(play: Callable[..., Play]) -> None:
    p = play("claude", "codex", sandbox=SandboxConfig(name="default", limits=ResourceLimits(runtime_s=100)))
    p.start("claude")
    p.later(50)
    p.reports("claude", EventType.MILESTONE, "half")
    p.snapshot("a.py")
    p.later(200)
    assert p.session.workers[CLAUDE].ran_s == 50.0
    p.reviews("review-001-codex", "approved")
    pass_time(p, 49)
    assert p.session.workers[CLAUDE].status is WorkerStatus.RUNNING
    pass_time(p, 2)
    assert p.session.workers[CLAUDE].status is WorkerStatus.STOPPING


def test_a_late_reviewer_is_stopped_and_counts_as_an_abstention(play: Callable[..., Play]) -> None:
    p = play("claude", "codex", review_timeout_s=30, interactive=True)
    p.start("claude")
    p.reports("claude", EventType.MILESTONE, "half")
    p.snapshot("a.py")
    p.start("review-001-codex")
    pass_time(p, 31)
    assert p.wanted(StopWorker)[0].worker == "review-001-codex"
    answers = [a for r in p.session.assessment.reviews.values() for a in r.panel.values() if a is not None]
    assert [answer.verdict for answer in answers] == [Verdict.ABSTAINED]
    assert p.session.assessment.decisions[-1].rule == "nobody answered"


def test_the_session_itself_has_a_time_limit(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex", timeout_s=5.0)
    p.start("gemini")
    pass_time(p, 6)
    assert p.session.ending is not None
    assert p.session.ending.outcome is Outcome.FAILED


def test_memory_over_the_limit_stops_the_worker_after_three_samples(play: Callable[..., Play]) -> None:
    p = play("claude")
    p.start("claude")
    for _ in range(2):
        p.take(Sampled(CLAUDE, Sample(10.0, 3000.0, 2)))
        p.later(2)
    assert p.wanted(StopWorker) == []
    p.take(Sampled(CLAUDE, Sample(10.0, 3000.0, 2)))
    assert len(p.wanted(StopWorker)) == 1


def test_a_closed_or_ending_session_wants_no_waking(play: Callable[..., Play]) -> None:
    p = play()
    assert p.session.ending is not None
    assert next_deadline(p.session) is None
    assert p.wanted(StartWorker) == []


def test_the_sessions_time_limit_ends_a_frozen_worker_too(play: Callable[..., Play]) -> None:
    p = play("claude", interactive=True, timeout_s=100.0)
    p.start("claude")
    p.take(UserCommand(Command.PAUSE, by="terminal"))
    pass_time(p, 101)
    assert p.session.ending is not None
    assert p.last(StopWorker)[1].worker == CLAUDE
    assert p.session.workers[CLAUDE].status is WorkerStatus.STOPPING


def test_a_reviewer_that_is_paused_is_not_late(play: Callable[..., Play]) -> None:
    p = play("claude", "codex", review_timeout_s=30, interactive=True)
    p.start("claude")
    p.reports("claude", EventType.MILESTONE, "half")
    p.snapshot("a.py")
    p.start("review-001-codex")
    p.take(UserCommand(Command.PAUSE, by="terminal"))
    pass_time(p, 500)
    assert p.session.open_reviews()
    p.take(UserCommand(Command.RESUME, by="terminal"))
    pass_time(p, 31)
    assert not p.session.open_reviews()


def test_limits_of_a_run_are_held_against_every_sample(play: Callable[..., Play]) -> None:
    limits = ResourceLimits(cpu_percent=80, memory_mib=500)
    p = play("claude", sandbox=SandboxConfig(name="default", limits=limits))
    p.start("claude")
    for _ in range(40):
        p.take(Sampled(CLAUDE, Sample(90.0, 400.0, 2)))
        p.later(2)
    assert len([text for text in p.session.warnings if "80 % is the limit" in text]) == 1
    assert p.wanted(StopWorker) == []
    for _ in range(3):
        p.take(Sampled(CLAUDE, Sample(90.0, 501.0, 2)))
    assert "500 MiB is the most" in p.wanted(StopWorker)[0].because
