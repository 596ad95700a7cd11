"""Journals that older versions wrote are folded to what was decided when they were written.

A difference from ``results.json`` means that sessions of users would be read differently from now on.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from orchestrator.journal.reader import read_journal
from orchestrator.models.entries import SessionOpened
from orchestrator.session.fold import step
from orchestrator.session.replaying import replay
from orchestrator.session.state import Session

JOURNALS = Path(__file__).parents[1] / "recordings" / "journals"
RESULTS: dict[str, Any] = json.loads((JOURNALS / "results.json").read_text())
MADE_UP = frozenset({"format-1"})
"""Written by hand to show each kind of entry once: no session ever derived it, and it is only read."""
FOLDED = sorted(path.stem for path in JOURNALS.glob("*.jsonl") if path.stem not in MADE_UP)


def results_of(path: Path) -> dict[str, Any]:
    """What the fold makes of a journal, in words that outlive the names of its fields."""
    session: Session | None = None
    for entry in read_journal(path):
        session, _ = step(session, entry)
    assert session is not None
    return {
        "format": next(e.body.format for e in read_journal(path) if isinstance(e.body, SessionOpened)),
        "entries": session.n,
        "decisions": [f"{one.review}: {one.action}: {one.rule}" for one in session.assessment.decisions],
        "workers": {w.id: f"{w.status}: {w.why}; attempt {w.attempt}" for w in session.workers.values()},
        "warnings": list(session.warnings),
        "recoveries": [f"{one.worker}: {one.rule}" for one in session.recoveries],
        "questions": [f"{one.id}: {one.text}" for one in session.approvals.questions],
        "ended": f"{session.closed.outcome}: {session.closed.reason}" if session.closed else None,
    }


@pytest.mark.parametrize("name", FOLDED)
def test_a_journal_is_folded_to_what_was_decided_then(name: str) -> None:
    assert results_of(JOURNALS / f"{name}.jsonl") == RESULTS[name]


@pytest.mark.parametrize("name", FOLDED)
def test_every_effect_that_was_recorded_is_derived_again(name: str) -> None:
    result = replay(read_journal(JOURNALS / f"{name}.jsonl"))
    assert result.unrecorded == ()
    assert result.effects > 0
