"""The strategies under the name that the architecture page (specification 000) has for their place."""

from __future__ import annotations

from orchestrator.orchestration.execution_strategies import (
    AdaptiveStrategy,
    DebateStrategy,
    ExecutionStrategy,
    ParallelStrategy,
    RefinementStrategy,
    SequentialStrategy,
    TeachingStrategy,
)

__all__ = [
    "AdaptiveStrategy",
    "DebateStrategy",
    "ExecutionStrategy",
    "ParallelStrategy",
    "RefinementStrategy",
    "SequentialStrategy",
    "TeachingStrategy",
]
