"""Choose the CLI that runs an agent of a plan, from those that are usable."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.agents.registry import get_agent
from orchestrator.models.identity import AgentName
from orchestrator.models.plan_tree import AgentNode
from orchestrator.models.work import Role


def agent_for(
    node: AgentNode, usable: Sequence[AgentName], had: Sequence[AgentName], preferred: Sequence[AgentName] = ()
) -> AgentName | None:
    """The CLI that runs an agent of the plan: the one it names, else one that is good at it and has had least to do.

    Writing goes first to whoever is best at making changes; the rest is spread, so that several opinions come from
    several vendors where there are any.

    Args:
        usable: In order of preference.
        had: Whose agents of the plan were started before, one entry each.
        preferred: What the settings prefer for the node's tier, which goes before all that.
    """
    if node.agent is not None:
        return node.agent if node.agent in usable else None
    if not usable:
        return None

    def rank(agent: AgentName) -> tuple[int, bool, int, int]:
        wanted = preferred.index(agent) if agent in preferred else len(preferred)
        second_choice = node.access == "write" and Role.IMPLEMENTER not in get_agent(agent).role_strengths[:1]
        return wanted, second_choice, had.count(agent), usable.index(agent)

    return min(usable, key=rank)
