"""Every ending has a bound: what a final record, or a failure in the middle of the work, comes to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from orchestrator.models.effects import MeasureWork, Outcome, StartWorker, StopWorker, TakeSnapshot
from orchestrator.models.entries import Command, UserCommand
from orchestrator.models.events import (
    ConversationStarted,
    EventType,
    Failed,
    FailureKind,
    Retrying,
    Said,
    ToolCalled,
    ToolReturned,
    TurnEnded,
)
from orchestrator.models.facts import PersonAsked
from orchestrator.models.identity import WorkerId
from orchestrator.models.workers import WorkerStatus
from tests.session.test_clock import pass_time

if TYPE_CHECKING:
    from tests.session.conftest import Play

CLAUDE, CODEX = WorkerId("claude"), WorkerId("codex")
BOUNDED = {"final_wait_s": 30.0, "final_wait_open_call_s": 300.0}
OVERLOADED = Failed("stream error: server is overloaded", FailureKind.OVERLOADED, final=True)
REFUSED = Failed("401 Unauthorized: invalid key", FailureKind.AUTHENTICATION, final=True)


def ends(play: Play, worker: str, *, ok: bool = True, text: str = "done") -> None:
    play.says(worker, TurnEnded(ok, "success" if ok else "failed", text), kind=EventType.STATUS)


def works(play: Play, worker: str) -> None:
    play.says(worker, ConversationStarted("c-1"), kind=EventType.STATUS)
    play.says(worker, ToolCalled("Write", "t1", "a.py"))
    play.says(worker, ToolReturned("t1", True))


def fails(play: Play, worker: str, failed: Failed) -> None:
    play.says(worker, failed, kind=EventType.ERROR)


def test_a_worker_that_does_not_exit_after_its_last_word_is_ended_and_its_record_decides(
    play: Callable[..., Play],
) -> None:
    p = play("claude", "codex", **BOUNDED)
    p.start("claude")
    works(p, "claude")
    ends(p, "claude")
    pass_time(p, 29)
    assert p.wanted(StopWorker) == []
    pass_time(p, 2)
    assert [effect.worker for effect in p.wanted(StopWorker)] == [CLAUDE]
    assert any("did not exit" in warning for warning in p.session.warnings)
    p.exits("claude", 143, by="stop")
    assert [effect.worker for effect in p.wanted(MeasureWork)] == [CLAUDE]
    p.measures("claude", "a.py")
    assert p.session.workers[CLAUDE].status is WorkerStatus.DONE


def test_one_that_has_exited_is_not_late_however_long_its_work_takes_to_be_measured(play: Callable[..., Play]) -> None:
    p = play("claude", "codex", **BOUNDED)
    p.start("claude")
    works(p, "claude")
    ends(p, "claude")
    p.exits("claude", 0)
    pass_time(p, 300)
    assert p.wanted(StopWorker) == []
    assert not any("did not exit" in warning for warning in p.session.warnings)
    p.measures("claude", "a.py")
    assert p.session.workers[CLAUDE].status is WorkerStatus.DONE


def test_a_failure_that_is_the_last_word_decides_too(play: Callable[..., Play]) -> None:
    p = play("claude", **BOUNDED)
    p.start("claude")
    works(p, "claude")
    fails(p, "claude", Failed("prompt is too strange", FailureKind.UNKNOWN, final=True))
    pass_time(p, 31)
    p.exits("claude", 143, by="stop")
    assert p.session.ending is not None
    assert "prompt is too strange" in p.session.ending.reason


def test_an_open_tool_call_is_given_longer(play: Callable[..., Play]) -> None:
    p = play("claude", **BOUNDED)
    p.start("claude")
    p.says("claude", ToolCalled("Bash", "t1", "sleep 100"))
    ends(p, "claude")
    pass_time(p, 299)
    assert p.wanted(StopWorker) == []
    pass_time(p, 2)
    assert len(p.wanted(StopWorker)) == 1


@pytest.mark.parametrize("payload", [Said("one more thing"), ToolCalled("Bash", "t2", "true")], ids=["said", "called"])
def test_a_worker_that_goes_on_has_not_said_its_last_word(
    play: Callable[..., Play], payload: Said | ToolCalled
) -> None:
    p = play("claude", **BOUNDED)
    p.start("claude")
    works(p, "claude")
    ends(p, "claude")
    p.later(20)
    p.says("claude", payload)
    pass_time(p, 50)
    assert p.wanted(StopWorker) == []


def test_no_review_is_spent_on_a_worker_that_has_finished(play: Callable[..., Play]) -> None:
    p = play("claude", "codex", final_wait_s=100_000.0, final_wait_open_call_s=100_000.0)
    p.start("claude")
    works(p, "claude")
    ends(p, "claude")
    pass_time(p, 20 * 60)
    assert p.wanted(TakeSnapshot) == []
    assert p.session.workers[CLAUDE].status is WorkerStatus.RUNNING


def test_time_in_which_it_was_frozen_is_not_counted(play: Callable[..., Play]) -> None:
    p = play("claude", interactive=True, **BOUNDED)
    p.start("claude")
    works(p, "claude")
    ends(p, "claude")
    p.later(10)
    p.take(UserCommand(Command.PAUSE, by="terminal"))
    pass_time(p, 500)
    p.take(UserCommand(Command.RESUME, by="terminal"))
    pass_time(p, 29)
    assert p.wanted(StopWorker) == []
    pass_time(p, 2)
    assert len(p.wanted(StopWorker)) == 1


def test_a_reviewer_that_does_not_exit_has_answered_all_the_same(play: Callable[..., Play]) -> None:
    p = play("claude", "codex", review_timeout_s=3_000, **BOUNDED)
    p.start("claude")
    p.reports("claude", EventType.MILESTONE, "half")
    p.snapshot("a.py")
    p.start("review-001-codex")
    answer = {"verdict": "approved", "summary": "fine", "points": []}
    p.says("review-001-codex", TurnEnded(True, "success", reply=answer), kind=EventType.STATUS)
    pass_time(p, 31)
    p.exits("review-001-codex", 143, by="stop")
    assert [str(a.verdict) for r in p.session.assessment.reviews.values() for a in r.panel.values() if a] == [
        "approved"
    ]


@pytest.mark.parametrize("failed", [OVERLOADED, REFUSED], ids=["passing", "lasting"])
def test_a_failure_that_the_cli_overcomes_throws_no_work_away(play: Callable[..., Play], failed: Failed) -> None:
    p = play("codex", **BOUNDED)
    p.start("codex")
    works(p, "codex")
    fails(p, "codex", failed)
    p.later(3)
    works(p, "codex")
    ends(p, "codex")
    p.exits("codex")
    assert p.wanted(StopWorker) == []
    assert len(p.wanted(StartWorker)) == 1
    assert [effect.worker for effect in p.wanted(MeasureWork)] == [CODEX]


@pytest.mark.parametrize("how", ["the turn fails", "it ends without a final record", "its time is over"])
def test_a_failure_counts_once_it_is_settled(play: Callable[..., Play], how: str) -> None:
    p = play("codex", **BOUNDED)
    p.start("codex")
    works(p, "codex")
    fails(p, "codex", REFUSED)
    assert not p.session.lost
    if how == "the turn fails":
        ends(p, "codex", ok=False)
    elif how == "it ends without a final record":
        p.exits("codex", 1)
    else:
        pass_time(p, 31)
    assert set(p.session.lost) == {"codex"}


def test_a_passing_failure_that_ended_the_attempt_is_tried_again(play: Callable[..., Play]) -> None:
    p = play("codex", **BOUNDED)
    p.start("codex")
    works(p, "codex")
    fails(p, "codex", OVERLOADED)
    p.exits("codex", 1)
    assert p.session.workers[CODEX].status is WorkerStatus.RELAUNCHING
    pass_time(p, 3)
    assert len(p.wanted(StartWorker)) == 2
    assert p.wanted(StopWorker) == []


def test_a_cli_that_tries_again_is_given_the_same_time_once_more(play: Callable[..., Play]) -> None:
    p = play("codex", **BOUNDED)
    p.start("codex")
    works(p, "codex")
    fails(p, "codex", OVERLOADED)
    for number in range(4):
        pass_time(p, 25)
        p.says("codex", Retrying("no answer", number, 5), kind=EventType.STATUS)
    assert p.wanted(StopWorker) == []


def test_without_the_bound_everything_counts_at_once_as_in_old_journals(play: Callable[..., Play]) -> None:
    p = play("codex")
    p.start("codex")
    works(p, "codex")
    fails(p, "codex", REFUSED)
    assert set(p.session.lost) == {"codex"}
    assert p.wanted(PersonAsked) == []
    assert p.session.ending is None or p.session.ending.outcome is not Outcome.DONE
    assert p.at - p.entries[0].at < timedelta(seconds=1)
