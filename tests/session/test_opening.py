from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.models.effects import CloseSession, Outcome, RunChecks, StartWorker
from orchestrator.models.entries import ChecksMeasured
from orchestrator.models.identity import WorkerId
from orchestrator.models.reviews import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.session.conftest import Play


def test_without_a_design_the_work_goes_on_and_says_so(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex")
    p.start("gemini")
    p.exits("gemini", 1)
    assert p.last(StartWorker)[1].worker == WorkerId("claude")
    assert any("without a design" in warning for warning in p.session.warnings)


def test_with_no_agent_at_all_a_person_is_needed_and_nothing_is_started(play: Callable[..., Play]) -> None:
    p = play()
    p.done()
    assert p.wanted(StartWorker) == []
    assert p.last(CloseSession)[1].outcome is Outcome.NEEDS_PERSON


def test_without_a_reviewer_the_orchestrator_reviews_by_measuring(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude")
    p.finishes("gemini")
    p.finishes("claude", "a.py")
    name, _ = p.last(RunChecks)
    p.take(ChecksMeasured(Verdict.APPROVED, ("1 files changed",), name))
    p.done()
    assert p.last(CloseSession)[1].outcome is Outcome.DONE
