"""The Python API of the specification (000 to 002): thin, over ``composition`` and the sessions of ``coordinator``.

Everything here can also be imported from ``orchestrator`` itself; nothing is loaded before it is asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import Final

HOMES: Final[dict[str, str]] = {
    **dict.fromkeys(
        (
            *("AgentCapability", "AgentTemplate", "ResourceRequirements", "TEMPLATES", "get_all_templates"),
            *("get_template", "get_templates_by_capability", "get_templates_by_tier"),
        ),
        "agent_templates",
    ),
    **dict.fromkeys(("TaskAnalyzer", "TaskComplexity", "TaskDomain", "TaskRequirements"), "task_analyzer"),
    **dict.fromkeys(("CompositionPattern", "ExecutionPlan", "MetaOrchestrator"), "meta_orchestrator"),
    **dict.fromkeys(("Agent", "AgentFactory"), "agent_factory"),
    **dict.fromkeys(
        (
            *("AgentComposition", "AgentConfiguration", "AgentConfigurationStore", "ConfigurationStore"),
            *("Pattern", "PatternLibrary", "PatternMatch"),
        ),
        "config_store",
    ),
    **dict.fromkeys(
        (
            *("AgentList", "AgentResult", "Context", "QualityGates", "StrategyResult", "STRATEGY_REGISTRY"),
            *("ExecutionStrategy", "SequentialStrategy", "ParallelStrategy", "DebateStrategy", "TeachingStrategy"),
            *("RefinementStrategy", "AdaptiveStrategy", "get_strategy"),
        ),
        "execution_strategies",
    ),
}
"""The module of this package that each name stands in."""

__all__ = list(HOMES)


def __getattr__(name: str) -> object:
    if name in HOMES:
        return getattr(import_module(f"{__name__}.{HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *HOMES})
