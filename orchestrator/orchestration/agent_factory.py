"""Make an agent from a template and what a task takes (specification 000)."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final

from orchestrator.composition.domains import Domain
from orchestrator.composition.task_analysis import Complexity
from orchestrator.models.agent_template import MOST_INSTRUCTIONS, AgentTemplate
from orchestrator.orchestration.arguments import text_of
from orchestrator.orchestration.task_analyzer import TaskRequirements

__all__ = ["Agent", "AgentFactory"]

TIERS: Final[Sequence[str]] = ("CHEAP", "CAPABLE", "PREMIUM")
STEPS: Final = {Complexity.SIMPLE: -1, Complexity.MODERATE: 0, Complexity.COMPLEX: 1}
"""By how many tiers a task of this complexity moves what a template prefers."""
NEVER_LOWER: Final = frozenset({Domain.SECURITY})
"""Domains in which a simple task may still hide something."""


@dataclass(frozen=True)
class Agent(AgentTemplate):
    """A template fitted to one task; it goes wherever a template does."""

    @property
    def tier(self) -> str:
        """The name that specification 000 has for ``tier_preference``."""
        return self.tier_preference

    @property
    def instructions(self) -> str:
        """The name that specification 000 has for ``default_instructions``."""
        return self.default_instructions


class AgentFactory:
    """Makes agents from templates."""

    def spawn(self, template: AgentTemplate, requirements: TaskRequirements) -> Agent:
        """An agent with an id of its own, and with tier and instructions fitted to what the task takes.

        Raises:
            ValueError: One of the two is something else.
        """
        if not isinstance(template, AgentTemplate):
            raise ValueError(f"template must be an AgentTemplate, not {type(template).__name__}")
        _require(requirements)
        own = {each.name: getattr(template.copied(), each.name) for each in fields(AgentTemplate)}
        own["id"] = f"{template.id[:55]}_{uuid.uuid4().hex[:8]}"
        own["tier_preference"] = self.select_tier(template.tier_preference, requirements)
        own["default_instructions"] = self.customize_instructions(template.default_instructions, requirements)
        return Agent(**own)

    def select_tier(self, tier_preference: str, requirements: TaskRequirements) -> str:
        """The preferred tier, one lower for a simple task and one higher for a complex one.

        Raises:
            ValueError: There is no such tier.
        """
        if tier_preference not in TIERS:
            raise ValueError(f"tier_preference must be one of {', '.join(TIERS)}, not {tier_preference!r}")
        _require(requirements)
        step = STEPS[requirements.complexity]
        if step < 0 and requirements.domain in NEVER_LOWER:
            step = 0
        return TIERS[min(max(TIERS.index(tier_preference) + step, 0), len(TIERS) - 1)]

    def customize_instructions(self, default_instructions: str, requirements: TaskRequirements) -> str:
        """The instructions, and beneath them what is known of the task.

        Raises:
            ValueError: They are no text, or empty.
        """
        text_of("default_instructions", default_instructions)
        _require(requirements)
        domain = requirements.domain.value.replace("_", " ")
        known = [f"The task is {requirements.complexity.value}, and about {domain}."]
        known.append(f"Of you it takes: {', '.join(requirements.capabilities_needed)}.")
        if requirements.quality_gates:
            gates = json.dumps(requirements.quality_gates, sort_keys=True, default=str)
            known.append(f"It will be held to these thresholds: {gates}.")
        added = f"\n\n{' '.join(known)}".replace("{{", "{ {").replace("{%", "{ %").replace("{#", "{ #")
        return f"{default_instructions[: MOST_INSTRUCTIONS - len(added)]}{added}"


def _require(requirements: object) -> None:
    if not isinstance(requirements, TaskRequirements):
        raise ValueError(f"requirements must be TaskRequirements, not {type(requirements).__name__}")
