"""Read the version that a CLI prints, and say what is known of it beside the one its adapter was tested against."""

from __future__ import annotations

from typing import TypeAlias

from orchestrator.agents.contract import Agent
from orchestrator.late_pattern import late_pattern

Version: TypeAlias = tuple[int, ...]

_VERSION = late_pattern(r"(?:\b|v)(\d{1,6})\.(\d{1,6})(?:\.(\d{1,6}))?")


def parse_version(text: str) -> Version | None:
    """The first version number in a ``--version`` output; ``None`` if there is none."""
    found = _VERSION.search(text)
    return tuple(int(part) for part in found.groups() if part is not None) if found else None


def known_drifts(agent: Agent, version: Version | None) -> tuple[str, ...]:
    """What a person should know about this version, one sentence each.

    A newer patch is no news (claude's appear nearly daily); a new minor or major release is.
    """
    if version is None:
        return (f"{agent.title} does not tell its version; the adapter expects {agent.pinned}",)
    shown = ".".join(map(str, version))
    pinned = parse_version(agent.pinned) or ()
    drifts: list[str] = []
    if version < agent.oldest:
        oldest = ".".join(map(str, agent.oldest))
        drifts.append(f"{agent.title} {shown} is older than {oldest}, the oldest version known to work")
    elif version[:2] > pinned[:2]:
        drifts.append(
            f"{agent.title} {shown} is a newer release than {agent.pinned}, which the adapter was tested against; "
            'try it free of cost: orchestrate --rehearse --installed "…"'
        )
    return tuple(drifts)


def is_too_old(agent: Agent, version: Version | None) -> bool:
    """Whether the adapter is known not to work with this version."""
    return version is not None and version < agent.oldest
