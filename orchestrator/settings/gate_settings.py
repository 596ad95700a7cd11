"""What ``[gates]`` of the settings says: the licences that are allowed, and a budget of time and memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from orchestrator.value_class import value_class


@value_class
class GateSettings:
    """The settings of the gates."""

    allowed_licences: tuple[str, ...] = ()
    """SPDX identifiers; empty: the usual ones."""
    budget: Mapping[str, float | str] = field(default_factory=dict)
    """``command``, ``seconds`` and ``memory_mib``."""
