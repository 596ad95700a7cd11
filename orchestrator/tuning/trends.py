"""Find trends in metrics over time, and which changes of parameters they go along with."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from statistics import NormalDist, fmean
from typing import Final

from orchestrator.tuning.session_metrics import MetricsSnapshot
from orchestrator.value_class import value_class

LEAST_LOOKS: Final = 6
"""Fewer make no trend."""
SURE: Final = 0.05
"""The chance of any false degradation in one analysis; it is parted over the metrics (Holm)."""
LOWER_IS_BETTER: Final = (
    "consensus_latency_p95",
    "handoff_failure_rate",
    "quality_regression_rate",
    "coordination_failures",
    "rework_percentage",
)
HIGHER_IS_BETTER: Final = ("consensus_success_rate", "agent_utilization", "development_velocity")


@value_class
class ParameterChange:
    """A change that may have to do with it."""

    at: datetime
    parameter: str
    words: str


@value_class
class MetricTrend:
    """How one metric went."""

    metric: str
    slope: float
    """A look, in its own unit (median of all slopes between two looks)."""
    p: float
    """How often chance alone would make such a trend or a stronger one (Mann-Kendall)."""
    is_degradation: bool
    related: tuple[str, ...] = ()
    """Changes after which it was worse than before.  That goes along with it, and need not be the cause."""


@value_class
class PerformanceAnalysis:
    """What :func:`analyze_performance_trends` found."""

    trends: tuple[MetricTrend, ...]
    degradations: tuple[MetricTrend, ...]
    recommendations: tuple[str, ...]


def analyze_performance_trends(
    history: Sequence[MetricsSnapshot], changes: Sequence[ParameterChange] = ()
) -> PerformanceAnalysis:
    """Find the metrics that become worse, surely, and the changes of parameters that this goes along with (003)."""
    ordered = sorted(history, key=lambda one: one.at)
    raw = [
        _trend(name, [_value(one, name) for one in ordered], name in LOWER_IS_BETTER)
        for name in (*LOWER_IS_BETTER, *HIGHER_IS_BETTER)
    ]
    trends: list[MetricTrend] = []
    still = True
    for place, (name, slope, p, is_worse) in enumerate(sorted(raw, key=lambda one: one[2])):
        # Holm: the smallest has to be below a part of the budget, the next below a larger one, until one is not.
        still = still and p <= SURE / (len(raw) - place)
        related = _related(name, ordered, changes) if still and is_worse else ()
        trends.append(MetricTrend(name, slope, p, still and is_worse, related))
    degradations = tuple(one for one in trends if one.is_degradation)
    return PerformanceAnalysis(tuple(trends), degradations, tuple(_recommendation(one) for one in degradations))


def _recommendation(trend: MetricTrend) -> str:
    if trend.related:
        return f"{trend.metric} becomes worse since {', '.join(trend.related)}: look at that first"
    return f"{trend.metric} becomes worse, and no change of a parameter goes along with it"


def _value(snapshot: MetricsSnapshot, name: str) -> float:
    value = getattr(snapshot.metrics, name)
    if name == "consensus_latency_p95":
        return float(value.total_seconds())
    if name == "agent_utilization":
        return fmean(value.values()) if value else 0.0
    return float(value)


def _trend(name: str, values: Sequence[float], lower_is_better: bool) -> tuple[str, float, float, bool]:
    n = len(values)
    pairs = [(first, second) for first in range(n) for second in range(first + 1, n)]
    slopes = sorted((values[second] - values[first]) / (second - first) for first, second in pairs)
    slope = slopes[len(slopes) // 2] if slopes else 0.0
    if n < LEAST_LOOKS:
        return name, slope, 1.0, False
    signs = [(values[second] > values[first]) - (values[second] < values[first]) for first, second in pairs]
    score = sum(signs)
    ties = [values.count(value) for value in set(values)]
    spread = (n * (n - 1) * (2 * n + 5) - sum(t * (t - 1) * (2 * t + 5) for t in ties)) / 18
    if spread <= 0 or score == 0:
        return name, slope, 1.0, False
    z = (abs(score) - 1) / math.sqrt(spread)
    p = 2 * (1 - NormalDist().cdf(z))
    return name, slope, p, (score > 0) is lower_is_better


def _related(name: str, ordered: Sequence[MetricsSnapshot], changes: Sequence[ParameterChange]) -> tuple[str, ...]:
    found = []
    for change in changes:
        before = [_value(one, name) for one in ordered if one.at < change.at]
        after = [_value(one, name) for one in ordered if one.at >= change.at]
        if len(before) < 2 or len(after) < 2:
            continue
        worse = fmean(after) > fmean(before) if name in LOWER_IS_BETTER else fmean(after) < fmean(before)
        wins = sum((b > a) - (b < a) for a in before for b in after)
        # Every later look on the worse side of nearly every earlier one.
        if worse and abs(wins) >= 0.8 * len(before) * len(after):
            found.append(change.words)
    return tuple(found)
