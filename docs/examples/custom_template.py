"""Add an agent of one's own to a plan: specification 001, "Custom Agent Templates"."""

from __future__ import annotations

import asyncio

from orchestrator.orchestration.agent_templates import AgentTemplate, ResourceRequirements
from orchestrator.orchestration.execution_strategies import get_strategy
from orchestrator.orchestration.meta_orchestrator import MetaOrchestrator

custom_template = AgentTemplate(
    id="data_pipeline_expert",
    role="Data Pipeline Specialist",
    capabilities=["pipeline_design", "data_validation", "performance_tuning"],
    tier_preference="CAPABLE",
    tools=["spark", "airflow", "dbt"],
    default_instructions="""
You are a data pipeline expert. Your tasks:
1. Design scalable data pipelines
2. Validate data quality and integrity
3. Optimize pipeline performance
4. Ensure fault tolerance and monitoring

Focus on production-ready, maintainable solutions.
    """.strip(),
    quality_gates={"min_data_quality": 99.0, "max_pipeline_latency": 60},
    resource_requirements=ResourceRequirements(min_tokens=3000, max_tokens=20000, timeout_seconds=900, memory_mb=2048),
)

context = {"data_sources": ["postgres", "s3"]}
orchestrator = MetaOrchestrator()
plan = orchestrator.analyze_and_compose(task="Build ETL pipeline for customer data", context=context)
plan.agents.append(custom_template)

result = asyncio.run(get_strategy(plan.strategy.value).execute(plan.agents, context))
print([each.agent_id for each in result.outputs])
assert result.success, result.errors
assert result.outputs[-1].agent_id == "data_pipeline_expert"
