"""Take from the settings which CLI and model stand for each tier in a session that runs a plan of its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orchestrator.agents.registry import AGENTS
from orchestrator.models.identity import AgentName
from orchestrator.settings.keys import TIERS
from orchestrator.settings.settings_files import load_settings


def tier_options(project: Path | None) -> Mapping[str, Any]:
    """``tier_models`` and ``tier_agents`` of the session's options.  Blocks.

    Args:
        project: The target where its own settings count; ``None``: they do not.

    Raises:
        UsageError: Settings are written wrongly.
    """
    settings = load_settings(project)
    models = {
        tier: {name: model for name, agent in AGENTS.items() if (model := settings.model_of(tier, agent)) is not None}
        for tier in TIERS
    }
    preferred = {tier: tuple(map(AgentName, settings.get("tiers", tier, "prefer") or ())) for tier in TIERS}
    return {"tier_models": models, "tier_agents": preferred}
