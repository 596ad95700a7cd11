"""Figures over many sessions, as the specification's adaptive orchestrator (003) has them."""

from __future__ import annotations

from orchestrator.tuning.session_metrics import (
    MetaOrchestrationMetrics,
    Metric,
    MetricsSnapshot,
    MetricType,
    meta_orchestration_metrics,
    metrics_of,
)

__all__ = [
    "MetaOrchestrationMetrics",
    "Metric",
    "MetricType",
    "MetricsSnapshot",
    "meta_orchestration_metrics",
    "metrics_of",
]
