from __future__ import annotations

from orchestrator.agents.registry import AGENTS
from orchestrator.cli.agent_colours import AGENT_COLOURS, agent_colour


def test_each_known_agent_has_a_colour_of_its_own_whatever_its_worker_is_called() -> None:
    assert set(AGENT_COLOURS) >= set(AGENTS)
    assert len(set(AGENT_COLOURS.values())) == len(AGENT_COLOURS)
    assert {agent_colour(name) for name in ("codex", "codex-2", "review-codex")} == {AGENT_COLOURS["codex"]}


def test_another_worker_has_the_same_colour_every_time() -> None:
    assert agent_colour("security_auditor") == agent_colour("security_auditor")
