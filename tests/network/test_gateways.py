"""Where people have their CLIs find the model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from orchestrator.agents.registry import AGENTS
from orchestrator.models.identity import AgentName, WorkerId
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.models.work import Assignment, ModelEndpoint, Role
from orchestrator.network.gateways import gateway_of, is_here, model_hosts, network_rules, words_about_this_machine
from orchestrator.network.network_rules import NetworkRules, why_refused

CLAUDE, CODEX, GEMINI = (AGENTS[AgentName(name)] for name in ("claude", "codex", "gemini"))
LISTED = SandboxConfig(name="t", network="allow-list", allowed_hosts=("{model}", "pypi.org"))


def assignment(folder: Path) -> Assignment:
    return Assignment(WorkerId("w1"), CLAUDE.name, Role.DESIGNER, "", target=folder, scratch=folder, home=folder)


def test_a_gateway_is_named_by_a_variable_or_in_the_clis_own_settings(tmp_path: Path) -> None:
    (tmp_path / ".codex").mkdir()
    (tmp_path / ".codex" / "config.toml").write_text('openai_base_url = "https://llm.test/v1"\n')
    environ = {"HOME": str(tmp_path), "ANTHROPIC_BASE_URL": "http://localhost:4000", "OPENAI_BASE_URL": "http://x"}
    assert gateway_of(CLAUDE, environ) == "http://localhost:4000"
    assert gateway_of(CODEX, environ) == "https://llm.test/v1"
    assert gateway_of(GEMINI, environ) is None


@pytest.mark.parametrize("text", ["", "openai_base_url = 3", "no toml at all", 'openai_base_url = ""'])
def test_settings_that_name_no_gateway_name_none(tmp_path: Path, text: str) -> None:
    agent = replace(CODEX, gateway_setting=(PurePosixPath("config.toml"), "openai_base_url"))
    assert gateway_of(agent, {"HOME": str(tmp_path)}) is None
    (tmp_path / "config.toml").write_text(text)
    assert gateway_of(agent, {"HOME": str(tmp_path)}) is None


@pytest.mark.parametrize(
    ("url", "here"),
    [
        *(("http://localhost:1", True), ("http://127.8.8.8:1/v1", True), ("http://[::1]:1", True)),
        *(("http://a.localhost", True), ("https://llm.test", False), ("http://10.1.2.3:4000", False)),
    ],
)
def test_a_gateway_may_stand_on_this_machine(url: str, here: bool) -> None:
    assert is_here(url) == here


def test_a_vendors_hosts_may_depend_on_a_variable() -> None:
    assert "{GOOGLE_CLOUD_LOCATION}-aiplatform.googleapis.com" not in model_hosts(GEMINI, {})
    assert "europe-west4-aiplatform.googleapis.com" in model_hosts(GEMINI, {"GOOGLE_CLOUD_LOCATION": "europe-west4"})


def test_a_worker_reaches_its_gateway_beside_the_vendor(tmp_path: Path) -> None:
    work = assignment(tmp_path)
    far = network_rules(LISTED, work, CLAUDE, {"ANTHROPIC_BASE_URL": "https://llm.corp.test:8443/a"})
    assert far.gateways == (("llm.corp.test", 8443),)
    for host in ("llm.corp.test", *CLAUDE.model_hosts, "pypi.org"):
        assert why_refused(far, host, 8443 if host == "llm.corp.test" else 443) is None
    near = network_rules(LISTED, work, CLAUDE, {"ANTHROPIC_BASE_URL": "http://localhost:4000"})
    assert (near.endpoint, near.gateways) == (("localhost", 4000), ())


def test_without_the_model_in_the_policy_there_is_no_gateway_either(tmp_path: Path) -> None:
    closed = replace(LISTED, allowed_hosts=("pypi.org",))
    for url in ("https://llm.test", "http://localhost:4000"):
        rules = network_rules(closed, assignment(tmp_path), CLAUDE, {"ANTHROPIC_BASE_URL": url})
        assert rules == NetworkRules(("pypi.org",))


def test_a_rehearsal_reaches_neither_vendor_nor_gateway(tmp_path: Path) -> None:
    work = replace(assignment(tmp_path), endpoint=ModelEndpoint("http://127.0.0.1:4000", "key"))
    rules = network_rules(LISTED, work, CLAUDE, {"ANTHROPIC_BASE_URL": "https://llm.test"})
    assert rules == NetworkRules(("pypi.org",), ("127.0.0.1", 4000))


def test_a_chosen_clouds_hosts_and_endpoints_may_be_reached_and_nobody_elses(tmp_path: Path) -> None:
    work = assignment(tmp_path)
    environ = {
        **{"AWS_REGION": "eu-west-1", "ANTHROPIC_BEDROCK_BASE_URL": "https://bedrock.corp.test/a"},
        **{"AWS_ENDPOINT_URL_STS": "https://10.1.2.3:8443", "AWS_ENDPOINT_URL": "http://localhost:1"},
    }
    without = network_rules(LISTED, work, CLAUDE, environ)
    assert why_refused(without, "bedrock-runtime.eu-west-1.amazonaws.com", 443)
    assert why_refused(without, "bedrock.corp.test", 443)
    rules = network_rules(LISTED, work, CLAUDE, {**environ, "CLAUDE_CODE_USE_BEDROCK": "1"})
    for host in ("bedrock-runtime.eu-west-1.amazonaws.com", "bedrock.corp.test"):
        assert why_refused(rules, host, 443) is None
    assert set(rules.gateways) == {("bedrock.corp.test", 443), ("10.1.2.3", 8443)}
    assert why_refused(rules, "bedrock-runtime.us-east-1.amazonaws.com", 443)
    assert why_refused(network_rules(LISTED, work, CODEX, environ), "bedrock-runtime.eu-west-1.amazonaws.com", 443)


def test_a_clouds_endpoint_on_this_machine_is_said_where_no_worker_reaches_it() -> None:
    chosen = {"CLAUDE_CODE_USE_VERTEX": "1", "ANTHROPIC_VERTEX_BASE_URL": "http://[::1]:8443/v1"}
    words = words_about_this_machine(CLAUDE, LISTED, chosen)
    assert words is not None
    assert "[::1]:8443" in words
    assert words_about_this_machine(CLAUDE, replace(LISTED, network="open"), chosen) is None
    assert words_about_this_machine(CODEX, LISTED, chosen) is None
    away = {**chosen, "ANTHROPIC_VERTEX_BASE_URL": "https://vertex.corp.test"}
    assert words_about_this_machine(CLAUDE, LISTED, away) is None
    assert words_about_this_machine(CLAUDE, LISTED, {**chosen, "CLAUDE_CODE_USE_VERTEX": "0"}) is None
