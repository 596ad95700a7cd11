"""A junior, and an expert behind it: specification 001, "Teaching Strategy"; 002, "TeachingStrategy"."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from orchestrator.orchestration.agent_templates import TEMPLATES
from orchestrator.orchestration.execution_strategies import TeachingStrategy

writer = TEMPLATES["documentation_writer"]
junior_writer = replace(writer, id="junior_writer", access="read")
expert_writer = replace(writer, id="expert_writer", access="read", tier_preference="CAPABLE")


async def main() -> None:
    """Once with a threshold that the junior reaches, and once with one that nobody does."""
    strategy = TeachingStrategy(quality_threshold=0.7)
    result = await strategy.execute([junior_writer, expert_writer], {"topic": "API documentation"})
    outcome = result.aggregated_output["outcome"]
    print(outcome)
    assert result.success, result.errors
    assert outcome == "junior_success"
    assert [each.agent_id for each in result.outputs] == ["junior_writer"]
    assert result.aggregated_output["junior_output"] == result.outputs[0].output
    assert "expert_output" not in result.aggregated_output

    strict = TeachingStrategy(quality_threshold=1.0)
    taken_over = await strict.execute([junior_writer, expert_writer], {"topic": "API documentation"})
    print(taken_over.aggregated_output["outcome"])
    assert taken_over.aggregated_output["outcome"] == "expert_takeover"
    assert taken_over.aggregated_output["expert_output"] == taken_over.outputs[-1].output


asyncio.run(main())
