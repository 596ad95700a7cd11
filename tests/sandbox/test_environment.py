"""Which variables reach a worker."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from orchestrator.agents.contract import Agent
from orchestrator.agents.registry import AGENTS
from orchestrator.models.identity import AgentName
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.sandbox.environment import child_environment

POLICY = SandboxConfig(name="test")
ALL_KEYS = {name: f"canary {name}" for agent in AGENTS.values() for name in agent.credential.environment}


@pytest.mark.parametrize("agent", AGENTS.values(), ids=lambda agent: str(agent.name))
def test_each_cli_sees_its_own_keys_and_no_other_ones(agent: Agent) -> None:
    seen = child_environment(agent, POLICY, ALL_KEYS, {})
    assert set(seen) == set(agent.credential.environment)


def test_what_is_not_allowed_by_name_stays_out() -> None:
    agent = next(iter(AGENTS.values()))
    environ = {"LANG": "C", "AWS_SECRET_ACCESS_KEY": "canary", "SSH_AUTH_SOCK": "/x", "LD_PRELOAD": "/x", "HOME": "/h"}
    assert child_environment(agent, POLICY, environ, {}) == {"LANG": "C"}


def test_additions_win() -> None:
    agent = next(iter(AGENTS.values()))
    assert child_environment(agent, POLICY, {"LANG": "C"}, {"LANG": "de", "HOME": "/h"}) == {"LANG": "de", "HOME": "/h"}


def test_a_path_holds_real_folders_only(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "bin")
    path = os.pathsep.join([str(tmp_path / "link"), "relative", str(tmp_path / "missing"), "", str(tmp_path / "bin")])
    agent = next(iter(AGENTS.values()))
    assert child_environment(agent, POLICY, {"PATH": path}, {})["PATH"] == str(tmp_path / "bin")


def test_a_cloud_s_variables_reach_the_cli_for_which_it_is_chosen_and_no_other() -> None:
    environ = {
        "AWS_REGION": "eu-west-1",
        "AWS_SECRET_ACCESS_KEY": "canary",
        "AWS_ENDPOINT_URL_STS": "https://sts.test",
        "AWS_LAMBDA_SECRET": "other",
        "ANTHROPIC_DEFAULT_OPUS_MODEL": "eu.anthropic.claude",
    }
    claude, others = AGENTS[AgentName("claude")], [agent for agent in AGENTS.values() if agent.name != "claude"]
    assert set(child_environment(claude, POLICY, environ, {})) == {"ANTHROPIC_DEFAULT_OPUS_MODEL"}
    chosen = {**environ, "CLAUDE_CODE_USE_BEDROCK": "1"}
    assert set(child_environment(claude, POLICY, chosen, {})) == set(chosen) - {"AWS_LAMBDA_SECRET"}
    assert all(not child_environment(agent, POLICY, chosen, {}) for agent in others)
