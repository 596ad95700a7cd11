"""This adapter makes Claude Code an agent: its command line, its records, and its known errors."""

from __future__ import annotations

from pathlib import PurePosixPath

from orchestrator.agents.claude.clouds import MODELS, PROVIDERS
from orchestrator.agents.claude.launching import MCP_FILE, launch, launch_mismatch
from orchestrator.agents.claude.login import newer_login
from orchestrator.agents.claude.rules import RULES
from orchestrator.agents.claude.tool_calls import NAME
from orchestrator.agents.claude.translating import RECORD_TYPES, translate
from orchestrator.agents.contract import Agent, Credential
from orchestrator.agents.user_settings import UserSetting, settings_of
from orchestrator.models.work import Role

AGENT = Agent(
    name=NAME,
    title="Claude Code",
    executable="claude",
    package="@anthropic-ai/claude-code",
    pinned="2.1.332",
    launch=launch,
    translate=translate,
    record_types=RECORD_TYPES,
    recovery_rules=RULES,
    credential=Credential(
        environment=("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN"),
        files=(PurePosixPath(".claude/.credentials.json"),),
        newer_login=newer_login,
        settings=MODELS,
        providers=PROVIDERS,
        login_hint="run claude and type /login, or set ANTHROPIC_API_KEY",
    ),
    oldest=(2, 1, 152),  # measured: docs/cli-matrix.md
    launch_mismatch=launch_mismatch,
    reports_cost="yes",
    # The second renews a login (2.1.329).
    model_hosts=("api.anthropic.com", "platform.claude.com"),
    gateway_variable="ANTHROPIC_BASE_URL",
    role_strengths=(Role.IMPLEMENTER,),
    replies="schema",
    conversations=(PurePosixPath(".claude/projects"),),
    obeys_proxy=True,
    user_settings=(
        UserSetting("mcp", PurePosixPath(".claude.json"), ("mcpServers",), into=MCP_FILE),
        *settings_of(
            ".claude",
            instructions="CLAUDE.md",
            skills="skills",
            commands="commands",
            subagents="agents",
            hooks=("settings.json", "hooks"),
            settings=("settings.json", "env", "apiKeyHelper", "permissions", "model", "awsAuthRefresh"),
            extensions="plugins",
        ),
    ),
    vendor="Anthropic",
    in_default_team=True,
    # The aliases that the CLI itself takes for its newest models.
    tier_models={"CHEAP": "haiku", "CAPABLE": "sonnet", "PREMIUM": "opus"},
    memory_floor_mib=310,  # measured: 202 to 309 MB at its peak with an answer that comes at once
)
