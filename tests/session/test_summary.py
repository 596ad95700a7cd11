from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from orchestrator.models.events import UsageReported
from orchestrator.models.money import Usage
from orchestrator.models.suite_measurements import SuitesMeasured
from orchestrator.session import summary
from orchestrator.session.summary import summarise

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.session.conftest import Play


def test_an_unknown_cost_is_said_to_be_unknown_and_never_zero(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex")
    p.start("gemini")
    p.says("gemini", UsageReported(Usage(input_tokens=40, output_tokens=2)))
    summary = summarise(p.session)
    assert summary.usage.total_tokens == 42
    assert summary.usage.cost_usd is None
    assert not summary.cost_complete


def test_workers_bear_what_they_changed_and_the_proof_of_their_end(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex")
    p.finishes("gemini")
    p.finishes("claude", "a.py", "b.py")
    claude = next(worker for worker in summarise(p.session).workers if worker.id == "claude")
    assert claude.files == ("a.py", "b.py")
    assert claude.exit is not None
    assert claude.exit.proof == "empty pid namespace"


def test_a_running_session_has_no_outcome_yet(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex")
    assert summarise(p.session).status == "running"
    assert summarise(p.session).reason == ""


def test_a_suite_that_is_not_run_is_said_once_where_that_has_not_changed(play: Callable[..., Play]) -> None:
    running = summarise(play("gemini", "claude", "codex").session)
    before, after = SuitesMeasured((), not_taken=("docs", "old")), SuitesMeasured((), not_taken=("docs", "new"))

    def not_run(suites: SuitesMeasured | None, baseline: SuitesMeasured | None) -> list[str]:
        lines = summary.tests_in_words(replace(running, suites=suites, baseline=baseline))
        return [line for line in lines if line.startswith("not run")]

    assert not_run(after, before) == ["not run: docs", "not run after the work: new", "not run before the work: old"]
    assert not_run(after, None) == ["not run: docs", "not run: new"]
    assert not_run(None, before) == ["not run: docs", "not run: old"]
    assert not_run(None, None) == []
