"""One agent after the other: specification 001, "Sequential Strategy"; 002, "SequentialStrategy"."""

from __future__ import annotations

import asyncio

from orchestrator.orchestration.agent_templates import TEMPLATES
from orchestrator.orchestration.execution_strategies import SequentialStrategy

analyzer, generator, validator = (
    TEMPLATES[name] for name in ("test_coverage_analyzer", "architecture_analyst", "code_reviewer")
)
strategy = SequentialStrategy()
result = asyncio.run(strategy.execute([analyzer, generator, validator], {"project_root": "./"}))

print(f"Success: {result.success}")
assert result.success, result.errors
assert [each.agent_id for each in result.outputs] == [analyzer.id, generator.id, validator.id]
# The whole takes as long as all of them.
assert abs(result.total_duration - sum(each.duration_seconds for each in result.outputs)) < 0.01
