"""Say where an agent is allowed less memory than its CLI starts with; it gets that, for less would only kill it."""

from __future__ import annotations

from collections.abc import Iterable

from orchestrator.agents.contract import Agent


def below_floors(asked_mib: int, agents: Iterable[Agent]) -> str | None:
    """What is to be said of a limit that is less than CLIs need; ``None`` where it is enough."""
    short = [f"{agent.title} {agent.memory_floor_mib}" for agent in agents if agent.memory_floor_mib > asked_mib]
    if not short:
        return None
    return f"memory_mb {asked_mib} is less than these need to start, so they get what they need: {', '.join(short)} MiB"
