"""Decide whether a milestone is worth a review of others, by the rule that the session was opened with."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from orchestrator.models.identity import WorkerId
from orchestrator.session.state import Session

TIMEBOX: Final = timedelta(minutes=15)
"""``timeboxed``: at most one review of a worker's milestones in so long a time."""
ACCEPTED_IN_A_ROW: Final = 2
"""``threshold``: after so many reviews in a row that let a worker go on, its milestones are trusted."""


def spared_by_frequency(session: Session, worker: WorkerId, at: datetime) -> str:
    """Why this milestone is not reviewed now; empty where it is.

    What is spared is reviewed with the rest at the end; blockers and what a worker asks for are never spared.
    """
    frequency = session.options.consensus_frequency
    reviews = [one for one in session.assessment.reviews.values() if one.request.about == worker]
    if frequency == "critical_only":
        return "only what is critical is (consensus_frequency critical_only)"
    if frequency == "timeboxed" and reviews and at - reviews[-1].request.asked_at < TIMEBOX:
        return f"the last review was less than {TIMEBOX.total_seconds() / 60:.0f} minutes ago (timeboxed)"
    if frequency == "threshold":
        decided = [one.decision for one in reviews if one.decision is not None][-ACCEPTED_IN_A_ROW:]
        if len(decided) == ACCEPTED_IN_A_ROW and all(one.action == "continue" for one in decided):
            return f"the last {ACCEPTED_IN_A_ROW} reviews let it go on (threshold)"
    return ""
