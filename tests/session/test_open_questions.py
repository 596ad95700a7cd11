from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.models.entries import Command, GuardAsked, UserCommand
from orchestrator.models.events import Denied, EventType
from orchestrator.models.identity import WorkerId
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.session.open_questions import open_questions
from orchestrator.session.summary import status_of, summarise, waited_for_person_s, waits_for_person

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.session.conftest import Play

CLAUDE = WorkerId("claude")


def test_concerns_are_asked_by_the_policy_with_what_each_reviewer_said(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex", interactive=True)
    p.finishes("gemini")
    p.start("claude")
    assert (status_of(p.session), waits_for_person(p.session)) == ("running", False)
    p.reports("claude", EventType.MILESTONE, "half of it stands")
    p.snapshot("a.py")
    p.reviews("review-001-gemini", "concerns", "which regex?")
    p.reviews("review-001-codex", "concerns", "no test")

    (question,) = open_questions(p.session)

    assert question.asked_by == "the review policy standard"
    assert question.points == ("gemini (concerns): which regex?", "codex (concerns): no test")
    assert not question.consent
    assert (status_of(p.session), waits_for_person(p.session)) == ("waits_for_you", True)
    assert summarise(p.session).questions == (question,)


def test_a_command_that_waits_is_asked_about_by_the_guard(play: Callable[..., Play]) -> None:
    sandbox = SandboxConfig(name="default", confirm_commands=("make deploy",))
    p = play("claude", interactive=True, sandbox=sandbox)
    p.start("claude")
    p.take(GuardAsked(CLAUDE, "r1", "executable", ("make", "deploy"), "/t"))

    (question,) = open_questions(p.session)

    assert question.asked_by == "the guard of the sandbox policy default"
    assert question.consent


def test_a_blocker_that_nobody_can_look_at_is_asked_by_the_agent_itself(play: Callable[..., Play]) -> None:
    p = play("claude", interactive=True)
    p.start("claude")
    p.reports("claude", EventType.BLOCKER, "which database?")

    (question,) = open_questions(p.session)

    assert (question.asked_by, question.points) == ("claude", ())


def test_an_error_that_a_person_must_clear_is_asked_by_the_permission_recovery(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex", interactive=True)
    p.start("gemini")
    denial = Denied("Path must be within one of the workspace directories: /etc")
    p.says("gemini", denial, kind=EventType.ERROR)

    (question,) = open_questions(p.session)

    assert question.asked_by == "the permission recovery"


def test_a_session_that_ended_with_a_question_waits_for_nobody(play: Callable[..., Play]) -> None:
    p = play("claude")
    p.start("claude")
    p.reports("claude", EventType.BLOCKER, "which database?")

    assert p.session.approvals.questions
    assert not waits_for_person(p.session)


def test_how_long_a_person_was_waited_for_is_known(play: Callable[..., Play]) -> None:
    p = play("claude", interactive=True, sandbox=SandboxConfig(name="default", confirm_commands=("make deploy",)))
    p.start("claude")
    p.take(GuardAsked(CLAUDE, "r1", "executable", ("make", "deploy"), "/t"))
    asked = p.session.now
    p.take(UserCommand(Command.ANSWER, by="terminal", text="yes", question="q1"))
    (settled,) = p.session.approvals.settled
    p.take(GuardAsked(CLAUDE, "r2", "executable", ("make", "deploy", "x"), "/t"))
    begun, summary = p.session.now, summarise(p.session)

    assert settled.asked_at == asked
    assert settled.asked_at is not None
    assert [question.asked_at for question in summary.questions] == [begun]
    assert waited_for_person_s(summary) == (settled.at - settled.asked_at).total_seconds()
