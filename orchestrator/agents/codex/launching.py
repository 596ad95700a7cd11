"""Build Codex CLI's command line, as observed with 0.169.0."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from orchestrator.agents.command_lines import Grammar, Option, additions, assembled, folders
from orchestrator.models.launch import LaunchSpec, PlacedFile, StopStep
from orchestrator.models.work import Assignment, Role

GRAMMAR = Grammar(
    aliases={"--cd": "-C", "--sandbox": "-s", "--model": "-m", "--config": "-c", "--output-last-message": "-o"},
    repeatable=frozenset({"--add-dir", "-c"}),
    valued=frozenset({"--add-dir", "-C", "-s", "-m", "-c", "-o", "--output-schema"}),
)

STOP_LADDER = (StopStep("INT", 3.0),)
"""INT is the only signal on which it ends its tools' children as well."""

PROVIDER = "orchestrate"
KEY_NAME = "ORCHESTRATE_MODEL_KEY"
"""The environment variable in which a rehearsal's key stands."""

# At each start it would fetch a list of plugins from GitHub, which a home of ours never has.
_FEATURES = "[features]\nplugins = false\n"


def launch(assignment: Assignment) -> LaunchSpec:
    """Build the command line of one headless turn; ``-`` reads the prompt from stdin until that ends."""
    codex_home = assignment.home / ".codex"
    words = assembled(_options(assignment), _within_role(assignment), GRAMMAR)
    # Options of exec stand before resume, which knows neither -C nor -s nor --add-dir.
    words = (*words, "resume", assignment.resume, "-") if assignment.resume is not None else (*words, "-")
    env = {"CODEX_HOME": str(codex_home), "NO_COLOR": "1"}
    if assignment.endpoint is not None:
        env[KEY_NAME] = assignment.endpoint.key
    files = [PlacedFile(codex_home / "config.toml", _config(assignment))]  # CODEX_HOME must exist
    if assignment.reply_schema is not None:
        files.append(PlacedFile(_schema_path(assignment), json.dumps(_strict(assignment.reply_schema), indent=1)))
    return LaunchSpec(
        argv=("codex", "exec", *words),
        cwd=assignment.target,
        env=additions(env, assignment),
        stdin=assignment.prompt,
        files=tuple(files),
        stop_ladder=STOP_LADDER,
    )


def _options(assignment: Assignment) -> list[Option]:
    options: list[Option] = [
        ("--json",),
        ("--skip-git-repo-check",),
    ]
    if assignment.bypass_approvals:
        options.append(("--dangerously-bypass-approvals-and-sandbox",))
    else:
        mode = "read-only" if assignment.role is Role.REVIEWER else "workspace-write"
        options.append(("-s", mode))
        if mode == "workspace-write":
            options.extend(("--add-dir", folder) for folder in folders(assignment))
    options.append(("-C", str(assignment.target)))
    options.append(("-c", "analytics.enabled=false"))
    options.append(("-c", "check_for_update_on_startup=false"))
    if assignment.model is not None:
        options.append(("-m", assignment.model))
    if assignment.reply_schema is not None:
        options.append(("--output-schema", str(_schema_path(assignment))))
    return options


def _within_role(assignment: Assignment) -> Assignment:
    """Keep a reviewer's own sandbox read-only, whatever a recovery asks for."""
    if assignment.role is not Role.REVIEWER:
        return assignment
    flags = tuple(flag for flag in assignment.extra_flags if not flag.startswith("--sandbox="))
    return replace(assignment, extra_flags=flags)


def _schema_path(assignment: Assignment) -> Path:
    return assignment.scratch / "reply-schema.json"


def _strict(schema: Any) -> Any:
    """Rewrite the schema as the service wants it: every object closed, every property required."""
    if isinstance(schema, list | tuple):
        return [_strict(item) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    closed = {key: _strict(value) for key, value in schema.items()}
    if closed.get("type") == "object" and isinstance(closed.get("properties"), dict):
        closed["additionalProperties"] = False
        closed["required"] = list(closed["properties"])
    return closed


def _config(assignment: Assignment) -> str:
    """Write the ``config.toml`` of the private home."""
    if assignment.endpoint is None:
        gateway = "" if assignment.gateway is None else f"openai_base_url = {json.dumps(assignment.gateway)}\n\n"
        return f"{gateway}{_FEATURES}"
    url = assignment.endpoint.url.rstrip("/")
    if not url.endswith("/v1"):
        url += "/v1"
    # Without these two, a refused connection is tried again for ever and an error five times five.
    return (
        f"model_provider = {json.dumps(PROVIDER)}\n\n"
        f"[model_providers.{PROVIDER}]\n"
        f"name = {json.dumps(PROVIDER)}\n"
        f"base_url = {json.dumps(url)}\n"
        f"env_key = {json.dumps(KEY_NAME)}\n"
        'wire_api = "responses"\n'
        "request_max_retries = 1\n"
        "stream_max_retries = 1\n\n"
        f"{_FEATURES}"
    )
