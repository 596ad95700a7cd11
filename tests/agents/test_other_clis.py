from __future__ import annotations

from orchestrator.agents.other_clis import OTHER_CLIS
from orchestrator.agents.registry import AGENTS


def test_no_name_stands_twice_and_none_is_driven() -> None:
    assert len(set(OTHER_CLIS)) == len(OTHER_CLIS)
    driven = {agent.executable for agent in AGENTS.values() if agent.name in ("claude", "codex", "gemini", "opencode")}
    assert not driven & set(OTHER_CLIS)
