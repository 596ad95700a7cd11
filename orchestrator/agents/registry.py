"""Every adapter of this folder, by name: a module or package here that defines ``AGENT`` is one."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from types import MappingProxyType

from orchestrator import agents
from orchestrator.agents.contract import Agent
from orchestrator.errors import UsageError
from orchestrator.models.identity import AgentName


def _discovered() -> Mapping[AgentName, Agent]:
    found: dict[AgentName, Agent] = {}
    for module in pkgutil.iter_modules(agents.__path__):
        if module.name == "registry":
            continue
        agent = getattr(importlib.import_module(f"{agents.__name__}.{module.name}"), "AGENT", None)
        if isinstance(agent, Agent):
            assert agent.name not in found, f"two adapters are named {agent.name!r}"
            found[agent.name] = agent
    return MappingProxyType(found)


AGENTS: Mapping[AgentName, Agent] = _discovered()


def get_agent(name: str) -> Agent:
    """The adapter of this name; raises :class:`UsageError` if there is none."""
    agent = AGENTS.get(AgentName(name))
    if agent is None:
        raise UsageError(f"there is no agent {name!r}", hint=f"known agents: {', '.join(sorted(AGENTS))}")
    return agent
