"""Decide whether a milestone is worth a review of others, by the rule that the session was opened with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from orchestrator.models.facts import FrequencyChanged
from orchestrator.models.identity import WorkerId
from orchestrator.session.draft import Draft
from orchestrator.session.state import ReviewState, Session

TIMEBOX: Final = timedelta(minutes=15)
"""``timeboxed``: at most one review of a worker's milestones in so long a time."""
ACCEPTED_IN_A_ROW: Final = 2
"""``threshold``: after so many reviews in a row that let a worker go on, its milestones are trusted."""


def spared_by_frequency(session: Session, worker: WorkerId, at: datetime) -> str:
    """Why this milestone is not reviewed now; empty where it is.

    What is spared is reviewed with the rest at the end; blockers and what a worker asks for are never spared.
    """
    reviews = [one for one in session.assessment.reviews.values() if one.request.about == worker]
    asked_at = reviews[-1].request.asked_at if reviews else None
    actions = [one.decision.action for one in reviews if one.decision is not None]
    return spared_under(session.options.consensus_frequency, asked_at, actions, at=at)


def spared_under(frequency: str, asked_at: datetime | None, actions: Sequence[str], *, at: datetime) -> str:
    """Why a milestone is not reviewed under this rule; empty where it is.

    Args:
        asked_at: When the worker's last review was asked for.
        actions: What its decided reviews came to, oldest first.
        at: When it reports the milestone.
    """
    if frequency == "critical_only":
        return "only what is critical is (consensus_frequency critical_only)"
    if frequency == "timeboxed" and asked_at is not None and at - asked_at < TIMEBOX:
        return f"the last review was less than {TIMEBOX.total_seconds() / 60:.0f} minutes ago (timeboxed)"
    if frequency == "threshold" and _are_trusted(actions[-ACCEPTED_IN_A_ROW:]):
        return f"the last {ACCEPTED_IN_A_ROW} reviews let it go on (threshold)"
    return ""


def note_frequency(draft: Draft) -> None:
    """Put on record, with a decision, that a worker's milestones are reviewed more or less often from now on.

    Only ``threshold`` changes within a session; which rule it is stands in entry 1, and neither tuning nor anybody else
    can put another in its place.
    """
    session = draft.session
    for worker in dict.fromkeys(decision.about for decision in session.assessment.decisions[-2:]):
        if worker is None:
            continue
        latest = _latest([one for one in session.assessment.reviews.values() if one.request.about == worker])
        now, was = _is_trusted(latest), worker in session.watch.trusted
        if now is was:
            continue
        draft.watch.trusted = session.watch.trusted - {worker} if was else session.watch.trusted | {worker}
        names = tuple(one.request.id for one in latest)
        if now:
            because = f"the last {ACCEPTED_IN_A_ROW} reviews let it go on"
            draft.tell(FrequencyChanged(worker, "threshold", "every_change", "critical_only", because, names))
        else:
            because = "the last review did not simply let it go on"
            draft.tell(FrequencyChanged(worker, "threshold", "critical_only", "every_change", because, names))


def _latest(reviews: Sequence[ReviewState]) -> Sequence[ReviewState]:
    return [one for one in reviews if one.decision is not None][-ACCEPTED_IN_A_ROW:]


def _is_trusted(latest: Sequence[ReviewState]) -> bool:
    return _are_trusted([one.decision.action for one in latest if one.decision is not None])


def _are_trusted(actions: Sequence[str]) -> bool:
    return len(actions) == ACCEPTED_IN_A_ROW and all(action == "continue" for action in actions)
