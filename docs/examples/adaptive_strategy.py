"""A classifier, and the specialist it leads to: specification 001, "Adaptive Strategy"; 002, "AdaptiveStrategy"."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from orchestrator.orchestration.agent_templates import TEMPLATES
from orchestrator.orchestration.execution_strategies import AdaptiveStrategy

template = TEMPLATES["code_reviewer"]
classifier, cheap_specialist, premium_specialist = (
    replace(template, id=name, tier_preference=tier)
    for name, tier in (("classifier", "CHEAP"), ("cheap_specialist", "CHEAP"), ("premium_specialist", "PREMIUM"))
)
strategy = AdaptiveStrategy()
result = asyncio.run(
    strategy.execute([classifier, cheap_specialist, premium_specialist], {"task_description": "Find the slow query"})
)

selected = result.aggregated_output["selected_specialist"]
print(selected)
assert result.success, result.errors
confidence = result.outputs[0].confidence
assert selected == ("cheap_specialist" if confidence > 0.8 else "premium_specialist")
assert result.aggregated_output["classification"] == result.outputs[0].output
assert result.aggregated_output["specialist_output"] == result.outputs[-1].output
