from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from orchestrator.models.effects import CloseSession, Outcome, StartWorker
from orchestrator.models.entries import CoordinatorResumed, FollowUp, SessionClosed
from orchestrator.models.events import ConversationStarted
from orchestrator.models.facts import PlanFinished
from orchestrator.models.identity import WorkerId
from orchestrator.models.plan_tree import Strategy, StrategyNode
from orchestrator.models.work import Role
from orchestrator.models.workers import WorkerStatus
from orchestrator.session.replaying import replay
from tests.session.team_play import READERS, answers, closes, node, started, taken_over_anywhere, tree, writes

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.session.conftest import Play

FIRST = WorkerId("claude")


def done(play: Callable[..., Play], *agents: str) -> Play:
    """The built-in team has made its change, and its session is closed."""
    p = play(*(agents or READERS), max_tokens=1_000_000, timeout_s=600.0)
    if len(p.session.steps()) > 2:
        p.start("gemini")
        p.says("gemini", ConversationStarted("g-1"))
        p.works("gemini", "the design")
        p.exits("gemini")
        p.measures("gemini")
    p.start("claude")
    p.says("claude", ConversationStarted("c-1"))
    p.works("claude", "signup.py is there")
    p.exits("claude")
    p.measures("claude", "signup.py")
    p.snapshot("signup.py")
    p.reviews("codex", "approved")
    checks(p)
    assert closes(p).outcome is Outcome.DONE
    return p


def checks(p: Play) -> None:
    """What the orchestrator measures for a final review, where it measures."""
    from orchestrator.models.effects import RunChecks
    from orchestrator.models.entries import ChecksMeasured
    from orchestrator.models.reviews import Verdict

    runs = [name for name, effect in p.effects if isinstance(effect, RunChecks)]
    if runs and (runs[-1].cause, runs[-1].index) in p.session.effects_open:
        p.take(ChecksMeasured(Verdict.APPROVED, ("fine",), runs[-1]))


def asks(p: Play, text: str = "now also cover the empty input", **fields: object) -> None:
    p.later(3600)
    # Each test gives fields of its own.
    p.take(CoordinatorResumed(9, away_s=3600, follow_up=replace(FollowUp(text), **fields)))  # type: ignore[arg-type]


def test_the_same_team_goes_on_in_its_own_conversations(play: Callable[..., Play]) -> None:
    p = done(play)
    asks(p, changed=("notes.txt",))
    (start,) = p.wanted(StartWorker)[3:]
    assert (start.worker, start.attempt, start.assignment.resume) == ("gemini", 2, "g-1")
    prompt = start.assignment.prompt
    assert "now also cover the empty input" in prompt
    assert "Add input validation" in prompt, "what it goes on from is told as well"
    assert "notes.txt" in prompt
    assert "a conversation that does not go on" not in prompt
    p.finishes("gemini", text="another design")
    assert p.last(StartWorker)[1].assignment.resume == "c-1"
    assert "another design" in p.last(StartWorker)[1].assignment.prompt
    p.finishes("claude", "signup.py")
    p.snapshot("signup.py")
    review = p.last(StartWorker)[1]
    assert (review.worker, review.assignment.resume) == ("codex", None), "each review is asked anew"
    assert "now also cover the empty input" in review.assignment.prompt
    p.reviews("codex", "approved")
    checks(p)
    assert closes(p).outcome is Outcome.DONE
    assert [one.text for one in p.session.follow_ups] == ["now also cover the empty input"]
    assert len(p.session.assessment.reviews) == 2


def test_a_follow_up_that_changes_nothing_is_not_done_by_what_was_done_before(play: Callable[..., Play]) -> None:
    p = done(play)
    asks(p)
    p.finishes("gemini")
    p.finishes("claude")
    assert p.session.workers[FIRST].status is WorkerStatus.UNPROVEN
    assert p.session.closed is None


def test_a_worker_whose_conversation_is_not_there_is_told_in_short_what_it_did(play: Callable[..., Play]) -> None:
    p = done(play, "claude", "codex")
    asks(p)
    p.start("claude")
    first = p.session.details[FIRST].first_prompt
    assert "signup.py is there" in first
    assert "now also cover the empty input" in first
    assert "You had changed: signup.py" in first


def test_one_that_named_no_conversation_begins_anew_and_that_is_said(play: Callable[..., Play]) -> None:
    p = play(*READERS, plan=tree(Strategy.SEQUENTIAL, "a"), no_change=True)
    answers(p, "a", "seven faults")
    assert closes(p).outcome is Outcome.DONE
    asks(p, "and in the tests?")
    start = p.last(StartWorker)[1]
    assert start.assignment.resume is None
    assert "seven faults" in start.assignment.prompt
    assert any(warning.startswith("a begins anew") for warning in p.session.warnings)


def test_a_plan_of_ones_own_runs_once_more_and_comes_to_a_result_of_its_own(play: Callable[..., Play]) -> None:
    plan = StrategyNode(Strategy.SEQUENTIAL, (node("thinker"), node("writer", access="write")))
    p = play(*READERS, plan=plan)
    answers(p, "thinker", "first thought")
    writes(p, "writer", "a.py")
    p.snapshot("a.py")
    p.reviews("reviewer", "approved")
    assert closes(p).outcome is Outcome.DONE
    asks(p)
    answers(p, "thinker", "second thought")
    assert "second thought" in p.last(StartWorker)[1].assignment.prompt
    writes(p, "writer", "b.py")
    p.snapshot("a.py", "b.py")
    p.reviews("reviewer", "approved")
    assert closes(p).outcome is Outcome.DONE
    assert len(p.wanted(PlanFinished)) == 2
    assert started(p) == ["thinker", "writer", "reviewer"] * 2
    assert {state.role for state in p.session.workers.values()} == {Role.ANALYST, Role.IMPLEMENTER, Role.REVIEWER}
    assert taken_over_anywhere(p) > 10


def test_time_and_budget_count_from_the_follow_up_on(play: Callable[..., Play]) -> None:
    p = done(play)
    p.later(3600)
    p.take(CoordinatorResumed(9, away_s=3600, max_tokens=1_234, follow_up=FollowUp("more", timeout_s=60.0)))
    assert (p.session.options.max_tokens, p.session.options.timeout_s) == (1_234, 60.0)
    assert p.session.timed_from == p.at


def test_a_kill_within_a_follow_up_loses_nothing(play: Callable[..., Play]) -> None:
    p = done(play)
    asks(p)
    p.start("gemini")
    p.says("gemini", ConversationStarted("g-1"))
    p.exits("gemini", code=None, by="orphaned")
    p.take(CoordinatorResumed(10))
    again = p.last(StartWorker)[1]
    assert (again.worker, again.assignment.resume) == ("gemini", "g-1")
    assert p.session.follow_ups[-1].text == "now also cover the empty input"
    assert replay(p.entries).unrecorded == ()


def test_a_conversation_that_turns_out_to_be_gone_is_begun_anew_with_all_that_it_takes(
    play: Callable[..., Play],
) -> None:
    from orchestrator.models.events import EventType, Failed

    p = done(play)
    asks(p)
    p.finishes("gemini")
    p.start("claude")
    p.says("claude", Failed("No conversation found with session ID: c-1"), kind=EventType.ERROR)
    p.exits("claude", code=1)
    start = p.last(StartWorker)[1]
    assert (start.worker, start.assignment.resume) == ("claude", None)
    assert start.assignment.prompt.count("now also cover the empty input") == 1
    assert "signup.py is there" in start.assignment.prompt


def test_the_end_of_a_follow_up_is_an_end_like_any_other(play: Callable[..., Play]) -> None:
    p = done(play, "claude", "codex")
    asks(p)
    p.finishes("claude", "signup.py")
    p.snapshot("signup.py")
    p.reviews("codex", "approved")
    checks(p)
    name, close = p.last(CloseSession)
    p.take(SessionClosed(close.outcome, close.reason, name))
    asks(p, "and again")
    assert [one.text for one in p.session.follow_ups] == ["now also cover the empty input", "and again"]
    prompt = p.last(StartWorker)[1].assignment.prompt
    assert "now also cover the empty input" in prompt
    assert "Add input validation" in prompt
