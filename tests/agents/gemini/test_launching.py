"""Gemini CLI's command line."""

from __future__ import annotations

import json

from orchestrator.agents.gemini import AGENT
from orchestrator.models.launch import LaunchSpec
from orchestrator.models.work import ModelEndpoint
from orchestrator.testing.agents import sample_assignment


def settings_of(spec: LaunchSpec) -> dict[str, dict[str, object]]:
    (file,) = spec.files
    assert file.path.parts[-2:] == (".gemini", "settings.json")
    settings: dict[str, dict[str, object]] = json.loads(file.content)
    return settings


def test_the_folder_is_trusted_and_every_other_one_included() -> None:
    argv = AGENT.launch(sample_assignment(AGENT)).argv
    assert "--skip-trust" in argv
    assert argv[argv.index("--include-directories") + 1] == "/session/scratch/w1"


def test_outside_a_sandbox_only_edits_are_approved() -> None:
    assert "--approval-mode=yolo" in AGENT.launch(sample_assignment(AGENT)).argv
    assert "--approval-mode=auto_edit" in AGENT.launch(sample_assignment(AGENT, bypass_approvals=False)).argv


def test_gemini_is_one_process() -> None:
    assert AGENT.launch(sample_assignment(AGENT)).env["GEMINI_CLI_NO_RELAUNCH"] == "true"


def test_a_rehearsals_endpoint_comes_with_the_auth_type_it_needs() -> None:
    spec = AGENT.launch(sample_assignment(AGENT, endpoint=ModelEndpoint("http://127.0.0.1:1", "k")))
    assert spec.env["GOOGLE_GEMINI_BASE_URL"] == "http://127.0.0.1:1"
    assert settings_of(spec)["security"] == {"auth": {"selectedType": "gemini-api-key"}}


def test_without_an_endpoint_gemini_chooses_its_own_login() -> None:
    assert "security" not in settings_of(AGENT.launch(sample_assignment(AGENT)))


def test_gemini_neither_updates_itself_nor_tells_anybody() -> None:
    settings = settings_of(AGENT.launch(sample_assignment(AGENT)))
    assert settings["general"]["enableAutoUpdate"] is False
    assert settings["privacy"]["usageStatisticsEnabled"] is False


def test_the_users_own_gateway_is_told() -> None:
    spec = AGENT.launch(sample_assignment(AGENT, gateway="https://llm.test/v1"))
    assert spec.env["GOOGLE_GEMINI_BASE_URL"] == "https://llm.test/v1"
    assert "GOOGLE_GEMINI_BASE_URL" not in AGENT.launch(sample_assignment(AGENT)).env
    assert settings_of(spec)["security"] == {"auth": {"selectedType": "gemini-api-key"}}
