"""Write a workflow of one's own around the meta-orchestrator: specification 001, "Custom Workflows"."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass
from typing import Any

from orchestrator.orchestration.agent_templates import AgentTemplate, get_template
from orchestrator.orchestration.config_store import AgentConfiguration, ConfigurationStore
from orchestrator.orchestration.execution_strategies import StrategyResult, get_strategy
from orchestrator.orchestration.meta_orchestrator import MetaOrchestrator


@dataclass
class CustomWorkflowResult:
    success: bool
    quality_score: float
    outputs: dict[str, Any]


class CustomWorkflow:
    """Custom workflow using meta-orchestration."""

    def __init__(self) -> None:
        self.orchestrator = MetaOrchestrator()
        self.config_store = ConfigurationStore()

    async def execute(self, context: dict[str, Any]) -> CustomWorkflowResult:
        # Step 1: Check for proven composition
        task_pattern = "custom_workflow"
        best = self.config_store.get_best_for_task(task_pattern)
        agents: list[AgentTemplate]
        if best and best.success_rate >= 0.8:
            # Reuse proven composition
            found = [get_template(each["role"]) for each in best.agents]
            agents = [each for each in found if each is not None]
            strategy = get_strategy(best.strategy)
        else:
            # Create new composition
            plan = self.orchestrator.analyze_and_compose(task="Review the code of this project", context=context)
            agents = plan.agents
            strategy = get_strategy(plan.strategy.value)

        # Step 2: Execute
        result = await strategy.execute(agents, context)

        # Step 3: Evaluate quality
        quality_score = self._calculate_quality(result)
        success = quality_score >= 70.0

        # Step 4: Save/update configuration
        if not best:
            best = AgentConfiguration(
                id=f"comp_{task_pattern}_{self._generate_id()}",
                task_pattern=task_pattern,
                agents=[{"role": each.id, "tier": each.tier_preference} for each in agents],
                strategy=strategy.__class__.__name__.replace("Strategy", "").lower(),
                quality_gates={"min_quality": 70.0},
            )
        best.record_outcome(success, quality_score)
        self.config_store.save(best)
        return CustomWorkflowResult(success, quality_score, {each.agent_id: each.output for each in result.outputs})

    def _calculate_quality(self, result: StrategyResult) -> float:
        return 100.0 * sum(each.success for each in result.outputs) / len(result.outputs)

    def _generate_id(self) -> str:
        return str(uuid.uuid4())[:8]


workflow = CustomWorkflow()
first = asyncio.run(workflow.execute({"param": "value"}))
print(f"Success: {first.success}, quality: {first.quality_score:.0f}, agents: {', '.join(first.outputs)}")
assert first.success
assert first.outputs

# The second time the composition is found again, and its record grows.
second = asyncio.run(workflow.execute({"param": "value"}))
saved = workflow.config_store.get_best_for_task("custom_workflow")
assert saved is not None
assert (saved.usage_count, saved.success_count) == (2, 2)
assert second.outputs.keys() == first.outputs.keys()
print(f"{saved.id}: used {saved.usage_count} times, {saved.success_rate:.0%}")
