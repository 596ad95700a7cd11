"""Find every adapter by name: those of this folder, and those that installed packages bring along.

A module or package here that defines ``AGENT`` is one.  A package of its own names its adapter in the entry-point group
``orchestrate.agents``; one that cannot be loaded is left out, with the reason in :data:`LEFT_OUT`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from orchestrator import agents
from orchestrator.agents.contract import Agent
from orchestrator.agents.entry_points import EntryPoint, find_entry_points, loaded
from orchestrator.errors import UsageError
from orchestrator.models.identity import AgentName


def _own() -> Mapping[AgentName, Agent]:
    found: dict[AgentName, Agent] = {}
    for module in pkgutil.iter_modules(agents.__path__):
        if module.name == "registry":
            continue
        agent = getattr(importlib.import_module(f"{agents.__name__}.{module.name}"), "AGENT", None)
        if isinstance(agent, Agent):
            assert agent.name not in found, f"two adapters are named {agent.name!r}"
            found[agent.name] = agent
    return found


def with_plugins(
    own: Mapping[AgentName, Agent], entries: Iterable[EntryPoint]
) -> tuple[Mapping[AgentName, Agent], Mapping[str, str]]:
    """Our adapters and those of other packages; then, by entry point, why one of the latter is left out."""
    found, left_out = dict(own), dict[str, str]()
    for entry in entries:
        agent = loaded(entry)
        if isinstance(agent, str):
            left_out[entry.name] = agent
        elif agent.name in found:
            left_out[entry.name] = f"{entry.value} is named {agent.name!r}, as another adapter is"
        else:
            found[agent.name] = agent
    return MappingProxyType(found), MappingProxyType(left_out)


AGENTS, LEFT_OUT = with_plugins(_own(), find_entry_points())

TEAM: tuple[AgentName, ...] = tuple(name for name, agent in AGENTS.items() if agent.in_default_team)
"""Who works where nobody is named: the three CLIs of the specification."""


def get_agent(name: str) -> Agent:
    """The adapter of this name; raises :class:`UsageError` if there is none."""
    agent = AGENTS.get(AgentName(name))
    if agent is None:
        raise UsageError(f"there is no agent {name!r}", hint=known_agents_hint())
    return agent


def known_agents_hint() -> str:
    """List the known agents, and the adapters that could not be loaded with their reasons."""
    broken = "".join(f"; {name} cannot be loaded: {why}" for name, why in LEFT_OUT.items())
    return f"known agents: {', '.join(sorted(AGENTS))}{broken}"
