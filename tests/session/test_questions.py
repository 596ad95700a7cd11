from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.models.effects import FreezeWorker
from orchestrator.models.facts import Warned
from orchestrator.models.identity import WorkerId
from orchestrator.session.draft import Draft
from orchestrator.session.questions import ask, withdraw

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.session.conftest import Play

GEMINI = WorkerId("gemini")


def test_a_question_freezes_its_worker_unless_told_otherwise(play: Callable[..., Play]) -> None:
    p = play("gemini", interactive=True)
    p.start("gemini")
    draft = Draft(p.session, p.at, n=p.session.n + 1)
    ask(draft, "hm?", about=GEMINI, hold=False)
    assert not any(isinstance(effect, FreezeWorker) for effect in draft.wanted)
    ask(draft, "hm?", about=GEMINI)
    assert any(isinstance(effect, FreezeWorker) for effect in draft.wanted)
    assert [question.id for question in draft.session.approvals.questions] == ["q1", "q2"]
    assert p.session.approvals.questions == (), "the session that was given stays as it was"


def test_a_question_that_has_gone_stale_is_withdrawn_openly(play: Callable[..., Play]) -> None:
    p = play("gemini", interactive=True)
    draft = Draft(p.session, p.at, n=p.session.n + 1)
    question = ask(draft, "hm?", about=None)
    withdraw(draft, question.id, "it writes again")
    withdraw(draft, "q99", "nobody asked")
    assert draft.session.approvals.questions == ()
    assert [effect.text for effect in draft.wanted if isinstance(effect, Warned)] == [
        "question q1 is withdrawn: it writes again"
    ]
