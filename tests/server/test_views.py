from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from orchestrator.models.approvals import Settled
from orchestrator.models.decisions import Action, OrchestratorDecision
from orchestrator.models.facts import Question
from orchestrator.models.identity import ReviewId, WorkerId
from orchestrator.server.recent_history import RecentHistory
from orchestrator.server.shown_words import choice_lines, decision_sentence
from orchestrator.server.views import review_views, session_view, worker_view
from orchestrator.session.review_cycle import ABOUT_CONCERNS
from orchestrator.session.state import Approvals
from tests.server.conftest import Stage


def test_a_session_says_what_is_unknown_as_none(stage: Stage) -> None:
    assert stage.session is not None
    view = session_view(stage.session, live=True)
    assert (view.status, view.live, view.usage.cost_usd, view.entries) == ("running", True, None, stage.length)
    assert [step.depends_on for step in view.steps] == [(), ("gemini",), ("gemini", "claude")]
    assert review_views(stage.session) == ()


def test_a_worker_says_who_it_is_and_what_it_did(stage: Stage) -> None:
    stage.say("reading")
    assert stage.session is not None
    view = worker_view(stage.session, "gemini", RecentHistory().of(WorkerId("gemini")))
    assert (view.title, view.is_main, view.attempt, view.doing) == ("Design the change", True, 1, "reading")
    assert view.argv == ("cli", "--flag")


def test_an_unknown_worker_is_a_key_error(stage: Stage) -> None:
    assert stage.session is not None
    with pytest.raises(KeyError):
        worker_view(stage.session, "nobody", RecentHistory().of(WorkerId("nobody")))


def test_a_settled_question_is_shown_with_its_choices_and_who_answered_what(stage: Stage) -> None:
    assert stage.session is not None
    at = datetime(2026, 11, 30, 7, 0, tzinfo=UTC)
    asked = Settled("q1", "May it \x1b[31mpush?", ("yes", "no"), None, "yes", "dashboard", "ann", at, "it was run")
    (shown,) = session_view(replace(stage.session, approvals=Approvals(settled=(asked,))), live=True).settled
    assert "\x1b" not in shown.text
    assert (shown.choices, shown.answer, shown.by) == (("yes", "no"), "yes", "dashboard")
    assert (shown.who, shown.at, shown.outcome) == ("ann", at, "it was run")


def test_a_settled_question_is_told_in_the_words_in_which_it_was_asked(stage: Stage) -> None:
    assert stage.session is not None
    at = datetime(2026, 11, 30, 7, 0, tzinfo=UTC)
    claude = WorkerId("claude")
    rule, review = "two or more concerns", ReviewId("001-milestone")
    decision = OrchestratorDecision(
        Action.PAUSE_AND_CLARIFY, rule, "standard", review, claude, reasons=("codex: a guess.",)
    )
    asked = Settled(
        "q1", decision.because, ABOUT_CONCERNS, claude, "as sold", "dashboard", "ann", at, "given to claude"
    )
    session = replace(
        stage.session,
        approvals=Approvals(settled=(asked,)),
        assessment=replace(stage.session.assessment, decisions=(decision,)),
    )
    (shown,) = session_view(session, live=True).settled
    question = Question("q1", decision.because, ABOUT_CONCERNS, claude)
    assert shown.text == decision_sentence(decision)
    assert [f"{n}. {text}" for n, text in enumerate(shown.choices, start=1)] == list(choice_lines(question))
    assert shown.choices[0].endswith("your own words are told to claude, which goes on")
