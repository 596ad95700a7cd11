"""Draft, review, polish: specification 001, "Refinement Strategy"; 002, "RefinementStrategy"."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from orchestrator.orchestration.agent_templates import TEMPLATES
from orchestrator.orchestration.execution_strategies import RefinementStrategy

writer = TEMPLATES["documentation_writer"]
drafter, reviewer, polisher = (
    replace(writer, id=name, access="read", tier_preference=tier)
    for name, tier in (("drafter", "CHEAP"), ("reviewer_of_drafts", "CAPABLE"), ("polisher", "PREMIUM"))
)
strategy = RefinementStrategy()
result = asyncio.run(strategy.execute([drafter, reviewer, polisher], {"requirements": {"pages": 3}}))

final_output = result.aggregated_output["final_output"]
print(final_output["summary"])
assert result.success, result.errors
assert result.aggregated_output["refinement_stages"] == 3
assert result.aggregated_output["stage_outputs"] == [each.output for each in result.outputs]
assert final_output == result.outputs[-1].output
