"""Opinions, and what they agree on: specification 001, "Debate Strategy"; 002, "DebateStrategy"."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from orchestrator.orchestration.agent_templates import TEMPLATES
from orchestrator.orchestration.execution_strategies import DebateStrategy

analyst = TEMPLATES["architecture_analyst"]
architect1, architect2, architect3 = (
    replace(analyst, id=f"architect_{concern}", role=f"Architect ({concern})")
    for concern in ("scale", "cost", "simplicity")
)
strategy = DebateStrategy()
result = asyncio.run(
    strategy.execute([architect1, architect2, architect3], {"requirements": {"users": 10_000, "budget": "small"}})
)

consensus = result.aggregated_output["consensus"]
print(consensus)
assert result.success, result.errors
assert result.aggregated_output["debate_participants"] == [architect1.id, architect2.id, architect3.id]
assert len(result.aggregated_output["opinions"]) == 3
assert consensus["consensus_reached"] is True
assert (consensus["success_votes"], consensus["total_votes"]) == (3, 3)
confidences = [each.confidence for each in result.outputs]
assert abs(consensus["avg_confidence"] - sum(confidences) / 3) < 0.01
