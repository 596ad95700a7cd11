"""Sessions that ended in some way, played by hand, and a log of one's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orchestrator.models.changes import ChangeMeasured
from orchestrator.models.effects import CloseSession, Outcome, RunChecks
from orchestrator.models.entries import BaselineMeasured, ChecksMeasured, SessionClosed
from orchestrator.models.identity import SessionId
from orchestrator.models.recorded_outcomes import RecordedOutcome
from orchestrator.models.reviews import Verdict
from orchestrator.models.suite_measurements import SuiteMeasured, SuitesMeasured
from orchestrator.store.derived_outcomes import outcome_of
from orchestrator.store.outcome_log import OutcomeLog
from tests.session.conftest import Play

TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
PASSED = SuiteMeasured("pytest", "pytest", "pyproject.toml", "passed", "12 passed", passed=12)
FAILED = SuiteMeasured("pytest", "pytest", "pyproject.toml", "failed", "3 failed", passed=9, failed=3)
NOT_RUN = SuiteMeasured("pytest", "pytest", "pyproject.toml", "not measured", "its interpreter is missing")


def closed(
    *suites: SuiteMeasured,
    verdict: Verdict = Verdict.APPROVED,
    findings: Sequence[str] = ("1 files changed (+1 -0)",),
    before: Sequence[SuiteMeasured] | None = None,
    tree: str = TREE,
    left: str = TREE,
    outcome: Outcome | None = None,
    checked: bool = True,
    codex: Sequence[str] = ("approved",),
    **options: Any,
) -> Play:
    """A session of the whole team that has come to its end.

    Args:
        suites: What the final review measured.
        before: What was measured before anybody worked.
        tree: What the suites were measured on.
        left: What the session left in its target.
        outcome: How it ended, where that is not how it would.
        checked: Whether the final review came about at all.
        codex: Its verdict, and what it says with it.
    """
    p = Play(
        "gemini", "claude", "codex", measures_final=True, baseline_s=60.0 if before is not None else None, **options
    )
    if before is not None:
        from orchestrator.models.effects import MeasureBaseline

        name, _ = p.last(MeasureBaseline)
        p.take(BaselineMeasured(SuitesMeasured(tuple(before), tree=TREE), name))
    p.done()
    for worker, *files in (["gemini"], ["claude", "a.py"]):
        p.finishes(worker, *files)
        p.done()
    if checked:
        p.snapshot("a.py")
        for name, effect in list(p.effects):
            if isinstance(effect, RunChecks):
                p.take(ChecksMeasured(verdict, tuple(findings), name, SuitesMeasured(suites, tree=tree)))
        p.reviews("codex", *codex)
        p.done()
    closing = [(name, effect) for name, effect in p.effects if isinstance(effect, CloseSession)]
    ended = outcome or (closing[-1][1].outcome if closing else Outcome.FAILED)
    p.take(ChangeMeasured(("a.py",), 1, 0, tree=left))
    p.later(42.0)
    p.take(SessionClosed(ended, "it ended", closing[-1][0] if closing else None))
    return p


def outcome(*suites: SuiteMeasured, number: int = 0, **how: Any) -> RecordedOutcome:
    """What came of such a session; each number is a session of its own."""
    found = outcome_of(closed(*suites, **how).session)
    assert found is not None
    return replace(found, session=SessionId(f"20261121-175811-{number:04x}"))


@pytest.fixture
def log(tmp_path: Path) -> OutcomeLog:
    return OutcomeLog(tmp_path / "state")


@pytest.fixture
def ended() -> Callable[..., RecordedOutcome]:
    return outcome
