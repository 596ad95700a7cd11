"""Name the vendor of an agent's model: models of one vendor tend to agree, whichever CLI runs them."""

from __future__ import annotations

import re
from typing import Final

from orchestrator.agents.contract import Agent
from orchestrator.late_pattern import late_pattern

FAMILIES: Final = (
    ("Anthropic", "claude"),
    ("OpenAI", "gpt|chatgpt|codex|o[1-9]"),
    ("Google", "gemini|gemma"),
    ("Alibaba", "qwen|qwq"),
    ("DeepSeek", "deepseek"),
    ("Meta", "llama"),
    ("MiniMax", "minimax"),
    ("Mistral", "mistral|mixtral|ministral|codestral|devstral|magistral"),
    ("Moonshot", "kimi"),
    ("xAI", "grok"),
    ("Z.ai", "glm"),
)
"""Vendors, and how the names of their models begin."""
_FAMILIES: Final = tuple(
    (vendor, late_pattern(rf"(?:^|[/.:@_-])(?:{names})(?![a-z])", re.IGNORECASE)) for vendor, names in FAMILIES
)


def vendor_of(agent: Agent, model: str | None) -> str:
    """Whose model a CLI runs: by its name where that says so, else the CLI's own vendor; empty where nobody knows.

    Args:
        model: As the CLI calls it, a cloud's or a gateway's prefix included; ``None``: it said nothing of it.
    """
    found = [
        (match.start(), vendor) for vendor, names in _FAMILIES if model is not None and (match := names.search(model))
    ]
    return min(found)[1] if found else agent.vendor
