from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from orchestrator.models.decisions import Action
from orchestrator.models.effects import (
    AskPerson,
    CloseSession,
    FreezeWorker,
    Outcome,
    RunChecks,
    StartWorker,
    StopWorker,
    ThawWorker,
)
from orchestrator.models.entries import ChecksMeasured, Command, JournalEntry, SessionClosed, UserCommand, WorkMeasured
from orchestrator.models.events import ConversationStarted, EventType, TurnEnded, UsageReported
from orchestrator.models.identity import WorkerId
from orchestrator.models.money import Usage
from orchestrator.models.reviews import Verdict
from orchestrator.models.workers import WorkerStatus
from orchestrator.session.stepping import step

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.session.conftest import Play

CLAUDE, CODEX, GEMINI = WorkerId("claude"), WorkerId("codex"), WorkerId("gemini")


def crew(play: Callable[..., Play], **options: object) -> Play:
    return play("gemini", "claude", "codex", **options)


def test_a_journal_begins_with_the_opening_of_its_session(play: Callable[..., Play]) -> None:
    entry = JournalEntry(1, crew(play).at, UserCommand(Command.STOP, by="test"))
    with pytest.raises(ValueError, match="begins with session_opened"):
        step(None, entry)


def test_steps_start_one_after_another_and_a_finished_task_is_done(play: Callable[..., Play]) -> None:
    p = crew(play)
    assert [effect.worker for effect in p.wanted(StartWorker)] == ["gemini"]
    p.finishes("gemini", text="a design")
    assert [effect.worker for effect in p.wanted(StartWorker)] == ["gemini", "claude"]
    assert "a design" in p.last(StartWorker)[1].assignment.prompt
    p.finishes("claude", "signup.py")
    p.snapshot("signup.py")
    assert "+ one line" in p.last(StartWorker)[1].assignment.prompt
    p.reviews("codex", "approved")
    p.done()
    name, close = p.last(CloseSession)
    assert (close.outcome, p.session.workers[CLAUDE].status) == (Outcome.DONE, WorkerStatus.DONE)
    p.take(SessionClosed(close.outcome, close.reason, name))
    assert p.session.closed is not None
    assert p.session.effects_open == {}


def test_the_implementer_alone_may_write_the_target(play: Callable[..., Play]) -> None:
    p = crew(play)
    p.finishes("gemini")
    design, change = (effect.assignment for effect in p.wanted(StartWorker))
    assert p.session.options.target not in design.writable
    assert p.session.options.target in change.writable
    assert design.scratch in change.readable


def test_a_success_without_tool_call_or_change_is_never_success(play: Callable[..., Play]) -> None:
    p = crew(play)
    p.finishes("gemini")
    p.start("claude")
    p.says("claude", TurnEnded(ok=True, subtype="success", text="all done!"), kind=EventType.STATUS)
    p.exits("claude")
    p.measures("claude")
    assert p.session.workers[CLAUDE].status is WorkerStatus.UNPROVEN
    assert p.session.ending is not None
    assert p.session.ending.outcome is Outcome.FAILED
    assert "no tool call and no change" in p.session.ending.reason


def test_an_exit_code_of_zero_without_a_final_event_is_a_failure(play: Callable[..., Play]) -> None:
    p = crew(play)
    p.finishes("gemini")
    p.start("claude")
    p.exits("claude", 0)
    assert p.session.workers[CLAUDE].status is WorkerStatus.FAILED
    assert "no final event" in p.session.workers[CLAUDE].why


def test_without_a_design_the_work_goes_on_and_says_so(play: Callable[..., Play]) -> None:
    p = crew(play)
    p.start("gemini")
    p.exits("gemini", 1)
    assert p.last(StartWorker)[1].worker == CLAUDE
    assert any("without a design" in warning for warning in p.session.warnings)


def test_a_blocker_freezes_its_author_at_once_and_is_reviewed_by_the_others(play: Callable[..., Play]) -> None:
    p = crew(play)
    p.finishes("gemini")
    p.start("claude")
    effects = p.reports("claude", EventType.BLOCKER, "the schema is unknown")
    assert [type(effect).__name__ for effect in effects[:2]] == ["FreezeWorker", "TakeSnapshot"]
    p.snapshot()
    panel = [effect.assignment.agent for effect in p.wanted(StartWorker)[-2:]]
    assert sorted(panel) == ["codex", "gemini"]


def test_a_blocker_verdict_stops_everybody_and_needs_a_person(play: Callable[..., Play]) -> None:
    p = crew(play)
    p.finishes("gemini")
    p.start("claude")
    p.reports("claude", EventType.BLOCKER, "the schema is unknown")
    p.snapshot()
    p.reviews("review-001-gemini", "blocker", "it would lose data")
    p.reviews("review-001-codex", "approved")
    assert p.session.decisions[-1].action is Action.STOP_AND_ESCALATE
    assert p.last(StopWorker)[1].worker == CLAUDE
    p.exits("claude", 143, by="stop")
    p.done()
    assert p.last(CloseSession)[1].outcome is Outcome.NEEDS_PERSON


def test_one_concern_is_a_warning_and_the_author_runs_on(play: Callable[..., Play]) -> None:
    p = crew(play)
    p.finishes("gemini")
    p.start("claude")
    p.reports("claude", EventType.MILESTONE, "half of it stands")
    p.snapshot("a.py")
    p.reviews("review-001-gemini", "concerns", "no test yet")
    p.reviews("review-001-codex", "approved")
    assert p.session.decisions[-1].action is Action.LOG_WARNING
    assert p.last(ThawWorker)[1].worker == CLAUDE
    assert p.session.workers[CLAUDE].status is WorkerStatus.RUNNING
    assert any("no test yet" in warning for warning in p.session.warnings)


def test_two_concerns_ask_a_person_and_the_answer_continues_the_conversation(play: Callable[..., Play]) -> None:
    p = crew(play, interactive=True)
    p.finishes("gemini")
    p.start("claude")
    p.says("claude", ConversationStarted("c-1"))
    p.reports("claude", EventType.MILESTONE, "half of it stands")
    p.snapshot("a.py")
    p.reviews("review-001-gemini", "concerns", "which regex?")
    p.reviews("review-001-codex", "concerns", "which regex?")
    assert p.session.decisions[-1].action is Action.PAUSE_AND_CLARIFY
    assert p.session.workers[CLAUDE].status is WorkerStatus.FROZEN
    assert p.wanted(ThawWorker) == []
    p.take(UserCommand(Command.ANSWER, by="terminal", text="the strict one"))
    assert p.last(StopWorker)[1].worker == CLAUDE
    p.exits("claude", 143, by="stop")
    again = p.last(StartWorker)[1]
    assert (again.attempt, again.assignment.resume) == (2, "c-1")
    assert "the strict one" in again.assignment.prompt
    assert p.session.questions == ()


def test_without_a_person_at_hand_a_question_ends_the_session(play: Callable[..., Play]) -> None:
    p = crew(play)
    p.finishes("gemini")
    p.start("claude")
    p.reports("claude", EventType.MILESTONE, "half of it stands")
    p.snapshot("a.py")
    p.reviews("review-001-gemini", "concerns")
    p.reviews("review-001-codex", "concerns")
    assert len(p.wanted(AskPerson)) == 1
    assert p.session.ending is not None
    assert p.session.ending.outcome is Outcome.NEEDS_PERSON
    p.exits("claude", None, by="stop")
    p.done()
    assert p.session.questions[0].about == CLAUDE
    assert p.wanted(CloseSession)


def test_a_final_review_with_doubts_sends_the_change_back_and_is_held_again(play: Callable[..., Play]) -> None:
    p = crew(play, interactive=True, max_review_rounds=5)
    p.finishes("gemini")
    p.finishes("claude", "a.py")
    p.snapshot("a.py")
    reply = {"verdict": "perhaps"}
    p.start("codex")
    p.says("codex", TurnEnded(ok=True, subtype="success", reply=reply), kind=EventType.STATUS)
    p.exits("codex")
    assert p.session.decisions[-1].rule == "nobody answered"
    p.take(UserCommand(Command.ANSWER, by="terminal", text="go on"))
    p.finishes("claude", "a.py")
    p.snapshot("a.py")
    p.reviews("codex", "approved")
    p.done()
    assert p.last(CloseSession)[1].outcome is Outcome.DONE


def test_without_a_reviewer_the_orchestrator_reviews_by_measuring(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude")
    p.finishes("gemini")
    p.finishes("claude", "a.py")
    name, _ = p.last(RunChecks)
    p.take(ChecksMeasured(Verdict.APPROVED, ("1 files changed",), name))
    p.done()
    assert p.last(CloseSession)[1].outcome is Outcome.DONE


def test_with_no_agent_at_all_a_person_is_needed_and_nothing_is_started(play: Callable[..., Play]) -> None:
    p = play()
    p.done()
    assert p.wanted(StartWorker) == []
    assert p.last(CloseSession)[1].outcome is Outcome.NEEDS_PERSON


def test_pause_and_resume_freeze_and_thaw_every_living_worker(play: Callable[..., Play]) -> None:
    p = crew(play)
    p.start("gemini")
    p.take(UserCommand(Command.PAUSE, by="terminal"))
    assert p.session.workers[GEMINI].status is WorkerStatus.FROZEN
    p.later(7200)
    p.take(UserCommand(Command.RESUME, by="terminal"))
    assert [type(e).__name__ for _, e in p.effects[-1:]] == ["ThawWorker"]
    assert p.session.workers[GEMINI].ran_s == 0.0


def test_stop_ends_everybody_and_the_session_is_interrupted(play: Callable[..., Play]) -> None:
    p = crew(play)
    p.start("gemini")
    p.take(UserCommand(Command.STOP, by="terminal"))
    p.done()
    assert p.wanted(CloseSession) == []
    p.exits("gemini", 143, by="stop")
    assert p.last(CloseSession)[1].outcome is Outcome.INTERRUPTED
    assert p.session.workers[GEMINI].status is WorkerStatus.STOPPED


def test_a_kill_leaves_the_ladder_out(play: Callable[..., Play]) -> None:
    p = crew(play)
    p.start("gemini")
    p.take(UserCommand(Command.STOP, by="terminal"))
    p.take(UserCommand(Command.KILL, by="terminal"))
    assert [effect.hard for effect in p.wanted(StopWorker)] == [False, True]


def test_a_worker_that_starts_into_an_ending_session_is_stopped(play: Callable[..., Play]) -> None:
    p = crew(play)
    p.take(UserCommand(Command.STOP, by="terminal"))
    assert p.wanted(CloseSession) == []
    p.start("gemini")
    assert p.last(StopWorker)[1].worker == GEMINI


def test_usage_adds_up_and_a_spent_budget_stops_the_session(play: Callable[..., Play]) -> None:
    p = crew(play, max_tokens=100)
    p.start("gemini")
    p.says("gemini", UsageReported(Usage(input_tokens=40, output_tokens=20)))
    assert p.session.ending is None
    p.says("gemini", UsageReported(Usage(input_tokens=50)))
    assert p.session.ending is not None
    assert "10 over" in p.session.ending.reason


def test_a_measurement_that_failed_is_not_a_success(play: Callable[..., Play]) -> None:
    from orchestrator.models.effects import MeasureWork

    p = crew(play)
    p.finishes("gemini")
    p.start("claude")
    p.works("claude")
    p.exits("claude")
    name, _ = p.last(MeasureWork)
    p.take(WorkMeasured(CLAUDE, (), 0, 0, (), name, problem="git is broken"))
    assert p.session.workers[CLAUDE].status is WorkerStatus.FAILED


def test_output_of_an_earlier_attempt_changes_nothing(play: Callable[..., Play]) -> None:
    from dataclasses import replace

    p = crew(play)
    p.start("gemini")
    before = p.session
    entry = p.entries[-1]
    assert entry.body.kind == "effect_intended" or entry.n == before.n
    assert p.says("gemini") == ()
    assert replace(p.session, n=before.n, now=before.now, last_heard=before.last_heard).plan == before.plan


def test_freezing_twice_is_one_freeze_and_both_reasons_must_go(play: Callable[..., Play]) -> None:
    p = crew(play)
    p.finishes("gemini")
    p.start("claude")
    p.reports("claude", EventType.MILESTONE, "half of it stands")
    p.take(UserCommand(Command.PAUSE, by="terminal"))
    assert len(p.wanted(FreezeWorker)) == 1
    p.snapshot("a.py")
    p.reviews("review-001-gemini", "approved")
    p.reviews("review-001-codex", "approved")
    assert p.wanted(ThawWorker) == []
    p.take(UserCommand(Command.RESUME, by="terminal", worker=CLAUDE))
    assert len(p.wanted(ThawWorker)) == 1
