"""Plan a task and run the plan: specification 001, "Direct Meta-Orchestrator Usage" and "Inspect execution plan"; 002,
"analyze_and_compose".
"""

from __future__ import annotations

import asyncio

from orchestrator.orchestration.execution_strategies import get_strategy
from orchestrator.orchestration.meta_orchestrator import MetaOrchestrator


async def main() -> None:
    """Plan, show, run."""
    orchestrator = MetaOrchestrator()
    context = {"current_quality_score": 6.5, "performance_baseline": "10s"}
    plan = orchestrator.analyze_and_compose(task="Improve code quality and performance", context=context)

    print(f"Task complexity: {plan.complexity}")
    print(f"Task domain: {plan.domain}")
    print(f"Selected agents: {[a.id for a in plan.agents]}")
    print(f"Strategy: {plan.strategy.value}")
    print(f"Estimated cost: {plan.estimated_cost}")
    print(f"Estimated duration: {plan.estimated_duration}s")
    assert [a.id for a in plan.agents] == ["code_reviewer", "performance_optimizer"]
    assert plan.estimated_duration == sum(a.resource_requirements.timeout_seconds for a in plan.agents)

    strategy = get_strategy(plan.strategy.value)
    result = await strategy.execute(plan.agents, context)

    print(f"Success: {result.success}")
    print(f"Duration: {result.total_duration:.2f}s")
    assert result.success, result.errors
    assert [each.agent_id for each in result.outputs] == [a.id for a in plan.agents]
    assert result.total_duration > 0

    release = orchestrator.analyze_and_compose(
        task="Prepare for v3.12.0 release", context={"version": "3.12.0", "current_coverage": 75.0}
    )
    print(f"Agents: {[a.id for a in release.agents]}")
    assert {a.id for a in release.agents} >= {"security_auditor", "test_coverage_analyzer", "code_reviewer"}
    assert release.strategy.value == "parallel"


asyncio.run(main())
