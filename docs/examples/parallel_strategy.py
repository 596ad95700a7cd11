"""All at once: specification 001, "Parallel Strategy", "Override pattern"; 002, "ParallelStrategy", "get_strategy"."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from orchestrator.orchestration.agent_templates import TEMPLATES
from orchestrator.orchestration.execution_strategies import STRATEGY_REGISTRY, ParallelStrategy, get_strategy

names = ("security_auditor", "test_coverage_analyzer", "code_reviewer", "documentation_writer")
# Each only looks, so that all of them can be at work at once.
security, coverage, quality, docs = (replace(TEMPLATES[name], access="read") for name in names)

strategy = get_strategy("parallel")
assert isinstance(strategy, ParallelStrategy)
assert STRATEGY_REGISTRY["parallel"] is ParallelStrategy
result = asyncio.run(strategy.execute([security, coverage, quality, docs], {"path": "."}))

print(f"Success: {result.success}")
assert result.success, result.errors
assert {each.agent_id for each in result.outputs} == set(names)
assert set(result.aggregated_output["outputs"]) == set(names)
# The whole takes as long as the longest of them.
assert result.total_duration == max(each.duration_seconds for each in result.outputs)
