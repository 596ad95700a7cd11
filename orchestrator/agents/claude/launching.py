"""Build Claude Code's command line, as observed with 2.1.329."""

from __future__ import annotations

import json
from pathlib import PurePosixPath

from orchestrator.agents.command_lines import Grammar, Option, additions, assembled, folders
from orchestrator.agents.hooks import HOOK_COMMAND, HOOK_WITHIN_S
from orchestrator.models.events import ConversationStarted
from orchestrator.models.launch import LaunchSpec, PlacedFile, StopStep
from orchestrator.models.work import Assignment

GRAMMAR = Grammar(
    aliases={"-p": "--print", "-m": "--model", "-r": "--resume", "--allowed-tools": "--allowedTools"},
    repeatable=frozenset({"--add-dir", "--allowedTools"}),
    valued=frozenset({"--mcp-config", "--add-dir", "--allowedTools", "--permission-mode", "--model", "--resume"}),
)

MCP_FILE = PurePosixPath(".orchestrate/mcp.json")
"""The user's own MCP servers, where the policy brings them along; a project's own are left out."""

_HOOK = {"type": "command", "command": HOOK_COMMAND, "timeout": HOOK_WITHIN_S}
SETTINGS = json.dumps({"hooks": {"PreToolUse": [{"matcher": "Bash", "hooks": [_HOOK]}]}}, indent=1) + "\n"

STOP_LADDER = (StopStep("TERM", 5.0),)
"""TERM ends the running tool's children too; INT exits with 0 as if all were well."""

_ALIASES = {"manual": "default"}
"""Two names of one mode: 2.1.329 has both, 2.1.197 the second alone."""


def launch(assignment: Assignment) -> LaunchSpec:
    """Build the command line of one headless turn; in argv, ``--add-dir`` would swallow the prompt."""
    return LaunchSpec(
        argv=("claude", *assembled(_options(assignment), assignment, GRAMMAR)),
        cwd=assignment.target,
        env=additions(_environment(assignment), assignment),
        stdin=assignment.prompt,
        files=(PlacedFile(assignment.home / ".claude" / "settings.json", SETTINGS),),
        stop_ladder=STOP_LADDER,
    )


def launch_mismatch(assignment: Assignment, started: ConversationStarted) -> str | None:
    """Say where the CLI began in another permission mode than it was told to.

    Managed settings take a mode away, and nothing but the mode named in the first record tells of it (2.1.329).
    """
    asked, words = set(), iter(launch(assignment).argv)
    for word in words:
        if word == "--dangerously-skip-permissions":
            asked.add("bypassPermissions")
        elif word == "--permission-mode":
            asked.add(_ALIASES.get(mode := next(words, ""), mode))
        elif word.startswith("--permission-mode="):
            asked.add(_ALIASES.get(mode := word.partition("=")[2], mode))
    got = started.permission_mode
    if got is None or not asked or _ALIASES.get(got, got) in asked:
        return None
    return f"permission mode is {got}, asked for was {' or '.join(sorted(asked))}"


def _options(assignment: Assignment) -> list[Option]:
    options: list[Option] = [
        ("--print",),
        ("--input-format", "text"),
        ("--output-format", "stream-json"),
        ("--verbose",),  # stream-json is refused without it
        ("--strict-mcp-config",),
    ]
    if "mcp" in assignment.brought:
        options.append(("--mcp-config", str(assignment.home / MCP_FILE)))
    if assignment.bypass_approvals:
        options.append(("--dangerously-skip-permissions",))
    else:
        options.append(("--permission-mode", "acceptEdits"))
    options.extend(("--add-dir", folder) for folder in folders(assignment))
    if assignment.model is not None:
        options.append(("--model", assignment.model))
    if assignment.reply_schema is not None:
        options.append(("--json-schema", json.dumps(assignment.reply_schema, separators=(",", ":"))))
    if assignment.resume is not None:
        options.append(("--resume", assignment.resume))
    return options


def _environment(assignment: Assignment) -> dict[str, str]:
    env = {
        "DISABLE_TELEMETRY": "1",
        "DISABLE_AUTOUPDATER": "1",
        "DISABLE_ERROR_REPORTING": "1",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        # With one the process outlives its result, up to the end of the task.
        "CLAUDE_CODE_DISABLE_BACKGROUND_TASKS": "1",
        # Ten, the default, is three minutes spent on a bad key.
        "CLAUDE_CODE_MAX_RETRIES": "4",
        "NO_COLOR": "1",
    }
    if assignment.bypass_approvals:
        env["IS_SANDBOX"] = "1"  # exactly "1"; root is refused without it
    if assignment.gateway is not None:
        env["ANTHROPIC_BASE_URL"] = assignment.gateway
    if assignment.endpoint is not None:
        env["ANTHROPIC_BASE_URL"] = assignment.endpoint.url
        env["ANTHROPIC_API_KEY"] = assignment.endpoint.key
    return env
