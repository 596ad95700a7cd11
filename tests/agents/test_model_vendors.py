from __future__ import annotations

import pytest

from orchestrator.agents.model_vendors import vendor_of
from orchestrator.agents.registry import AGENTS, get_agent
from orchestrator.models.identity import AgentName


@pytest.mark.parametrize(
    ("agent", "model", "vendor"),
    [
        ("claude", None, "Anthropic"),
        ("claude", "opus", "Anthropic"),
        ("claude", "deepseek-v4", "DeepSeek"),
        ("codex", "gpt-6-luna", "OpenAI"),
        ("codex", "o3-mini", "OpenAI"),
        ("gemini", "pro", "Google"),
        ("opencode", "anthropic/claude-sonnet-5", "Anthropic"),
        ("opencode", "openrouter/openai/gpt-6", "OpenAI"),
        ("opencode", "us.anthropic.claude-opus-5-v1:0", "Anthropic"),
        ("opencode", "google-vertex/gemini-4-pro", "Google"),
        ("opencode", "local/scripted", ""),
        ("opencode", "ollama/own-model", ""),
        ("opencode", None, ""),
    ],
)
def test_a_models_name_says_whose_it_is_and_else_its_cli(agent: str, model: str | None, vendor: str) -> None:
    assert vendor_of(get_agent(AgentName(agent)), model) == vendor


def test_every_cli_of_the_default_team_has_a_vendor() -> None:
    assert {agent.vendor for agent in AGENTS.values() if agent.in_default_team} == {"Anthropic", "OpenAI", "Google"}
