from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from orchestrator.models.approvals import Settled
from orchestrator.models.identity import WorkerId
from orchestrator.server.recent_history import RecentHistory
from orchestrator.server.views import review_views, session_view, worker_view
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
