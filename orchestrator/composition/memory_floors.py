"""Say how much memory a worker of a template gets: what the template says, and never less than its CLI starts with."""

from __future__ import annotations

from collections.abc import Iterable

from orchestrator.agents.contract import Agent
from orchestrator.models.agent_template import AgentTemplate


def memory_limit_mib(template: AgentTemplate, agent: Agent) -> int:
    """The limit that is kept: below what the CLI needs to start, a limit would only kill it."""
    return max(template.resource_requirements.memory_mb, agent.memory_floor_mib)


def below_floors(template: AgentTemplate, agents: Iterable[Agent]) -> str | None:
    """What is to be said of a template that allows less than CLIs need; ``None`` where it allows enough."""
    asked = template.resource_requirements.memory_mb
    short = [f"{agent.title} {agent.memory_floor_mib}" for agent in agents if agent.memory_floor_mib > asked]
    if not short:
        return None
    return f"memory_mb {asked} is less than these need to start, so they get what they need: {', '.join(short)} MiB"
