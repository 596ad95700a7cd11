from __future__ import annotations

from datetime import UTC, datetime

import pytest

from orchestrator.models.decisions import Action, OrchestratorDecision
from orchestrator.models.effects import EffectId, SaveReview
from orchestrator.models.entries import (
    JOURNAL_ENTRY,
    JOURNAL_FORMAT,
    Body,
    Derived,
    JournalEntry,
    Wanted,
    WorkerExited,
    as_derived,
)
from orchestrator.models.facts import DecisionMade
from orchestrator.models.identity import ReviewId, WorkerId
from orchestrator.models.reviews import ReviewRequest, Trigger
from orchestrator.models.workers import ExitRecord

NOW = datetime(2026, 11, 21, 17, 58, 11, tzinfo=UTC)
ABOUT_NOBODY = ReviewRequest(ReviewId("001-manual"), Trigger.MANUAL, None, "", (), NOW, NOW)
UNDECIDED = OrchestratorDecision(Action.CONTINUE, "a rule", "standard", None, None)


def intended(wanted: Wanted) -> Derived:
    return as_derived(EffectId(1, 0), wanted, format_=JOURNAL_FORMAT)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(intended(SaveReview(ABOUT_NOBODY, (), UNDECIDED)), id="a review of the session as a whole"),
        pytest.param(intended(DecisionMade(UNDECIDED)), id="a decision without a review"),
        pytest.param(WorkerExited(WorkerId("claude"), 1, ExitRecord(None, "none")), id="a shim that was lost"),
    ],
)
def test_what_is_left_out_because_it_is_none_is_read_back_as_none(body: Body) -> None:
    entry = JournalEntry(1, NOW, body)
    assert JOURNAL_ENTRY.validate_json(JOURNAL_ENTRY.dump_json(entry, exclude_none=True)) == entry
