"""Turn templates into the nodes of a plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from orchestrator.composition.plan_checks import check_plan
from orchestrator.composition.strategies.consensus import POSITION
from orchestrator.composition.team_files import is_taken
from orchestrator.models.agent_template import AgentTemplate, answer_schema
from orchestrator.models.plan_tree import AgentLimits, AgentNode, Strategy, StrategyNode, Tier

POSITION_SCHEMA: Final[dict[str, Any]] = {
    "type": "string",
    "description": "What you are for, in at most six words and without a reason, so that it can be compared.",
}


def agent_node(template: AgentTemplate, *, name: str | None = None, states_position: bool = False) -> AgentNode:
    """The node of one agent.

    Args:
        name: Its id in the plan; ``None``: the template's.
        states_position: Its answer says what it is for, so that a debate can be counted.
    """
    limits = template.resource_requirements
    if states_position and POSITION not in template.answer:
        template = replace(template, answer={POSITION: POSITION_SCHEMA, **template.answer})
    return AgentNode(
        id=name or template.id,
        template=template.id,
        title=template.role,
        instructions=template.default_instructions,
        access=template.access,
        tier=Tier(template.tier_preference),
        capabilities=tuple(template.capabilities),
        answer_schema=answer_schema(template),
        limits=AgentLimits(
            timeout_s=float(limits.timeout_seconds), max_tokens=limits.max_tokens, memory_mb=limits.memory_mb
        ),
    )


def strategy_node(
    strategy: Strategy, templates: Sequence[AgentTemplate], *, threshold: float | None = None
) -> StrategyNode:
    """The plan of a strategy over agents.

    Raises:
        ValueError: They are too few or too many for it, two have one id, or one has an id that every session needs.
    """
    names = [template.id for template in templates]
    taken = next((name for name in names if is_taken(name)), None)
    if taken is not None:
        raise ValueError(f"an agent cannot have the id {taken!r}: sessions have a worker or folder of that name")
    debates = strategy is Strategy.DEBATE
    children = tuple(agent_node(template, states_position=debates) for template in templates)
    plan = StrategyNode(strategy=strategy, children=children, threshold=threshold)
    check_plan(plan)
    return plan
