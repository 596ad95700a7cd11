"""Take from a session's measures and its outcome what counts for tuning."""

from __future__ import annotations

from orchestrator.models.recorded_outcomes import RecordedOutcome
from orchestrator.tuning.session_measures import SessionMeasures
from orchestrator.tuning.tuning_events import SessionResult


def result_of(measures: SessionMeasures, outcome: RecordedOutcome) -> SessionResult:
    """What of a session counts for tuning.

    A session that failed before its gates were measured has not succeeded; any other that no gate measured tells
    nothing.
    """
    success = {"success": True, "failure": False}.get(outcome.result)
    if success is None and outcome.ended == "failed" and not outcome.gates:
        success = False
    stopped = sum(review.action == "stop_and_escalate" for review in measures.reviews)
    wall = measures.wall_s
    agents = len(measures.ran_s)
    utilisation = sum(measures.ran_s.values()) / (wall * agents) if wall and agents else 0.0
    return SessionResult(
        outcome.session,
        success,
        round(wall / 3600, 6),
        outcome.cost_usd if outcome.cost_usd is not None else outcome.tokens,
        measures.questions + measures.commands,
        measures.failed_handoffs + measures.lost_workers + stopped,
        round(min(1.0, utilisation), 6),
    )
