"""Figures over many sessions, and what is tuned by them, as the specification's adaptive orchestrator (003) has it.

Nothing is loaded before it is asked for: what only needs an interval does not load the rest.
"""

from __future__ import annotations

from importlib import import_module
from typing import Final

HOMES: Final[dict[str, str]] = {
    **dict.fromkeys(
        (
            *("AdaptationEngine", "AdaptationStrategy", "ConsensusFrequency"),
            *("EscalationAction", "EscalationCondition"),
        ),
        "adaptation",
    ),
    **dict.fromkeys(("AntiPattern", "Evidence", "detect_coordination_antipatterns"), "antipatterns"),
    **dict.fromkeys(
        (
            *("MetaOrchestrationMetrics", "Metric", "MetricType", "MetricsSnapshot"),
            *("meta_orchestration_metrics", "metrics_of"),
        ),
        "session_metrics",
    ),
    **dict.fromkeys(("PerformanceAnalysis", "analyze_performance_trends"), "trends"),
}
"""The module of this package that each name stands in."""

__all__ = list(HOMES)


def __getattr__(name: str) -> object:
    if name in HOMES:
        return getattr(import_module(f"{__name__}.{HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *HOMES})
