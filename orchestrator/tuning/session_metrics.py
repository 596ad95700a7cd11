"""The specification's metrics (003, 000) over the sessions of a workspace, each with its formula, unit and number."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from orchestrator.models.recorded_outcomes import RecordedOutcome
from orchestrator.tuning.intervals import wilson
from orchestrator.tuning.session_measures import SessionMeasures
from orchestrator.value_class import value_class


class MetricType(StrEnum):
    """The metrics there are: those of the specification's 003 first, then those of its 000, then our own."""

    CONSENSUS_LATENCY_P95 = "consensus_latency_p95"
    CONSENSUS_SUCCESS_RATE = "consensus_success_rate"
    AGENT_UTILIZATION = "agent_utilization"
    HANDOFF_FAILURE_RATE = "handoff_failure_rate"
    DEVELOPMENT_VELOCITY = "development_velocity"
    QUALITY_REGRESSION_RATE = "quality_regression_rate"
    COORDINATION_FAILURES = "coordination_failures"
    REWORK_PERCENTAGE = "rework_percentage"
    SUCCESS_RATE = "success_rate"
    REUSE_RATE = "reuse_rate"
    QUALITY_SCORE = "avg_quality_score"
    DISSENT_RATE = "dissent_rate"
    INTERVENTIONS = "interventions_per_session"
    COST_PER_SUCCESS = "cost_per_verified_success"
    TOKENS_PER_SUCCESS = "tokens_per_verified_success"


@value_class
class Metric:
    """One figure."""

    name: MetricType
    value: float | None
    """``None`` where there is nothing that it could be taken of."""
    unit: str
    n: int
    """Over how many (``of``) it is taken."""
    of: str
    formula: str
    interval: tuple[float, float] | None = None
    """Of a rate: where the true one lies, with 90 % confidence."""
    goal: str = ""
    """The specification's."""
    by_agent: Mapping[str, float] = field(default_factory=dict)
    note: str = ""
    """What makes it less than it looks: a lower bound, sessions that are missing."""


@dataclass(frozen=True)
class MetaOrchestrationMetrics:
    """The specification's structure (003)."""

    consensus_latency_p95: timedelta
    consensus_success_rate: float
    agent_utilization: dict[str, float]
    handoff_failure_rate: float
    development_velocity: float
    quality_regression_rate: float
    coordination_failures: int
    rework_percentage: float


@dataclass(frozen=True)
class MetricsSnapshot:
    """The metrics as they were at some time."""

    at: datetime
    sessions: int
    metrics: MetaOrchestrationMetrics


Outcomes = Mapping[str, RecordedOutcome]


def metrics_of(sessions: Sequence[SessionMeasures], outcomes: Outcomes) -> tuple[Metric, ...]:
    """Every metric over these sessions, in the order of :class:`MetricType`.

    Args:
        sessions: Those that have ended; others count nowhere.
        outcomes: What sessions came to, by session.
    """
    ended = [one for one in sessions if one.ended]
    return tuple(_METRICS[name](ended, outcomes) for name in MetricType)


def meta_orchestration_metrics(sessions: Sequence[SessionMeasures], outcomes: Outcomes) -> MetaOrchestrationMetrics:
    """The specification's structure; what there is nothing to take of is 0 there and ``None`` in :func:`metrics_of`."""
    found = {one.name: one for one in metrics_of(sessions, outcomes)}

    def value(name: MetricType) -> float:
        return found[name].value or 0.0

    return MetaOrchestrationMetrics(
        consensus_latency_p95=timedelta(seconds=value(MetricType.CONSENSUS_LATENCY_P95)),
        consensus_success_rate=value(MetricType.CONSENSUS_SUCCESS_RATE),
        agent_utilization=dict(found[MetricType.AGENT_UTILIZATION].by_agent),
        handoff_failure_rate=value(MetricType.HANDOFF_FAILURE_RATE),
        development_velocity=value(MetricType.DEVELOPMENT_VELOCITY),
        quality_regression_rate=value(MetricType.QUALITY_REGRESSION_RATE),
        coordination_failures=int(value(MetricType.COORDINATION_FAILURES)),
        rework_percentage=value(MetricType.REWORK_PERCENTAGE),
    )


def percentile(values: Sequence[float], share: float) -> float | None:
    """The nearest rank: the least value that this share of all does not exceed; ``None`` of none."""
    ranked = sorted(values)
    return ranked[max(0, math.ceil(share * len(ranked)) - 1)] if ranked else None


def _rate(name: MetricType, hits: int, n: int, *, of: str, formula: str, goal: str = "") -> Metric:
    value, interval = (hits / n, wilson(hits, n - hits)) if n else (None, None)
    return Metric(name, value, "share", n, of, formula, interval=interval, goal=goal)


def _latency(sessions: Sequence[SessionMeasures], _: Outcomes) -> Metric:
    waits = [review.latency_s for one in sessions for review in one.reviews]
    formula = "95th percentile (nearest rank) of the time from a review's question to its decision"
    return Metric(MetricType.CONSENSUS_LATENCY_P95, percentile(waits, 0.95), "s", len(waits), "reviews", formula)


def _consensus(sessions: Sequence[SessionMeasures], _: Outcomes) -> Metric:
    reviews = [review for one in sessions for review in one.reviews]
    hits = sum(review.lets_go_on for review in reviews)
    formula = "decided reviews after which the work went on (continue, log_warning) ÷ decided reviews"
    return _rate(MetricType.CONSENSUS_SUCCESS_RATE, hits, len(reviews), of="reviews", formula=formula)


def _utilization(sessions: Sequence[SessionMeasures], _: Outcomes) -> Metric:
    wall = sum(one.wall_s for one in sessions)
    agents = sorted({agent for one in sessions for agent in one.ran_s})
    by_agent = {agent: sum(one.ran_s.get(agent, 0.0) for one in sessions) / wall for agent in agents} if wall else {}
    mean = sum(by_agent.values()) / len(by_agent) if by_agent else None
    formula = "time in which workers of an agent ran ÷ time of all sessions; the value is the mean over agents"
    return Metric(
        MetricType.AGENT_UTILIZATION, mean, "share", len(sessions), "sessions", formula, goal="+20 %", by_agent=by_agent
    )


def _handoffs(sessions: Sequence[SessionMeasures], _: Outcomes) -> Metric:
    n, hits = sum(one.handoffs for one in sessions), sum(one.failed_handoffs for one in sessions)
    formula = "workers started on another's work that failed to start or needed a further attempt ÷ all such workers"
    return _rate(MetricType.HANDOFF_FAILURE_RATE, hits, n, of="handoffs", formula=formula)


def _velocity(sessions: Sequence[SessionMeasures], outcomes: Outcomes) -> Metric:
    hours = sum(one.wall_s for one in sessions) / 3600
    won = len(_won(sessions, outcomes))
    formula = "verified successes ÷ hours of all sessions"
    value = won / hours if hours else None
    return Metric(
        MetricType.DEVELOPMENT_VELOCITY, value, "successes/h", len(sessions), "sessions", formula, goal="+15 %"
    )


def _regressions(sessions: Sequence[SessionMeasures], _: Outcomes) -> Metric:
    compared = [one for one in sessions if one.is_compared]
    hits = sum(one.has_regressed for one in compared)
    formula = "sessions after which a suite fails that passed before ÷ sessions with a suite measured before and after"
    return _rate(MetricType.QUALITY_REGRESSION_RATE, hits, len(compared), of="sessions", formula=formula)


def _failures(sessions: Sequence[SessionMeasures], _: Outcomes) -> Metric:
    stopped = sum(review.action == "stop_and_escalate" for one in sessions for review in one.reviews)
    count = stopped + sum(one.failed_handoffs + one.lost_workers for one in sessions)
    formula = "failed handoffs + workers that were lost + reviews that stopped everybody"
    return Metric(
        MetricType.COORDINATION_FAILURES, float(count), "failures", len(sessions), "sessions", formula, goal="-25 %"
    )


def _rework(sessions: Sequence[SessionMeasures], _: Outcomes) -> Metric:
    told = [(one.written, one.left) for one in sessions if one.written and one.left is not None]
    written = sum(lines for lines, _ in told)
    kept = sum(min(left, lines) for lines, left in told)
    formula = "(1 - lines that differ at the end ÷ lines that workers added and removed) in percent"
    value = 100.0 * (1 - kept / written) if written else None
    return Metric(MetricType.REWORK_PERCENTAGE, value, "%", len(told), "sessions that wrote", formula)


def _success(sessions: Sequence[SessionMeasures], outcomes: Outcomes) -> Metric:
    gated = [one for one in _told(sessions, outcomes) if one.result != "unknown"]
    hits = sum(one.result == "success" for one in gated)
    formula = "sessions whose gates all passed ÷ sessions with a gate that passed or failed"
    return _rate(MetricType.SUCCESS_RATE, hits, len(gated), of="gated sessions", formula=formula, goal="≥ 80 %")


def _reuse(sessions: Sequence[SessionMeasures], _: Outcomes) -> Metric:
    hits = sum(bool(one.reuses) for one in sessions)
    formula = "sessions that reused a proven composition ÷ sessions"
    return _rate(MetricType.REUSE_RATE, hits, len(sessions), of="sessions", formula=formula, goal="≥ 50 %")


def _quality(sessions: Sequence[SessionMeasures], outcomes: Outcomes) -> Metric:
    scores = [one.quality_score for one in _told(sessions, outcomes) if one.quality_score is not None]
    value = sum(scores) / len(scores) if scores else None
    formula = "mean quality score of the sessions that have one"
    return Metric(MetricType.QUALITY_SCORE, value, "of 100", len(scores), "sessions", formula, goal="> 75")


def _dissent(sessions: Sequence[SessionMeasures], _: Outcomes) -> Metric:
    panels = [review for one in sessions for review in one.reviews if len(review.verdicts) > 1]
    hits = sum(review.is_dissent for review in panels)
    alone = [review.lone_dissenter for review in panels if review.lone_dissenter]
    formula = "reviews whose reviewers did not agree ÷ reviews with two answers or more; by agent: where it stood alone"
    found = _rate(MetricType.DISSENT_RATE, hits, len(panels), of="reviews", formula=formula)
    by_agent = {agent: alone.count(agent) / len(panels) for agent in sorted(set(alone))}
    return Metric(
        found.name, found.value, found.unit, found.n, found.of, formula, interval=found.interval, by_agent=by_agent
    )


def _interventions(sessions: Sequence[SessionMeasures], _: Outcomes) -> Metric:
    count = sum(one.questions + one.commands for one in sessions)
    formula = "(questions to a person + commands by a person) ÷ sessions"
    value = count / len(sessions) if sessions else None
    return Metric(MetricType.INTERVENTIONS, value, "per session", len(sessions), "sessions", formula, goal="-50 %")


def _cost(sessions: Sequence[SessionMeasures], outcomes: Outcomes) -> Metric:
    told = _told(sessions, outcomes)
    whole = all(one.cost_complete for one in told)
    return _per_success(
        MetricType.COST_PER_SUCCESS,
        [one.cost_usd for one in told],
        len(_won(sessions, outcomes)),
        "US$",
        is_whole=whole,
    )


def _tokens(sessions: Sequence[SessionMeasures], outcomes: Outcomes) -> Metric:
    told = _told(sessions, outcomes)
    whole = all(one.tokens_complete for one in told)
    return _per_success(
        MetricType.TOKENS_PER_SUCCESS,
        [one.tokens for one in told],
        len(_won(sessions, outcomes)),
        "tokens",
        is_whole=whole,
    )


def _per_success(name: MetricType, spent: Sequence[float | None], won: int, unit: str, *, is_whole: bool) -> Metric:
    known = [one for one in spent if one is not None]
    value = sum(known) / won if won and known else None
    formula = "what all sessions took, failed ones as well ÷ verified successes"
    missing = "" if is_whole and len(known) == len(spent) else "not every worker told it: a lower bound"
    return Metric(name, value, unit, won, "verified successes", formula, note=missing if value is not None else "")


def _told(sessions: Sequence[SessionMeasures], outcomes: Outcomes) -> list[RecordedOutcome]:
    return [outcomes[one.session] for one in sessions if one.session in outcomes]


def _won(sessions: Sequence[SessionMeasures], outcomes: Outcomes) -> list[RecordedOutcome]:
    return [one for one in _told(sessions, outcomes) if one.result == "success"]


_METRICS: Mapping[MetricType, Callable[[Sequence[SessionMeasures], Outcomes], Metric]] = {
    MetricType.CONSENSUS_LATENCY_P95: _latency,
    MetricType.CONSENSUS_SUCCESS_RATE: _consensus,
    MetricType.AGENT_UTILIZATION: _utilization,
    MetricType.HANDOFF_FAILURE_RATE: _handoffs,
    MetricType.DEVELOPMENT_VELOCITY: _velocity,
    MetricType.QUALITY_REGRESSION_RATE: _regressions,
    MetricType.COORDINATION_FAILURES: _failures,
    MetricType.REWORK_PERCENTAGE: _rework,
    MetricType.SUCCESS_RATE: _success,
    MetricType.REUSE_RATE: _reuse,
    MetricType.QUALITY_SCORE: _quality,
    MetricType.DISSENT_RATE: _dissent,
    MetricType.INTERVENTIONS: _interventions,
    MetricType.COST_PER_SUCCESS: _cost,
    MetricType.TOKENS_PER_SUCCESS: _tokens,
}
