from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from orchestrator.models.effects import MeasureWork, Outcome, RunChecks, StartWorker
from orchestrator.models.entries import Command, StartFailed, TimePassed, UserCommand, WorkMeasured
from orchestrator.models.events import ConversationStarted, Denied, EventType, ToolCalled, ToolReturned, TurnEnded
from orchestrator.models.identity import WorkerId
from orchestrator.models.work import Role
from orchestrator.models.workers import WorkerStatus
from orchestrator.session.summary import summarise

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.session.conftest import Play


def test_a_success_without_tool_call_or_change_is_never_success(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex")
    p.finishes("gemini")
    p.start("claude")
    p.says("claude", TurnEnded(ok=True, subtype="success", text="all done!"), kind=EventType.STATUS)
    p.exits("claude")
    p.measures("claude")
    assert p.session.workers[WorkerId("claude")].status is WorkerStatus.UNPROVEN
    assert p.session.ending is not None
    assert p.session.ending.outcome is Outcome.FAILED
    assert "no tool call and no change" in p.session.ending.reason


def test_a_success_with_nothing_done_is_put_before_a_person(play: Callable[..., Play]) -> None:
    p = play("claude", asks_about_doubts=True)
    p.start("claude")
    p.says("claude", TurnEnded(ok=True, subtype="success", text="all done!"), kind=EventType.STATUS)
    p.exits("claude")
    p.measures("claude")
    assert p.session.ending is not None
    assert p.session.ending.outcome is Outcome.NEEDS_PERSON
    assert "no tool call and no change" in p.session.ending.reason


def test_a_success_with_a_call_denied_is_put_before_a_person(play: Callable[..., Play]) -> None:
    p = play("claude", asks_about_doubts=True)
    p.start("claude")
    p.says("claude", Denied("Bash needs approval", "Bash"), kind=EventType.ERROR)
    p.works("claude")
    p.exits("claude")
    p.measures("claude", "a.py")
    assert p.session.ending is not None
    assert p.session.ending.outcome is Outcome.NEEDS_PERSON
    assert "denied: Bash needs approval" in p.session.ending.reason


def test_an_implementer_without_a_change_is_never_done_and_goes_on_with_the_answer(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex", interactive=True)
    p.finishes("gemini")
    p.finishes("claude")
    (question,) = p.session.approvals.questions
    assert "nothing changed in the target" in question.text
    assert p.session.workers[WorkerId("claude")].status is WorkerStatus.UNPROVEN
    p.take(UserCommand(Command.ANSWER, "user", text="Write it down."))
    assert p.last(StartWorker)[1].assignment.worker == WorkerId("claude")


def test_without_a_person_an_implementer_without_a_change_needs_one(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex")
    p.finishes("gemini")
    p.finishes("claude")
    assert p.session.ending is not None
    assert p.session.ending.outcome is Outcome.NEEDS_PERSON


def test_what_an_implementer_began_and_never_finished_keeps_it_from_being_done(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex")
    p.finishes("gemini")
    p.start("claude")
    p.says("claude", ToolCalled("Bash", "t9", "make all"))
    p.works("claude")
    p.exits("claude")
    p.measures("claude", "a.py")
    assert p.session.ending is not None
    assert p.session.ending.outcome is Outcome.NEEDS_PERSON
    assert "make all" in p.session.ending.reason


def test_an_exit_code_of_zero_without_a_final_event_is_a_failure(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex")
    p.finishes("gemini")
    p.start("claude")
    p.exits("claude", 0)
    assert p.session.workers[WorkerId("claude")].status is WorkerStatus.FAILED
    assert "no final event" in p.session.workers[WorkerId("claude")].why


def test_a_measurement_that_failed_is_not_a_success(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex")
    p.finishes("gemini")
    p.start("claude")
    p.works("claude")
    p.exits("claude")
    name, _ = p.last(MeasureWork)
    p.take(WorkMeasured(WorkerId("claude"), (), 0, 0, (), name, problem="git is broken"))
    assert p.session.workers[WorkerId("claude")].status is WorkerStatus.FAILED


def test_an_attempt_that_said_its_last_word_before_it_was_cut_off_is_not_run_again(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex")
    p.finishes("gemini")
    p.start("claude")
    p.works("claude")
    p.exits("claude", None, by="orphaned")
    p.measures("claude", "a.py")
    assert (p.session.workers[WorkerId("claude")].status, p.session.workers[WorkerId("claude")].attempt) == (
        WorkerStatus.DONE,
        1,
    )


def test_a_stop_that_is_not_on_record_leads_to_the_next_attempt(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex")
    p.finishes("gemini")
    p.start("claude")
    p.says("claude", ConversationStarted("c-1"), kind=EventType.STATUS)
    p.exits("claude", 143, by="stop")
    again = p.last(StartWorker)[1]
    assert (again.attempt, again.assignment.resume) == (2, "c-1")


def test_a_start_for_which_the_machine_was_too_short_is_tried_again(play: Callable[..., Play]) -> None:
    p = play("claude")
    name, first = p.last(StartWorker)
    p.take(StartFailed(first.worker, 1, "no space left on device", name, passing=True))
    assert p.session.workers[first.worker].status is WorkerStatus.RELAUNCHING
    assert not p.session.lost
    p.later(p.session.options.restart_delay_s)
    p.take(TimePassed())
    assert p.last(StartWorker)[1].attempt == 2


def test_an_agent_that_cannot_be_started_at_all_is_lost(play: Callable[..., Play]) -> None:
    p = play("claude")
    name, first = p.last(StartWorker)
    p.take(StartFailed(first.worker, 1, "no such file", name))
    assert set(p.session.lost) == {"claude"}


def answers(p: Play, text: str, *, ok: bool = True) -> None:
    """The analyst reads, and ends with these words."""
    p.start("claude")
    p.says("claude", ToolCalled("Read", "t1", "shop.py"), ToolReturned("t1", ok=ok, text="read"))
    p.says("claude", TurnEnded(ok=True, subtype="success", text=text), kind=EventType.STATUS)
    p.exits("claude")


def test_a_task_that_asks_for_no_change_has_no_writer_and_is_done_with_an_answer(play: Callable[..., Play]) -> None:
    p = play("claude", no_change=True)
    assert [step.role for step in p.session.steps()] == [Role.ANALYST]
    answers(p, "Two modules.")
    p.measures("claude")
    assert p.session.ending is not None
    assert p.session.ending.outcome is Outcome.DONE
    assert p.wanted(RunChecks) == []
    assert summarise(p.session).answer == "Two modules."


@pytest.mark.parametrize(
    ("text", "ok", "files", "said"),
    [
        pytest.param("", True, (), "no answer", id="no answer"),
        pytest.param("Two.", False, (), "nothing that it read", id="nothing was read"),
        pytest.param("Two.", True, ("a.py",), "asks for no change", id="a change"),
    ],
)
def test_an_answer_that_rests_on_nothing_or_a_change_needs_a_person(
    play: Callable[..., Play], text: str, ok: bool, files: tuple[str, ...], said: str
) -> None:
    p = play("claude", no_change=True)
    answers(p, text, ok=ok)
    p.measures("claude", *files)
    assert p.session.ending is not None
    assert p.session.ending.outcome is Outcome.NEEDS_PERSON
    assert said in p.session.ending.reason
