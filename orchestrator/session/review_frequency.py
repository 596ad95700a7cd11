"""Decide whether a milestone is worth a review of others, by the rule that the session was opened with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from orchestrator.models.facts import FrequencyChanged
from orchestrator.models.identity import WorkerId
from orchestrator.session.draft import Draft
from orchestrator.session.state import ReviewState, Session


def spared_by_frequency(session: Session, worker: WorkerId, at: datetime) -> str:
    """Why this milestone is not reviewed now; empty where it is.

    What is spared is reviewed with the rest at the end; blockers and what a worker asks for are never spared.
    """
    reviews = [one for one in session.assessment.reviews.values() if one.request.about == worker]
    asked_at = reviews[-1].request.asked_at if reviews else None
    actions = [one.decision.action for one in reviews if one.decision is not None]
    options = session.options
    return spared_under(
        options.consensus_frequency,
        asked_at,
        actions,
        at=at,
        timebox_s=options.timebox_s,
        trusted_after=options.trusted_after,
    )


def spared_under(
    frequency: str,
    asked_at: datetime | None,
    actions: Sequence[str],
    *,
    at: datetime,
    timebox_s: float,
    trusted_after: int,
) -> str:
    """Why a milestone is not reviewed under this rule; empty where it is.

    Args:
        asked_at: When the worker's last review was asked for.
        actions: What its decided reviews came to, oldest first.
        at: When it reports the milestone.
        timebox_s: In so long a time ``timeboxed`` has one review.
        trusted_after: How many reviews in a row ``threshold`` asks for.
    """
    if frequency == "critical_only":
        return "only what is critical is (consensus_frequency critical_only)"
    if frequency == "timeboxed" and asked_at is not None and at - asked_at < timedelta(seconds=timebox_s):
        return f"the last review was less than {timebox_s / 60:.0f} minutes ago (timeboxed)"
    if frequency == "threshold" and _are_trusted(actions[-trusted_after:], trusted_after):
        return f"the last {trusted_after} reviews let it go on (threshold)"
    return ""


def note_frequency(draft: Draft) -> None:
    """Put on record, with a decision, that a worker's milestones are reviewed more or less often from now on.

    Only ``threshold`` changes within a session; which rule it is stands in entry 1, and neither tuning nor anybody else
    can put another in its place.
    """
    session, enough = draft.session, draft.session.options.trusted_after
    for worker in dict.fromkeys(decision.about for decision in session.assessment.decisions[-2:]):
        if worker is None:
            continue
        latest = _latest([one for one in session.assessment.reviews.values() if one.request.about == worker], enough)
        now, was = _is_trusted(latest, enough), worker in session.watch.trusted
        if now is was:
            continue
        draft.watch.trusted = session.watch.trusted - {worker} if was else session.watch.trusted | {worker}
        names = tuple(one.request.id for one in latest)
        if now:
            because = f"the last {enough} reviews let it go on"
            draft.tell(FrequencyChanged(worker, "threshold", "every_change", "critical_only", because, names))
        else:
            because = "the last review did not simply let it go on"
            draft.tell(FrequencyChanged(worker, "threshold", "critical_only", "every_change", because, names))


def _latest(reviews: Sequence[ReviewState], enough: int) -> Sequence[ReviewState]:
    return [one for one in reviews if one.decision is not None][-enough:]


def _is_trusted(latest: Sequence[ReviewState], enough: int) -> bool:
    return _are_trusted([one.decision.action for one in latest if one.decision is not None], enough)


def _are_trusted(actions: Sequence[str], enough: int) -> bool:
    return len(actions) == enough and all(action == "continue" for action in actions)
