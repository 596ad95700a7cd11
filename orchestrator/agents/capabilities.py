"""A ``--version`` output in, what is known to differ from the version an adapter was written against out."""

from __future__ import annotations

import re
from typing import TypeAlias

from orchestrator.agents.contract import Agent, Capability

Version: TypeAlias = tuple[int, ...]

_VERSION = re.compile(r"(?:\b|v)(\d{1,6})\.(\d{1,6})(?:\.(\d{1,6}))?")


def parse_version(text: str) -> Version | None:
    """The first version number in a ``--version`` output; ``None`` if there is none."""
    found = _VERSION.search(text)
    return tuple(int(part) for part in found.groups() if part is not None) if found else None


def has_capability(agent: Agent, version: Version, name: str) -> bool:
    """Whether this version of the CLI has the capability; a name the adapter does not list is taken to hold."""
    return all(_holds(capability, version) for capability in agent.capabilities if capability.name == name)


def known_drifts(agent: Agent, version: Version | None) -> tuple[str, ...]:
    """What a person should know about this version, one sentence each; empty for the pinned one."""
    if version is None:
        return (f"{agent.title} does not tell its version; the adapter expects {agent.pinned}",)
    shown = ".".join(map(str, version))
    pinned = parse_version(agent.pinned) or ()
    drifts: list[str] = []
    if version < agent.oldest:
        oldest = ".".join(map(str, agent.oldest))
        drifts.append(f"{agent.title} {shown} is older than {oldest}, the oldest version known to work")
    elif version > pinned:
        drifts.append(f"{agent.title} {shown} is newer than {agent.pinned}, which the adapter was tested against")
    drifts.extend(
        f"{agent.title} {shown} lacks: {capability.name}"
        for capability in agent.capabilities
        if _holds(capability, pinned) and not _holds(capability, version)
    )
    return tuple(drifts)


def is_too_old(agent: Agent, version: Version | None) -> bool:
    """Whether the adapter is known not to work with this version."""
    return version is not None and version < agent.oldest


def _holds(capability: Capability, version: Version) -> bool:
    return capability.since <= version and (capability.before is None or version < capability.before)
