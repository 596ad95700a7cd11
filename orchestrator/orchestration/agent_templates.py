"""The agent templates there are: built in, and the user's own (specification 002)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from orchestrator.models.agent_template import AgentCapability, AgentTemplate, ResourceRequirements
from orchestrator.orchestration.arguments import text_of
from orchestrator.settings.template_library import load_library

__all__ = [
    "TEMPLATES",
    "AgentCapability",
    "AgentTemplate",
    "ResourceRequirements",
    "get_all_templates",
    "get_template",
    "get_templates_by_capability",
    "get_templates_by_tier",
]


def get_template(template_id: str) -> AgentTemplate | None:
    """The template of this id; ``None`` where there is none.

    Raises:
        ValueError: ``template_id`` is no text, or empty.
    """
    return _library().get(text_of("template_id", template_id))


def get_all_templates() -> list[AgentTemplate]:
    """All templates, the built-in ones first."""
    return list(_library().values())


def get_templates_by_capability(capability: str) -> list[AgentTemplate]:
    """The templates that have this capability.

    Raises:
        ValueError: ``capability`` is no text, or empty.
    """
    wanted = text_of("capability", capability)
    return [template for template in _library().values() if wanted in template.capabilities]


def get_templates_by_tier(tier: str) -> list[AgentTemplate]:
    """The templates that prefer this tier.

    Raises:
        ValueError: ``tier`` is none of ``AgentTemplate.ALLOWED_TIERS``.
    """
    wanted = text_of("tier", tier)
    if wanted not in AgentTemplate.ALLOWED_TIERS:
        raise ValueError(f"tier must be one of {', '.join(sorted(AgentTemplate.ALLOWED_TIERS))}, not {tier!r}")
    return [template for template in _library().values() if template.tier_preference == wanted]


class _Templates(Mapping[str, AgentTemplate]):
    """All templates by id, as they are when they are asked for."""

    def __getitem__(self, name: str) -> AgentTemplate:
        return _library()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(_library())

    def __len__(self) -> int:
        return len(_library())


TEMPLATES: Mapping[str, AgentTemplate] = _Templates()
"""By id (specification 000)."""


def _library() -> dict[str, AgentTemplate]:
    """Copies: what a caller changes in one stays the caller's."""
    return {name: entry.template.copied() for name, entry in load_library().items()}
