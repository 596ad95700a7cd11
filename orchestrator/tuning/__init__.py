"""Figures over many sessions, as the specification's adaptive orchestrator (003) has them."""

from __future__ import annotations

from orchestrator.tuning.adaptation import (
    AdaptationEngine,
    AdaptationStrategy,
    ConsensusFrequency,
    EscalationAction,
    EscalationCondition,
)
from orchestrator.tuning.antipatterns import AntiPattern, Evidence, detect_coordination_antipatterns
from orchestrator.tuning.session_metrics import (
    MetaOrchestrationMetrics,
    Metric,
    MetricsSnapshot,
    MetricType,
    meta_orchestration_metrics,
    metrics_of,
)
from orchestrator.tuning.trends import PerformanceAnalysis, analyze_performance_trends

__all__ = [
    "AdaptationEngine",
    "AdaptationStrategy",
    "AntiPattern",
    "ConsensusFrequency",
    "EscalationAction",
    "EscalationCondition",
    "Evidence",
    "MetaOrchestrationMetrics",
    "Metric",
    "MetricType",
    "MetricsSnapshot",
    "PerformanceAnalysis",
    "analyze_performance_trends",
    "detect_coordination_antipatterns",
    "meta_orchestration_metrics",
    "metrics_of",
]
