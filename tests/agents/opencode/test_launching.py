"""OpenCode's command line says what the assignment says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from orchestrator.agents.hooks import HOOK_COMMAND
from orchestrator.agents.opencode.launching import KEY_NAME, launch
from orchestrator.agents.registry import get_agent
from orchestrator.models.work import Assignment, ModelEndpoint
from orchestrator.testing.agents import sample_assignment

AGENT = get_agent("opencode")


def settings(assignment: Assignment) -> Any:
    (file,) = [file for file in launch(assignment).files if file.path.name == "opencode.json"]
    assert file.path == Path("/session/home/w1/.config/opencode/opencode.json")
    return json.loads(file.content)


def test_a_turn_is_one_headless_run_that_makes_no_title() -> None:
    argv = launch(sample_assignment(AGENT)).argv
    assert argv[:4] == ("opencode", "run", "--format", "json")
    assert argv[argv.index("--title") + 1] == "w1"
    assert "--auto" in argv


def test_without_a_sandbox_only_edits_in_its_folders_are_allowed() -> None:
    assignment = sample_assignment(AGENT, bypass_approvals=False)
    assert "--auto" not in launch(assignment).argv
    assert settings(assignment)["permission"] == {
        "edit": "allow",
        "bash": "ask",
        "webfetch": "ask",
        "external_directory": {"*": "ask", "/session/scratch/w1/**": "allow"},
    }
    assert "permission" not in settings(sample_assignment(AGENT))


def test_a_rehearsal_gives_it_a_provider_of_its_own_and_no_other_model() -> None:
    endpoint = ModelEndpoint("http://127.0.0.1:7", "secret")
    assignment = sample_assignment(AGENT, endpoint=endpoint, model="a/b")
    spec = launch(assignment)
    assert "--model" not in spec.argv
    assert spec.env[KEY_NAME] == "secret"
    provider = settings(assignment)["provider"]["orchestrate"]
    assert provider["options"] == {"baseURL": "http://127.0.0.1:7/v1", "apiKey": f"{{env:{KEY_NAME}}}"}
    assert "secret" not in "".join(file.content for file in spec.files)


def test_its_plugin_asks_the_guard_before_a_shell_command() -> None:
    (plugin,) = [file for file in launch(sample_assignment(AGENT)).files if file.path.name == "guard.js"]
    assert json.dumps(HOOK_COMMAND) in plugin.content
    assert "tool.execute.before" in plugin.content


def test_it_is_spared_the_wait_for_a_library_that_the_guard_does_not_need() -> None:
    files = {file.path.name: file.content for file in launch(sample_assignment(AGENT)).files}
    locked = json.loads(files["package-lock.json"])["packages"][""]["dependencies"]
    assert "@opencode-ai/plugin" in locked
    assert any(file.path.parent.name == "node_modules" for file in launch(sample_assignment(AGENT)).files)
