"""Adapters are found by looking, and asked for by name."""

from __future__ import annotations

import pytest

from orchestrator.agents.registry import AGENTS, TEAM, get_agent
from orchestrator.errors import UsageError


def test_the_specifications_three_are_found_and_are_the_default_team() -> None:
    assert TEAM == ("claude", "codex", "gemini")
    assert set(TEAM) <= set(AGENTS)
    assert all(agent.name == name for name, agent in AGENTS.items())


def test_an_unknown_agent_is_a_usage_error_that_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match="no agent 'aider'") as caught:
        get_agent("aider")
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("known agents: claude, codex, gemini")
