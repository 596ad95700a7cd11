"""When a session is done its agents may be asked how it went; whatever they answer, nothing is decided by it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from orchestrator.models.effects import CloseSession, StartWorker, StopWorker
from orchestrator.models.entries import (
    JOURNAL_ENTRY,
    Command,
    CoordinatorResumed,
    FollowUp,
    SessionClosed,
    StartFailed,
    TimePassed,
    UserCommand,
)
from orchestrator.models.events import ConversationStarted, EventType, ToolCalled, TurnEnded, UsageReported
from orchestrator.models.facts import DecisionMade, FeedbackAsked, FeedbackGiven
from orchestrator.models.identity import WorkerId
from orchestrator.models.money import Usage
from orchestrator.models.work import Role
from orchestrator.session.clock import next_deadline
from orchestrator.session.replaying import replay
from orchestrator.session.summary import summarise
from orchestrator.tuning.session_measures import FeedbackMeasure, measures_of
from tests.session.conftest import Play

GOOD = {"clarity": 4, "workflow": 5, "change": "nothing", "note": "It went well."}


def done(*, feedback: bool = True, **options: Any) -> Play:
    """A session whose three agents have done their part."""
    p = Play("gemini", "claude", "codex", feedback=feedback, **options)
    for worker in ("gemini", "claude"):
        p.start(worker)
        p.says(worker, ConversationStarted(f"c-{worker}"))
        p.works(worker)
        p.exits(worker)
        p.measures(worker, *(("a.py",) if worker == "claude" else ()))
    p.snapshot("a.py")
    p.start("codex")
    p.says("codex", ConversationStarted("c-codex"))
    reply = {"verdict": "approved", "summary": "fine", "points": []}
    p.says("codex", TurnEnded(ok=True, subtype="success", reply=reply), kind=EventType.STATUS)
    p.exits("codex")
    return p


def answers(p: Play, worker: str, text: str) -> None:
    p.start(worker)
    p.says(worker, TurnEnded(ok=True, subtype="success", text=text), kind=EventType.STATUS)
    p.exits(worker)


def given(p: Play) -> dict[str, str]:
    return {one.worker: one.words for one in p.wanted(FeedbackGiven)}


def test_the_agents_are_asked_in_their_conversations_and_may_write_nothing() -> None:
    p = done()
    assert p.wanted(FeedbackAsked)[0].workers == ("gemini", "claude", "codex")
    assert not p.wanted(CloseSession)
    asked = [one for one in p.wanted(StartWorker) if one.attempt == 2]
    assert [one.assignment.resume for one in asked] == ["c-gemini", "c-claude", "c-codex"]
    for one in asked:
        assert one.assignment.role is Role.ANALYST
        assert p.session.options.target not in one.assignment.writable
        assert one.assignment.reply_schema is not None
    for worker in ("gemini", "claude", "codex"):
        answers(p, worker, f"Here: {json.dumps(GOOD)}")
    assert given(p)["claude"] == "clarity 4 of 5, workflow 5 of 5, would change: nothing; It went well."
    (closed,) = p.wanted(CloseSession)
    assert closed.outcome == "done"
    assert replay(p.entries).session == p.session


def test_the_work_stands_as_it_was() -> None:
    plain, asked = done(feedback=False), done()
    for worker in ("gemini", "claude", "codex"):
        answers(asked, worker, json.dumps(GOOD))
    for before, after in zip(summarise(plain.session).workers, summarise(asked.session).workers, strict=True):
        assert (after.status, after.why, after.answer, after.files) == (
            before.status,
            before.why,
            before.answer,
            before.files,
        )
        assert (after.tool_calls, after.calls_returned, after.attempts) == (
            before.tool_calls,
            before.calls_returned,
            before.attempts + 1,
        )


@pytest.mark.parametrize("text", [json.dumps(GOOD), "rubbish", json.dumps({**GOOD, "change": "stop everything"}), ""])
def test_no_answer_decides_anything(text: str) -> None:
    plain, asked = done(feedback=False), done()
    for worker in ("gemini", "claude", "codex"):
        answers(asked, worker, text)
    assert asked.wanted(DecisionMade) == plain.wanted(DecisionMade)
    assert asked.wanted(CloseSession) == plain.wanted(CloseSession)
    kept = [one for _, one in asked.effects if not isinstance(one, FeedbackAsked | FeedbackGiven)]
    kept = [one for one in kept if not (isinstance(one, StartWorker) and one.attempt == 2)]
    assert kept == [one for _, one in plain.effects]
    assert asked.session.assessment == plain.session.assessment
    assert asked.session.ending == plain.session.ending


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "holds no JSON object"),
        ("It went well.", "holds no JSON object"),
        ('{"clarity": 4}', "does not fit its schema"),
        (json.dumps({**GOOD, "clarity": 6}), "does not fit its schema"),
        (json.dumps({**GOOD, "clarity": "4"}), "does not fit its schema"),
        (json.dumps({**GOOD, "change": "a coup"}), "does not fit its schema"),
    ],
)
def test_a_malformed_answer_is_said(text: str, why: str) -> None:
    p = done()
    answers(p, "claude", text)
    assert why in given(p)["claude"]


def test_whoever_does_not_answer_in_time_is_stopped_and_the_session_ends_done() -> None:
    p = done()
    for worker in ("gemini", "claude", "codex"):
        p.start(worker)
    due = next_deadline(p.session)
    assert due == p.at + timedelta(seconds=90)
    p.at = due
    p.take(TimePassed())
    assert {one.worker for one in p.wanted(StopWorker)} == {"gemini", "claude", "codex"}
    for worker in ("gemini", "claude", "codex"):
        p.exits(worker, None, by="stop")
    assert given(p)["gemini"] == "no answer that counts: it did not answer in time"
    assert p.wanted(CloseSession)[0].outcome == "done"


def test_whoever_works_instead_of_answering_is_stopped() -> None:
    p = done()
    for worker in ("gemini", "claude", "codex"):
        p.start(worker)
    for number in range(4):
        p.says("claude", ToolCalled("Bash", f"b{number}", "ls"))
    p.says("gemini", UsageReported(Usage(output_tokens=4_001)))
    assert {one.worker for one in p.wanted(StopWorker)} == {"gemini", "claude"}


def test_stopping_the_session_waits_for_no_answer_and_changes_no_outcome() -> None:
    p = done()
    p.start("claude")
    p.take(UserCommand(Command.STOP, by="Ctrl-C"))
    assert p.wanted(StopWorker)[0].worker == "claude"
    p.exits("claude", None, by="stop")
    for worker in ("gemini", "codex"):  # their start was under way
        p.start(worker)
        p.exits(worker, None, by="stop")
    assert given(p)["claude"] == "no answer that counts: stopped by Ctrl-C"
    assert p.wanted(CloseSession)[0].outcome == "done"


def test_one_that_cannot_be_started_is_no_lost_agent() -> None:
    p = done()
    name, effect = next((name, one) for name, one in reversed(p.effects) if isinstance(one, StartWorker))
    p.take(StartFailed(effect.worker, effect.attempt, "no disk", name))
    assert p.session.lost == {}
    assert given(p)[effect.worker].endswith("no disk")


def test_a_coordinator_that_takes_over_asks_nobody_again() -> None:
    p = done()
    p.start("claude")
    p.take(CoordinatorResumed(1, alive=(WorkerId("claude"),)))
    p.exits("claude", None, by="stop")
    for worker in ("gemini", "codex"):
        p.start(worker)
        p.exits(worker, None, by="stop")
    assert len(p.wanted(FeedbackAsked)) == 1
    assert p.wanted(CloseSession)[-1].outcome == "done", p.session.ending
    assert replay(p.entries).session == p.session


def test_a_follow_up_is_the_sessions_own_work_again() -> None:
    p = done()
    for worker in ("gemini", "claude", "codex"):
        answers(p, worker, json.dumps(GOOD))
    name, effect = p.last(CloseSession)
    p.take(SessionClosed(effect.outcome, effect.reason, name))
    p.take(CoordinatorResumed(2, follow_up=FollowUp("and now the tests")))
    assert p.session.feedback.before == {}
    assert len(p.session.feedback.given) == 3
    assert p.last(StartWorker)[1].worker == "gemini"


def test_without_a_conversation_or_after_a_failure_nobody_is_asked(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex", feedback=True)
    p.finishes("gemini")
    p.finishes("claude", "a.py")
    p.snapshot("a.py")
    p.reviews("codex", "approved")
    assert p.wanted(FeedbackAsked)[0].workers == ()
    assert p.wanted(CloseSession)
    failed = play("claude", feedback=True)
    failed.take(UserCommand(Command.STOP, by="Ctrl-C"))
    assert not failed.wanted(FeedbackAsked)


def test_what_is_measured_of_a_session_leaves_it_out() -> None:
    found = []
    for feedback in (False, True):
        p = done(feedback=feedback)
        if feedback:
            p.later(40)
            for worker in ("gemini", "claude", "codex"):
                answers(p, worker, json.dumps(GOOD))
        name, effect = p.last(CloseSession)
        p.take(SessionClosed(effect.outcome, effect.reason, name))
        found.append(measures_of([JOURNAL_ENTRY.dump_json(one, exclude_none=True) + b"\n" for one in p.entries]))
    plain, asked = found
    assert asked.feedback == tuple(FeedbackMeasure(one, 4, 5, "nothing") for one in ("gemini", "claude", "codex"))
    for figure in ("ran_s", "handoffs", "failed_handoffs", "wall_s", "behaviours", "lost_workers"):
        assert getattr(asked, figure) == getattr(plain, figure), figure
