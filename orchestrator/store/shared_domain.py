"""The rows that a contribution to others tells of: they follow from the CLIs that are installed, from no session."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from orchestrator.composition.domains import Domain
from orchestrator.composition.team_choice import Team, solo_agents
from orchestrator.models.identity import AgentName
from orchestrator.models.work import Role, TaskStep
from orchestrator.session.breakdown import plan_breakdown
from orchestrator.store.shared_counts import Member, told_version


def rows_of(
    versions: Mapping[AgentName, str], agents: Mapping[AgentName, Any]
) -> Sequence[tuple[str, str, tuple[Member, ...]]]:
    """Every kind of task with every team that the installed CLIs would make.

    Args:
        versions: Of the CLIs that are installed.
        agents: All that come with the program.
    """
    there = [agents[name] for name in agents if name in versions]
    solo = [agents[name] for name in solo_agents(there)]
    rows = []
    for team, members in ((Team.CHANGE, there), (Team.SOLO, solo)):
        steps = plan_breakdown("a task", members).steps
        if steps:
            rows += [(str(domain), str(team), _members(steps, versions)) for domain in Domain]
    return rows


def _members(steps: Iterable[TaskStep], versions: Mapping[AgentName, str]) -> tuple[Member, ...]:
    return tuple(
        Member(role=Role(step.role), agent=step.agent, version=told_version(versions[step.agent])) for step in steps
    )
