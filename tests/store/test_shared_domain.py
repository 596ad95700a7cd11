from __future__ import annotations

from orchestrator.agents.registry import AGENTS
from orchestrator.models.identity import AgentName
from orchestrator.store.shared_counts import key_of
from orchestrator.store.shared_domain import rows_of
from tests.store.conftest import PASSED, outcome


def test_a_session_of_the_installed_clis_belongs_to_a_row() -> None:
    versions = {AgentName(name): "1.0" for name in ("gemini", "claude", "codex")}
    assert key_of(outcome(PASSED), AGENTS) in rows_of(versions, AGENTS)
