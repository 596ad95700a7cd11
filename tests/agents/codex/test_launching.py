"""Codex's command line."""

from __future__ import annotations

import json
import tomllib
from typing import Any

from orchestrator.agents.codex import AGENT
from orchestrator.models.launch import LaunchSpec
from orchestrator.models.work import ModelEndpoint, Role
from orchestrator.testing.agents import sample_assignment

SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "object", "properties": {}}}}


def config_of(spec: LaunchSpec) -> dict[str, Any]:
    (content,) = [file.content for file in spec.files if file.path.name == "config.toml"]
    return tomllib.loads(content)


def test_the_prompt_is_read_from_standard_input() -> None:
    assert AGENT.launch(sample_assignment(AGENT)).argv[-1] == "-"


def test_a_conversation_is_continued_with_every_option_before_it() -> None:
    argv = AGENT.launch(sample_assignment(AGENT, resume="the-thread", model="m")).argv
    assert argv[-3:] == ("resume", "the-thread", "-")
    assert argv.index("-C") < argv.index("resume")


def test_outside_a_sandbox_an_implementer_gets_codexs_own() -> None:
    argv = AGENT.launch(sample_assignment(AGENT, bypass_approvals=False)).argv
    assert argv[argv.index("-s") + 1] == "workspace-write"
    assert "--dangerously-bypass-approvals-and-sandbox" not in argv


def test_a_reviewer_stays_read_only_whatever_a_recovery_asks_for() -> None:
    assignment = sample_assignment(
        AGENT, bypass_approvals=False, role=Role.REVIEWER, extra_flags=("--sandbox=workspace-write",)
    )
    argv = AGENT.launch(assignment).argv
    assert argv[argv.index("-s") + 1] == "read-only"
    assert "--sandbox=workspace-write" not in argv


def test_the_home_exists_before_codex_looks_for_it() -> None:
    spec = AGENT.launch(sample_assignment(AGENT))
    assert any(str(file.path.parent) == spec.env["CODEX_HOME"] for file in spec.files)


def test_a_rehearsals_endpoint_is_a_provider_that_does_not_reconnect_for_ever() -> None:
    spec = AGENT.launch(sample_assignment(AGENT, endpoint=ModelEndpoint("http://127.0.0.1:1/", "k")))
    config = config_of(spec)
    provider = config["model_providers"]["orchestrate"]
    assert config["model_provider"] == "orchestrate"
    assert provider["base_url"] == "http://127.0.0.1:1/v1"
    assert provider["wire_api"] == "responses"
    assert spec.env[provider["env_key"]] == "k"
    assert provider["request_max_retries"] <= 1


def test_without_an_endpoint_the_configuration_only_keeps_it_from_fetching_plugins() -> None:
    assert config_of(AGENT.launch(sample_assignment(AGENT))) == {"features": {"plugins": False}}


def test_a_reply_schema_is_a_closed_file_in_scratch() -> None:
    spec = AGENT.launch(sample_assignment(AGENT, reply_schema=SCHEMA))
    (file,) = [file for file in spec.files if file.path.name == "reply-schema.json"]
    assert spec.argv[spec.argv.index("--output-schema") + 1] == str(file.path)
    written = json.loads(file.content)
    assert written["required"] == ["a", "b"]
    assert written["additionalProperties"] is False
    assert written["properties"]["b"]["additionalProperties"] is False


def test_codex_is_stopped_by_int() -> None:
    assert [step.signal for step in AGENT.launch(sample_assignment(AGENT)).stop_ladder] == ["INT"]


def test_the_users_own_gateway_is_told_in_the_settings() -> None:
    (file,) = AGENT.launch(sample_assignment(AGENT, gateway="https://llm.test/v1")).files
    settings = tomllib.loads(file.content)
    assert settings["openai_base_url"] == "https://llm.test/v1"
    assert settings["features"] == {"plugins": False}
