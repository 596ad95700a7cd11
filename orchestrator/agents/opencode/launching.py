"""Build OpenCode's command line, as observed with 1.18.33."""

from __future__ import annotations

import json
from typing import Any, Final

from orchestrator.agents.command_lines import Grammar, Option, additions, assembled, folders
from orchestrator.agents.hooks import HOOK_COMMAND
from orchestrator.models.launch import LaunchSpec, PlacedFile, StopStep
from orchestrator.models.work import Assignment

GRAMMAR = Grammar(
    aliases={"-m": "--model", "-s": "--session"},
    valued=frozenset({"--model", "--session", "--format", "--log-level", "--title"}),
)

STOP_LADDER = (StopStep("TERM", 2.0),)
"""It ends at once; the KILL of the tree that follows is for the children of its tools."""

PROVIDER: Final = "orchestrate"
KEY_NAME: Final = "ORCHESTRATE_MODEL_KEY"
"""The environment variable in which a rehearsal's key stands."""

_GUARD: Final = """// Asks the guard before each shell command; without one nothing is asked.
import { spawn } from "node:child_process";

export const Guard = async ({ directory }) => ({
  "tool.execute.before": async (input, output) => {
    if (input.tool !== "bash") return;
    const told = { tool_name: input.tool, tool_input: output.args, cwd: output.args.workdir ?? directory };
    const asked = spawn("/bin/sh", ["-c", %s], { stdio: ["pipe", "ignore", "pipe"] });
    let words = "";
    asked.stderr.on("data", (chunk) => (words += chunk));
    asked.stdin.on("error", () => {});
    asked.stdin.end(JSON.stringify(told));
    const code = await new Promise((done) => asked.on("close", done));
    if (code !== 0) throw new Error(words.trim() || `the guard ended with ${code}`);
  },
});
"""

_LIBRARY: Final = "@opencode-ai/plugin"
_LOCK: Final = json.dumps({"lockfileVersion": 3, "packages": {"": {"dependencies": {_LIBRARY: "*"}}}}) + "\n"
"""It installs this library for plugins, and waits for npm, unless the folder's lock names it; the guard needs none."""


def launch(assignment: Assignment) -> LaunchSpec:
    """Build the command line of one headless turn; the prompt goes to standard input."""
    settings = assignment.home / ".config" / "opencode"
    return LaunchSpec(
        argv=("opencode", "run", *assembled(_options(assignment), assignment, GRAMMAR)),
        cwd=assignment.target,
        env=additions(_environment(assignment), assignment),
        stdin=assignment.prompt,
        files=(
            PlacedFile(settings / "opencode.json", json.dumps(_settings(assignment), indent=1) + "\n"),
            PlacedFile(settings / "plugins" / "guard.js", _GUARD % json.dumps(HOOK_COMMAND)),
            PlacedFile(settings / "package-lock.json", _LOCK),
            PlacedFile(settings / "node_modules" / ".package-lock.json", _LOCK),
        ),
        stop_ladder=STOP_LADDER,
    )


def _options(assignment: Assignment) -> list[Option]:
    options: list[Option] = [
        ("--format", "json"),
        ("--thinking",),
        # Only there does it tell that it asks the model again.
        ("--print-logs",),
        ("--log-level", "ERROR"),
        # Without a title it asks the model for one.
        ("--title", str(assignment.worker)),
    ]
    if assignment.bypass_approvals:
        options.append(("--auto",))
    if assignment.model is not None and assignment.endpoint is None:
        options.append(("--model", assignment.model))
    if assignment.resume is not None:
        options.append(("--session", assignment.resume))
    return options


def _environment(assignment: Assignment) -> dict[str, str]:
    env = {"OPENCODE_DISABLE_AUTOUPDATE": "1", "OPENCODE_DISABLE_LSP_DOWNLOAD": "1", "NO_COLOR": "1"}
    if assignment.endpoint is not None:
        env["OPENCODE_DISABLE_MODELS_FETCH"] = "1"
        env[KEY_NAME] = assignment.endpoint.key
    return env


def _settings(assignment: Assignment) -> dict[str, Any]:
    settings: dict[str, Any] = {"autoupdate": False, "share": "disabled"}
    if not assignment.bypass_approvals:
        # What would be asked is refused, as nobody is there.
        outside = {"*": "ask", **{f"{folder}/**": "allow" for folder in folders(assignment)}}
        settings["permission"] = {"edit": "allow", "bash": "ask", "webfetch": "ask", "external_directory": outside}
    if assignment.endpoint is not None:
        url = assignment.endpoint.url.rstrip("/")
        url = url if url.endswith("/v1") else f"{url}/v1"
        settings |= {
            "model": f"{PROVIDER}/scripted",
            "small_model": f"{PROVIDER}/scripted",
            "provider": {
                PROVIDER: {
                    "npm": "@ai-sdk/openai-compatible",
                    "name": PROVIDER,
                    "options": {"baseURL": url, "apiKey": f"{{env:{KEY_NAME}}}"},
                    "models": {"scripted": {"name": "scripted"}},
                }
            },
        }
    return settings
