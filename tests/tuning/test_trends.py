from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from orchestrator.tuning.session_metrics import MetaOrchestrationMetrics, MetricsSnapshot
from orchestrator.tuning.trends import ParameterChange, analyze_performance_trends

AT = datetime(2026, 11, 1, tzinfo=UTC)
FINE = MetaOrchestrationMetrics(timedelta(seconds=9), 0.9, {"claude": 0.9}, 0.1, 2.0, 0.1, 3, 10.0)


def history(velocities: list[float]) -> list[MetricsSnapshot]:
    return [
        MetricsSnapshot(AT + timedelta(days=day), 10, replace(FINE, development_velocity=velocity))
        for day, velocity in enumerate(velocities)
    ]


def test_a_metric_that_falls_is_found_with_the_change_it_goes_along_with() -> None:
    change = ParameterChange(AT + timedelta(days=5), "silence_s", "trial-3: silence_s 900 → 600")
    early = ParameterChange(AT, "max_restarts", "trial-1")
    falling = history([2.0, 2.1, 2.05, 2.0, 1.9, 1.4, 1.3, 1.2, 1.1, 1.0])
    found = analyze_performance_trends(list(reversed(falling)), [change, early])
    (worse,) = found.degradations
    assert (worse.metric, worse.related) == ("development_velocity", (change.words,))
    assert worse.slope < 0
    assert found.recommendations == (f"development_velocity becomes worse since {change.words}: look at that first",)
    assert analyze_performance_trends(falling).recommendations[0].endswith("goes along with it")


def test_what_rises_stays_or_is_short_is_no_degradation() -> None:
    for velocities in ([1.0 + day / 10 for day in range(10)], [2.0] * 10, [5.0, 4.0, 3.0, 2.0, 1.0], []):
        assert analyze_performance_trends(history(velocities)).degradations == ()


def test_chance_alone_is_hardly_ever_a_degradation() -> None:
    random_, found = random.Random(4), 0
    for _ in range(200):
        looks = [
            MetricsSnapshot(
                AT + timedelta(days=day),
                10,
                MetaOrchestrationMetrics(
                    timedelta(seconds=random_.random()),
                    random_.random(),
                    {"claude": random_.random()},
                    random_.random(),
                    random_.random(),
                    random_.random(),
                    random_.randrange(100),
                    random_.random(),
                ),
            )
            for day in range(12)
        ]
        found += bool(analyze_performance_trends(looks).degradations)
    assert found <= 10
