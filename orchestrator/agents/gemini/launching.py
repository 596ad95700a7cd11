"""Build Gemini CLI's command line, as observed with 0.61.0."""

from __future__ import annotations

import json
from typing import Any

from orchestrator.agents.command_lines import Grammar, Option, additions, assembled, folders
from orchestrator.agents.hooks import HOOK_COMMAND, HOOK_WITHIN_S
from orchestrator.models.launch import LaunchSpec, PlacedFile, StopStep
from orchestrator.models.work import Assignment

GRAMMAR = Grammar(
    aliases={"-m": "--model", "-r": "--resume", "-o": "--output-format"},
    repeatable=frozenset({"--include-directories", "--policy"}),
    valued=frozenset({"--include-directories", "--policy", "--model", "--resume", "--approval-mode"}),
)

# Its timeout counts in milliseconds.
_HOOK = {"name": "guard", "type": "command", "command": HOOK_COMMAND, "timeout": HOOK_WITHIN_S * 1000}

STOP_LADDER = (StopStep("TERM", 2.0),)
"""It ends at once with 0 and leaves its shells behind; the KILL of the tree that follows is what counts."""


def launch(assignment: Assignment) -> LaunchSpec:
    """Build the command line of one headless turn; gemini reads the prompt from stdin when that is no terminal."""
    return LaunchSpec(
        argv=("gemini", *assembled(_options(assignment), assignment, GRAMMAR)),
        cwd=assignment.target,
        env=additions(_environment(assignment), assignment),
        stdin=assignment.prompt,
        files=(PlacedFile(assignment.home / ".gemini" / "settings.json", _settings(assignment)),),
        stop_ladder=STOP_LADDER,
    )


def _options(assignment: Assignment) -> list[Option]:
    mode = "yolo" if assignment.bypass_approvals else "auto_edit"
    options: list[Option] = [
        (f"--approval-mode={mode}",),
        ("--skip-trust",),  # any new folder is untrusted, and then even yolo is taken back
        ("--output-format", "stream-json"),
    ]
    options.extend(("--include-directories", folder) for folder in folders(assignment))
    if assignment.model is not None:
        options.append(("--model", assignment.model))
    if assignment.resume is not None:
        options.append(("--resume", assignment.resume))
    return options


def _environment(assignment: Assignment) -> dict[str, str]:
    env = {
        # One process instead of two, of which the first ignores every signal.
        "GEMINI_CLI_NO_RELAUNCH": "true",
        "GEMINI_TELEMETRY_ENABLED": "false",
        "NO_COLOR": "1",
    }
    if assignment.gateway is not None:
        env["GOOGLE_GEMINI_BASE_URL"] = assignment.gateway
    if assignment.endpoint is not None:
        env["GOOGLE_GEMINI_BASE_URL"] = assignment.endpoint.url
        env["GEMINI_API_KEY"] = assignment.endpoint.key
    return env


def _settings(assignment: Assignment) -> str:
    settings: dict[str, Any] = {
        # Ten attempts, the default, are almost four minutes.
        "general": {"enableAutoUpdate": False, "enableAutoUpdateNotification": False, "maxAttempts": 4},
        "privacy": {"usageStatisticsEnabled": False},
        "hooks": {"BeforeTool": [{"matcher": "run_shell_command", "hooks": [_HOOK]}]},
    }
    if assignment.endpoint is not None or assignment.gateway is not None:
        # A base URL alone selects an auth type that gemini itself then refuses.
        settings["security"] = {"auth": {"selectedType": "gemini-api-key"}}
    return json.dumps(settings, indent=1) + "\n"
