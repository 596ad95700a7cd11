"""This adapter makes Codex CLI an agent: its command line, its records, and its known errors."""

from __future__ import annotations

from pathlib import PurePosixPath

from orchestrator.agents.codex.launching import launch
from orchestrator.agents.codex.login import newer_login
from orchestrator.agents.codex.rollout import ROLLOUT
from orchestrator.agents.codex.rules import RULES
from orchestrator.agents.codex.translating import NAME, RECORD_TYPES, translate
from orchestrator.agents.contract import Agent, Credential
from orchestrator.agents.providers import Provider
from orchestrator.agents.user_settings import UserSetting, settings_of
from orchestrator.models.work import Role

AGENT = Agent(
    name=NAME,
    title="Codex",
    executable="codex",
    package="@openai/codex",
    pinned="0.171.0",
    launch=launch,
    translate=translate,
    record_types=RECORD_TYPES,
    recovery_rules=RULES,
    credential=Credential(
        environment=("CODEX_API_KEY", "OPENAI_API_KEY"),
        files=(PurePosixPath(".codex/auth.json"),),
        newer_login=newer_login,
        login_hint="run codex login, or set CODEX_API_KEY",
        providers=(
            Provider(
                title="Azure OpenAI",
                switch="AZURE_OPENAI_API_KEY",
                secrets=("AZURE_OPENAI_API_KEY",),
                settings=("AZURE_RESOURCE_NAME",),
                urls=("AZURE_OPENAI_ENDPOINT",),
                hosts=("{AZURE_RESOURCE_NAME}.openai.azure.com",),
            ),
        ),
        renamed={"OPENAI_API_KEY": "CODEX_API_KEY"},  # exec sends no key at all when it has only the former (0.169.0)
    ),
    oldest=(0, 142, 3),  # measured: docs/cli-matrix.md
    # The last renews a login (0.169.0).
    model_hosts=("api.openai.com", "chatgpt.com", "auth.openai.com"),
    # OPENAI_BASE_URL means nothing to it (0.169.0); people set that for other programs.
    gateway_setting=(PurePosixPath(".codex/config.toml"), "openai_base_url"),
    role_strengths=(Role.REVIEWER,),
    replies="schema",
    conversations=(PurePosixPath(".codex/sessions"),),
    obeys_proxy=True,
    user_settings=(
        UserSetting("instructions", PurePosixPath(".codex/AGENTS.override.md")),
        *settings_of(
            ".codex",
            mcp=("config.toml", "mcp_servers"),
            instructions="AGENTS.md",
            skills="skills",
            commands="prompts",
            providers=("config.toml", "model_provider", "model_providers"),
            hooks="hooks.json",
            settings=("config.toml", "model", "profile", "profiles", "approval_policy", "sandbox_mode"),
        ),
    ),
    aside=ROLLOUT,
    hook_missing="exec runs no hooks of its user",
    vendor="OpenAI",
    in_default_team=True,
    # From the list of models that Codex 0.171.0 brings along; its own default is the capable one.
    tier_models={"CHEAP": "gpt-6-luna", "PREMIUM": "gpt-6.2-astra"},
    memory_floor_mib=190,  # measured: 182 MB at its peak with an answer that comes at once
)
