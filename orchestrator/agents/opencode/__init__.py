"""This adapter makes OpenCode an agent: its command line, its records, and its known errors."""

from __future__ import annotations

from pathlib import PurePosixPath

from orchestrator.agents.contract import Agent, Credential
from orchestrator.agents.opencode.launching import launch
from orchestrator.agents.opencode.login import newer_login
from orchestrator.agents.opencode.rules import RULES
from orchestrator.agents.opencode.translating import NAME, RECORD_TYPES, translate
from orchestrator.agents.user_settings import settings_of
from orchestrator.models.work import Role

AGENT = Agent(
    name=NAME,
    title="OpenCode",
    executable="opencode",
    package="opencode-ai",
    pinned="1.18.33",
    launch=launch,
    translate=translate,
    record_types=RECORD_TYPES,
    recovery_rules=RULES,
    credential=Credential(
        environment=("OPENCODE_API_KEY", "OPENROUTER_API_KEY"),
        files=(PurePosixPath(".local/share/opencode/auth.json"),),
        login_hint="run opencode auth login, or set OPENCODE_API_KEY",
        newer_login=newer_login,
    ),
    oldest=(1, 18, 4),  # measured: docs/cli-matrix.md
    model_hosts=("opencode.ai", "models.dev", "openrouter.ai"),
    role_strengths=(Role.IMPLEMENTER, Role.REVIEWER),
    replies="text",
    obeys_proxy=True,
    user_settings=settings_of(
        ".config/opencode",
        mcp=("opencode.json", "mcp"),
        instructions="AGENTS.md",
        skills="skills",
        commands="commands",
        subagents="agents",
        providers=("opencode.json", "provider", "model", "small_model"),
        settings=("opencode.json", "permission", "agent"),
        extensions="plugins",
    ),
    retries_for_ever=True,
    tells_whole_texts=True,
)
