from __future__ import annotations

from orchestrator.agents.registry import TEAM
from orchestrator.composition.agent_choice import agent_for
from orchestrator.models.identity import AgentName
from orchestrator.models.plan_tree import AgentNode

CLAUDE, CODEX, GEMINI = (AgentName(name) for name in ("claude", "codex", "gemini"))
READER, WRITER = AgentNode("r"), AgentNode("w", access="write")


def test_the_work_is_spread_and_a_writer_is_who_is_best_at_it() -> None:
    assert agent_for(READER, TEAM, []) == TEAM[0]
    assert agent_for(READER, TEAM, [TEAM[0]]) == TEAM[1]
    assert agent_for(WRITER, (GEMINI, CODEX, CLAUDE), [CLAUDE, CLAUDE]) == CLAUDE


def test_what_a_node_names_or_the_settings_prefer_goes_first() -> None:
    named = AgentNode("n", agent=CODEX)
    assert agent_for(named, TEAM, []) == CODEX
    assert agent_for(named, (CLAUDE,), []) is None
    assert agent_for(READER, (), []) is None
    assert agent_for(READER, (CLAUDE, GEMINI), [], (AgentName("absent"), GEMINI)) == GEMINI
