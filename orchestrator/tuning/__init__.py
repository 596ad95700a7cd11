"""Figures over many sessions, as the specification's adaptive orchestrator (003) has them."""

from __future__ import annotations

from orchestrator.tuning.antipatterns import AntiPattern, Evidence, detect_coordination_antipatterns
from orchestrator.tuning.session_metrics import (
    MetaOrchestrationMetrics,
    Metric,
    MetricsSnapshot,
    MetricType,
    meta_orchestration_metrics,
    metrics_of,
)

__all__ = [
    "AntiPattern",
    "Evidence",
    "MetaOrchestrationMetrics",
    "Metric",
    "MetricType",
    "MetricsSnapshot",
    "detect_coordination_antipatterns",
    "meta_orchestration_metrics",
    "metrics_of",
]
