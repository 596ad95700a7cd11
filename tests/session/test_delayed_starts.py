from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.models.decisions import Action
from orchestrator.models.effects import CloseSession, StartWorker, TakeSnapshot
from orchestrator.models.entries import Command, CoordinatorResumed, SessionClosed, UserCommand
from orchestrator.models.events import ConversationStarted, EventType, Failed, FailureKind, ToolCalled
from orchestrator.models.facts import PersonAsked
from orchestrator.models.identity import WorkerId
from orchestrator.models.workers import WorkerStatus
from orchestrator.session.clock import next_deadline
from orchestrator.session.delayed_starts import PROBE_AFTER
from orchestrator.session.replaying import replay
from tests.session.test_clock import pass_time

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from tests.session.conftest import Play

CLAUDE, CODEX, GEMINI = WorkerId("claude"), WorkerId("codex"), WorkerId("gemini")


def meets_limit(p: Play, worker: str, until: datetime | None) -> None:
    failed = Failed("You've hit your limit", FailureKind.USAGE_LIMIT, resets_at=until, final=True)
    p.says(worker, failed, kind=EventType.ERROR)
    p.exits(worker, 1)


def implementing(play: Callable[..., Play], **options: object) -> Play:
    p = play("gemini", "claude", "codex", **options)
    p.finishes("gemini")
    p.start("claude")
    p.says("claude", ConversationStarted("c-1"))
    return p


def test_with_auto_resume_a_limited_worker_goes_on_shortly_after_the_time_the_cli_gave(
    play: Callable[..., Play],
) -> None:
    p = implementing(play, auto_resume=True)
    until = p.at + timedelta(hours=2)
    meets_limit(p, "claude", until)
    assert p.session.workers[CLAUDE].status is WorkerStatus.LIMITED
    assert p.session.workers[CLAUDE].limited_until == until
    assert p.wanted(PersonAsked) == []
    due = next_deadline(p.session)
    assert due is not None
    assert timedelta(seconds=30) <= due - until <= timedelta(seconds=90)
    pass_time(p, 2 * 3600)
    assert p.last(StartWorker)[1].attempt == 1
    pass_time(p, 90)
    again = p.last(StartWorker)[1]
    assert (again.attempt, again.assignment.resume) == (2, "c-1")
    assert p.session.limits == {}


def test_the_wait_is_the_same_when_it_is_derived_again(play: Callable[..., Play]) -> None:
    p = implementing(play, auto_resume=True)
    meets_limit(p, "claude", p.at + timedelta(hours=2))
    pass_time(p, 3 * 3600)
    assert replay(p.entries).session == p.session


def test_without_auto_resume_a_person_is_asked_once_and_the_answer_starts_all_who_wait(
    play: Callable[..., Play],
) -> None:
    p = implementing(play, interactive=True)
    meets_limit(p, "claude", p.at + timedelta(hours=2))
    assert len(p.session.approvals.questions) == 1
    pass_time(p, 5 * 3600)
    assert p.last(StartWorker)[1].attempt == 1
    p.take(UserCommand(Command.ANSWER, by="terminal", text="go on"))
    assert p.last(StartWorker)[1].attempt == 2
    assert p.session.limits == {}


def test_a_reviewer_of_a_limited_agent_is_not_started_and_abstains(play: Callable[..., Play]) -> None:
    p = implementing(play, auto_resume=True)
    p.reports("claude", EventType.MILESTONE, "one")
    p.snapshot("a.py")
    p.reviews("review-001-gemini", "approved")
    p.start("review-001-codex")
    meets_limit(p, "review-001-codex", p.at + timedelta(hours=1))
    p.take(UserCommand(Command.REVIEW, by="terminal", worker=CLAUDE))
    p.snapshot("a.py")
    assert p.last(StartWorker)[1].worker == "review-002-gemini"
    p.reviews("review-002-gemini", "approved")
    assert "not asked" in str(list(p.session.assessment.reviews.values())[-1].panel)
    assert p.session.assessment.decisions[-1].action is Action.CONTINUE


def test_a_review_with_somebody_who_was_not_asked_goes_on_in_a_resumed_session(play: Callable[..., Play]) -> None:
    p = implementing(play, auto_resume=True)
    p.reports("claude", EventType.MILESTONE, "one")
    p.snapshot("a.py")
    p.reviews("review-001-gemini", "approved")
    p.start("review-001-codex")
    meets_limit(p, "review-001-codex", p.at + timedelta(hours=1))
    p.take(UserCommand(Command.REVIEW, by="terminal", worker=CLAUDE))
    p.snapshot("a.py")
    p.start("review-002-gemini")
    p.take(UserCommand(Command.STOP, by="terminal"))
    p.exits("review-002-gemini", 143, by="stop")
    p.take(CoordinatorResumed(1))
    assert p.last(StartWorker)[1].worker == "review-002-gemini"


def test_the_step_of_a_limited_agent_waits_for_the_account_and_its_review_is_not_late(
    play: Callable[..., Play],
) -> None:
    p = implementing(play, auto_resume=True, review_timeout_s=60)
    p.reports("claude", EventType.MILESTONE, "half")
    p.snapshot("a.py")
    p.reviews("review-001-gemini", "approved")
    p.start("review-001-codex")
    until = p.at + timedelta(hours=1)
    meets_limit(p, "review-001-codex", until)
    p.works("claude")
    p.exits("claude")
    p.measures("claude", "a.py")
    p.snapshot("a.py")
    assert p.session.workers[CODEX].status is WorkerStatus.LIMITED
    assert p.wanted(StartWorker)[-1].worker != CODEX
    pass_time(p, 3600 + 91)
    assert p.last(StartWorker)[1].worker == CODEX
    p.reviews("codex", "approved")
    assert p.session.ending is not None
    assert p.session.ending.reason.startswith("every step is done")


def test_a_limit_without_an_end_is_probed_a_few_times_and_then_a_person_is_asked(play: Callable[..., Play]) -> None:
    p = implementing(play, auto_resume=True, interactive=True)
    meets_limit(p, "claude", None)
    begun = p.at
    for number, after in enumerate(PROBE_AFTER, start=2):
        assert p.wanted(PersonAsked) == []
        pass_time(p, after.total_seconds() + 91)
        assert p.last(StartWorker)[1].attempt == number
        p.start("claude")
        meets_limit(p, "claude", None)
    assert p.at - begun > timedelta(minutes=65)
    assert len(p.wanted(PersonAsked)) == 1
    assert next_deadline(p.session) is None


def test_a_probe_that_gets_to_work_ends_the_limit(play: Callable[..., Play]) -> None:
    p = implementing(play, auto_resume=True)
    meets_limit(p, "claude", None)
    pass_time(p, 391)
    p.start("claude")
    assert p.session.limits
    p.says("claude", ToolCalled("Write", "t1", "a.py"))
    assert p.session.limits == {}


def test_a_reset_time_that_has_passed_is_no_time(play: Callable[..., Play]) -> None:
    p = implementing(play, auto_resume=True)
    meets_limit(p, "claude", p.at - timedelta(minutes=1))
    assert p.session.workers[CLAUDE].limited_until is None


def test_a_later_record_may_tell_the_end_of_a_limit(play: Callable[..., Play]) -> None:
    p = implementing(play, auto_resume=True)
    until = p.at + timedelta(hours=3)
    p.says("claude", Failed("429", FailureKind.USAGE_LIMIT, final=True), kind=EventType.ERROR)
    p.says("claude", Failed("429", FailureKind.USAGE_LIMIT, resets_at=until, final=True), kind=EventType.ERROR)
    p.exits("claude", 1)
    assert p.session.workers[CLAUDE].limited_until == until
    due = next_deadline(p.session)
    assert due is not None
    assert due > until


def test_an_answer_about_something_else_waits_for_the_limit_as_well(play: Callable[..., Play]) -> None:
    p = implementing(play, auto_resume=True, interactive=True)
    p.reports("claude", EventType.MILESTONE, "half")
    p.snapshot("a.py")
    p.reviews("review-001-gemini", "concerns", "which?")
    p.reviews("review-001-codex", "concerns", "which?")
    meets_limit(p, "claude", p.at + timedelta(hours=1))
    assert p.session.workers[CLAUDE].status is WorkerStatus.LIMITED
    p.take(UserCommand(Command.ANSWER, by="terminal", text="the strict one"))
    assert p.last(StartWorker)[1].worker != CLAUDE or p.last(StartWorker)[1].attempt == 1
    assert p.session.workers[CLAUDE].status is WorkerStatus.LIMITED
    pass_time(p, 3600 + 91)
    again = p.last(StartWorker)[1]
    assert (again.worker, again.attempt) == (CLAUDE, 2)
    assert "the strict one" in again.assignment.prompt


def test_a_person_can_call_off_what_waits(play: Callable[..., Play]) -> None:
    p = implementing(play, auto_resume=True, interactive=True)
    meets_limit(p, "claude", p.at + timedelta(hours=1))
    p.take(UserCommand(Command.STOP, by="terminal", worker=CLAUDE))
    assert p.session.workers[CLAUDE].status is WorkerStatus.STOPPED
    assert next_deadline(p.session) is None
    p.take(UserCommand(Command.RESTART, by="terminal", worker=CLAUDE))
    assert p.session.workers[CLAUDE].status is WorkerStatus.LIMITED
    assert p.wanted(TakeSnapshot) == []


def test_a_session_that_was_stopped_while_it_waited_waits_on_when_it_is_resumed(play: Callable[..., Play]) -> None:
    p = implementing(play, auto_resume=True)
    until = p.at + timedelta(hours=2)
    failed = Failed("You've hit your limit", FailureKind.USAGE_LIMIT, resets_at=until, final=True)
    p.says("claude", failed, kind=EventType.ERROR)
    p.take(UserCommand(Command.STOP, by="signal INT"))
    p.exits("claude", 143, by="stop")
    p.done()
    name, close = p.last(CloseSession)
    p.take(SessionClosed(close.outcome, close.reason, name))
    p.later(600)
    p.take(CoordinatorResumed(2))
    assert p.session.workers[CLAUDE].status is WorkerStatus.LIMITED
    pass_time(p, 2 * 3600)
    assert p.last(StartWorker)[1].attempt == 2
