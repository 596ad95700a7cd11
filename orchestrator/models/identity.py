"""These models name agents and workers, and identify processes."""

from __future__ import annotations

from typing import NewType

from orchestrator.value_class import value_class

AgentName = NewType("AgentName", str)
"""A CLI, by its adapter's name (``claude``).  Validated against the registry where text enters."""

SessionId = NewType("SessionId", str)
"""``20261121-175811-7f3a``: sorts by time."""

WorkerId = NewType("WorkerId", str)
"""One worker of a session: ``claude``, ``codex-2``, or ``review-001-gemini``."""

ReviewId = NewType("ReviewId", str)
"""``001-milestone``: the review's number in its session and what asked for it."""

ORCHESTRATOR = AgentName("orchestrator")
"""The author of events and reviews that come from us rather than from a CLI."""


@value_class
class ProcessIdentity:
    """A process, so that a recycled pid is never mistaken for it."""

    pid: int
    start_ticks: int
    """Field 22 of ``/proc/PID/stat``; 0 where the platform has none."""
    boot_id: str = ""
    pid_namespace: int = 0
    """Inode of ``/proc/self/ns/pid`` of whoever wrote this down; 0 where unknown."""


@value_class
class EffectId:
    """The journal entry that caused an effect, and which of its effects it is."""

    cause: int
    index: int
