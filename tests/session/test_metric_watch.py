"""Metrics of a running session are held against its conditions, and what these call for is done, once and on record."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from orchestrator.models.effects import FreezeWorker, StopWorker, TakeSnapshot
from orchestrator.models.entries import ClockMoved, Command, SnapshotTaken, TimePassed, UserCommand
from orchestrator.models.escalation import DEFAULTS, conditions_of
from orchestrator.models.events import EventType, ToolCalled, ToolReturned, UsageReported
from orchestrator.models.facts import Escalated, PersonAsked
from orchestrator.models.money import Usage
from orchestrator.session.clock import next_deadline
from orchestrator.session.metric_watch import ABOUT_ESCALATION, MOST_TIMES
from orchestrator.session.open_questions import open_questions
from orchestrator.session.replaying import replay
from orchestrator.tuning.behaviours import LATEST_CALLS
from tests.session.conftest import START, Play

TEAM = ("gemini", "claude", "codex")


def begun(*conditions: str, interactive: bool = True) -> Play:
    p = Play(*TEAM, watch_rules=1, escalations=conditions_of(conditions), interactive=interactive, max_review_rounds=9)
    p.start("gemini")
    return p


def calls(p: Play, worker: str, failed: int, good: int = 0) -> None:
    for number, ok in enumerate([False] * failed + [True] * good):
        p.says(worker, ToolCalled("shell", f"t{number}", f"ls {number}", command=f"ls {number}"))
        p.says(worker, ToolReturned(f"t{number}", ok=ok, text=f"answer {number}"))


def ticks(p: Play, seconds: float) -> None:
    """Time passes, and the coordinator wakes the session at each deadline it names."""
    until = p.at + timedelta(seconds=seconds)
    while (due := next_deadline(p.session)) is not None and due <= until:
        p.at = max(p.at, due)
        p.take(TimePassed())
    p.at = until


def test_a_share_beyond_its_threshold_is_told_when_it_has_lasted() -> None:
    p = begun("failed_tool_share > 0.5 for 30s: notice")
    calls(p, "gemini", LATEST_CALLS)
    began = len(p.entries) - 1
    ticks(p, 29)
    assert not p.wanted(Escalated)
    ticks(p, 2)
    (one,) = p.wanted(Escalated)
    assert (one.worker, one.value, one.rule) == ("gemini", 1.0, "failed_tool_share > 0.5 for 30s: notice")
    assert one.entries[0] in range(began - 1, began + 2)
    assert one.words in p.session.warnings
    assert replay(p.entries).session.watch == p.session.watch
    ticks(p, 40)
    assert len(p.wanted(Escalated)) == 1


def test_one_that_falls_back_in_time_calls_for_nothing() -> None:
    p = begun("failed_tool_share > 0.5 for 30s: stop")
    calls(p, "gemini", LATEST_CALLS)
    ticks(p, 20)
    calls(p, "gemini", 0, good=LATEST_CALLS)
    ticks(p, 20)
    assert not p.wanted(Escalated)
    assert p.session.ending is None


def test_at_the_threshold_it_is_not_beyond_it() -> None:
    p = begun("failed_tool_share > 0.5: stop")
    calls(p, "gemini", LATEST_CALLS // 2, good=LATEST_CALLS // 2)
    assert p.session.ending is None


def test_a_person_is_asked_by_name_of_the_rule_and_the_worker_is_held() -> None:
    p = begun("failed_tool_share > 0.5: ask_person")
    calls(p, "gemini", LATEST_CALLS)
    (question,) = p.session.approvals.questions
    assert (question.about, question.suggestions) == ("gemini", ABOUT_ESCALATION)
    (shown,) = open_questions(p.session)
    assert shown.asked_by == "the escalation rule failed_tool_share > 0.5 for 0s: ask_person"
    assert [one.worker for one in p.wanted(FreezeWorker)] == ["gemini"]
    p.take(UserCommand(Command.ANSWER, by="terminal", text="go on", question=question.id))
    assert not p.session.approvals.questions
    assert len(p.wanted(Escalated)) == 1


def test_without_a_person_it_ends_with_code_3() -> None:
    p = begun("failed_tool_share > 0.5: ask_person", interactive=False)
    calls(p, "gemini", LATEST_CALLS)
    assert p.session.ending is not None
    assert p.session.ending.outcome == "needs_person"


def test_a_review_can_be_required() -> None:
    p = begun("failed_tool_share > 0.5: require_review")
    calls(p, "gemini", LATEST_CALLS)
    (review,) = p.session.assessment.reviews.values()
    assert (review.request.about, review.request.trigger) == ("gemini", "request")
    assert p.wanted(Escalated)[0].words == review.request.text
    assert set(review.request.reviewers) == {"claude", "codex"}


def test_the_session_can_be_stopped() -> None:
    p = begun("failed_tool_share > 0.5: stop")
    calls(p, "gemini", LATEST_CALLS)
    assert p.session.ending is not None
    assert p.session.ending.outcome == "needs_person"
    assert "rule: failed_tool_share > 0.5 for 0s: stop" in p.session.ending.reason
    assert [one.worker for one in p.wanted(StopWorker)] == ["gemini"]


def test_tokens_count_from_the_last_sign_of_progress() -> None:
    p = begun("tokens_without_progress > 1000: notice")
    for _ in range(3):
        p.says("gemini", UsageReported(Usage(input_tokens=900)))
        p.says("gemini", ToolCalled("write_file", "w", "a.py", path=f"/t/{len(p.entries)}.py"))
    assert not p.wanted(Escalated)
    p.says("gemini", UsageReported(Usage(input_tokens=900)))
    p.says("gemini", ToolCalled("read_file", "r", "a.py", path="/t/a.py"))
    p.says("gemini", UsageReported(Usage(input_tokens=101)))
    (one,) = p.wanted(Escalated)
    assert one.value == 1001.0


def test_rounds_of_reviews_count_since_a_person_was_heard() -> None:
    p = begun("review_rounds > 1: notice")
    p.works("gemini")
    p.exits("gemini")
    p.measures("gemini")
    p.start("claude")

    def milestone(number: int) -> None:
        p.reports("claude", EventType.MILESTONE, f"step {number} is done")
        name, _ = p.last(TakeSnapshot)
        p.take(SnapshotTaken("+", ("a.py",), 400, 0, name))
        for worker in [one for one in p.session.workers if one.startswith(f"review-{number:03}")]:
            p.reviews(worker, "approved")

    milestone(1)
    p.take(UserCommand(Command.PAUSE, by="terminal"))
    p.take(UserCommand(Command.RESUME, by="terminal"))
    milestone(2)
    assert not p.wanted(Escalated)
    milestone(3)
    (one,) = p.wanted(Escalated)
    assert (one.worker, one.value) == ("claude", 2.0)


@pytest.mark.parametrize(("most", "told"), [(0, 1), (1, 0)])
def test_what_the_queries_find_is_counted(most: int, told: int) -> None:
    p = begun(f"antipatterns > {most}: notice")
    for _ in range(5):
        p.says("gemini", ToolCalled("shell", "1", "ls", command="ls"))
        p.says("gemini", ToolReturned("1", ok=True, text="x"))
    assert len(p.wanted(Escalated)) == told


def test_what_goes_to_and_fro_acts_a_few_times_only() -> None:
    p = begun("failed_tool_share > 0.5: notice")
    for _ in range(9):
        calls(p, "gemini", LATEST_CALLS)
        calls(p, "gemini", 0, good=LATEST_CALLS)
    assert len(p.wanted(Escalated)) == MOST_TIMES


def test_time_in_which_the_worker_stands_still_or_the_machine_sleeps_does_not_count() -> None:
    p = begun("failed_tool_share > 0.5 for 60s: notice")
    calls(p, "gemini", LATEST_CALLS)
    p.take(UserCommand(Command.PAUSE, by="terminal"))
    ticks(p, 3600)
    p.take(UserCommand(Command.RESUME, by="terminal"))
    ticks(p, 30)
    p.later(7200)
    p.take(ClockMoved(7200))
    ticks(p, 20)
    assert not p.wanted(Escalated)
    ticks(p, 60)
    assert len(p.wanted(Escalated)) == 1


def test_the_defaults_decide_nothing(play: Callable[..., Play]) -> None:
    plain, watched = play(*TEAM), play(*TEAM, watch_rules=1, escalations=conditions_of(DEFAULTS))
    for p in (plain, watched):
        p.start("gemini")
        calls(p, "gemini", 40)
        ticks(p, 700)
    assert watched.wanted(Escalated)
    kept = [(one, wanted) for one, wanted in watched.effects if not isinstance(wanted, Escalated)]
    assert [wanted for _, wanted in kept] == [wanted for _, wanted in plain.effects]
    assert not watched.wanted(PersonAsked)
    assert watched.at > START
