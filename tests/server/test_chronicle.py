from __future__ import annotations

from orchestrator.models.entries import Command, GuardAsked, UserCommand, WorkerExited
from orchestrator.models.events import EventType, Reported, ToolCalled, ToolReturned, TurnEnded, UsageReported
from orchestrator.models.identity import WorkerId
from orchestrator.models.money import Usage
from orchestrator.models.workers import ExitRecord
from orchestrator.server.chronicle import CALLS_KEPT, POINTS_KEPT, Chronicle, Mark
from orchestrator.server.entry_lookup import JournalPages
from orchestrator.session.fold import step
from orchestrator.session.state import Session
from tests.server.conftest import Stage


def told(stage: Stage) -> Chronicle:
    """What a chronicle has kept of the whole journal."""
    pages = JournalPages(stage.folder)
    chronicle = Chronicle()
    session: Session | None = None
    with stage.folder.journal_file.open("rb") as file:
        end = 0
        for line in file:
            end += len(line)
            pages.note(end)
    for entry in pages.entries(1, pages.n):
        before, (session, _) = session, step(session, entry)
        chronicle.note(entry, before, session)
    return chronicle


def marks(stage: Stage, what: str) -> list[Mark]:
    return [mark for mark in told(stage).after(0).marks if mark.what == what]


def call(stage: Stage, number: int, *, ok: bool = True) -> None:
    called = ToolCalled("Bash", f"c{number}", f"Bash: cd {stage.folder.path} && true {number}")
    stage.take(stage.record(called), stage.record(ToolReturned(f"c{number}", ok=ok)))


def test_a_call_is_open_until_it_returns_and_says_how(stage: Stage) -> None:
    call(stage, 1)
    call(stage, 2, ok=False)
    stage.take(stage.record(ToolCalled("Read", "c3", "Read: a.py")))
    assert [(mark.ok, mark.until is not None) for mark in marks(stage, "call")] == [
        (True, True),
        (False, True),
        (None, False),
    ]


def test_a_question_lasts_until_somebody_answers_it_and_says_who(stage: Stage) -> None:
    stage.take(GuardAsked(WorkerId("gemini"), "1", "executable", ("pip", "install", "flask"), "/srv/shop"))
    (asked,) = marks(stage, "question")
    assert (asked.key, asked.until) == ("q1", None)
    assert asked.detail["asked_by"] == "the guard of the sandbox policy default"
    stage.take(UserCommand(Command.ANSWER, by="dashboard", text="yes", question="q1"))
    (asked,) = marks(stage, "question")
    assert asked.until is not None
    assert (asked.detail["answer"], asked.detail["by"]) == ("yes", "dashboard")
    assert [mark.text for mark in marks(stage, "command")] == ["answer, from dashboard"]


def test_a_milestone_begins_a_review_that_has_no_decision_yet(stage: Stage) -> None:
    stage.take(stage.record(Reported("half of it"), kind=EventType.MILESTONE))
    assert [(mark.text, mark.worker) for mark in marks(stage, "milestone")] == [("half of it", "gemini")]
    assert [mark.until for mark in marks(stage, "review")] == [None]


def test_what_is_kept_is_bounded_and_failed_calls_stay(stage: Stage) -> None:
    call(stage, 0, ok=False)
    chronicle = told(stage)
    session = stage.session
    assert session is not None
    (entry,) = stage.journal.append_many([stage.output("x")], stage.at)
    for number in range(1, 3 * CALLS_KEPT):
        events = (
            stage.record(ToolCalled("Bash", f"n{number}", "true")).events[0],
            stage.record(ToolReturned(f"n{number}", ok=True)).events[0],
        )
        for event in events:
            # Written to the disk, a journal of this size would take a minute.
            chronicle._event(entry, event, WorkerId("gemini"), 1)
    timeline = chronicle.after(0)
    calls = [mark for mark in timeline.marks if mark.what == "call"]
    assert len(calls) <= CALLS_KEPT
    assert len(calls) + timeline.calls_left_out == 3 * CALLS_KEPT
    assert [mark.ok for mark in calls].count(False) == 1


def test_spending_keeps_its_last_point(stage: Stage) -> None:
    for _ in range(POINTS_KEPT + 20):
        stage.take(stage.record(UsageReported(Usage(input_tokens=2, output_tokens=1))))
    (spent,) = marks(stage, "spending")
    points = spent.detail["points"]
    assert isinstance(points, list)
    assert len(points) <= POINTS_KEPT
    assert points[-1][1] == 3 * (POINTS_KEPT + 20)


def test_only_what_has_changed_is_told_again(stage: Stage) -> None:
    call(stage, 1)
    chronicle = told(stage)
    assert chronicle.after(stage.length).marks == ()
    newest = max(mark.n for mark in chronicle.after(0).marks)
    assert {mark.n for mark in chronicle.after(newest - 1).marks} == {newest}


def test_a_turn_that_is_over_but_not_measured_yet_has_not_ended_badly(stage: Stage) -> None:
    turn_end = TurnEnded(ok=True, subtype="success", text="done")
    stage.take(stage.record(turn_end, kind=EventType.STATUS))
    stage.take(WorkerExited(WorkerId("gemini"), 1, ExitRecord(0, "empty pid namespace")))

    (turn,) = marks(stage, "turn")

    assert turn.until is not None
    assert turn.ok is None
