"""Analyse, mend, check: specification 001, "Multi-Stage Workflows" and "Validate agent results"."""

from __future__ import annotations

import asyncio
from typing import Any

from orchestrator.orchestration.execution_strategies import StrategyResult, get_strategy
from orchestrator.orchestration.meta_orchestrator import MetaOrchestrator

orchestrator = MetaOrchestrator()


async def multi_stage_workflow(context: dict[str, Any]) -> dict[str, StrategyResult]:
    """Three stages, each told what the one before it came to."""
    # Stage 1: Parallel analysis
    analysis_plan = orchestrator.analyze_and_compose(task="Analyze codebase for issues", context=context)
    analysis_strategy = get_strategy("parallel")
    analysis_result = await analysis_strategy.execute(analysis_plan.agents, context)

    # Stage 2: Sequential fixes (based on analysis)
    fix_context = {**context, "analysis": analysis_result.aggregated_output}
    fix_plan = orchestrator.analyze_and_compose(task="Fix identified issues", context=fix_context)
    fix_strategy = get_strategy("sequential")
    fix_result = await fix_strategy.execute(fix_plan.agents, fix_context)

    # Stage 3: Validation (parallel)
    validation_plan = orchestrator.analyze_and_compose(
        task="Validate all fixes", context={**fix_context, "fixes": fix_result.aggregated_output}
    )
    validation_strategy = get_strategy("parallel")
    validation_result = await validation_strategy.execute(validation_plan.agents, fix_context)

    return {"analysis": analysis_result, "fixes": fix_result, "validation": validation_result}


results = asyncio.run(multi_stage_workflow({"path": "."}))
for stage, result in results.items():
    print(f"\n{stage}")
    for agent_result in result.outputs:
        print(f"Agent: {agent_result.agent_id}")
        print(f"Success: {agent_result.success}")
        print(f"Confidence: {agent_result.confidence}")
        print(f"Duration: {agent_result.duration_seconds:.2f}s")
        if not agent_result.success:
            print(f"Error: {agent_result.error}")
        else:
            print(f"Output keys: {list(agent_result.output.keys())}")
    assert result.success, (stage, result.errors)
    assert all(each.success and each.duration_seconds > 0 for each in result.outputs)
assert len({result.session for result in results.values()}) == 3
