"""This adapter makes Gemini CLI an agent: its command line, its records, and its known errors."""

from __future__ import annotations

from pathlib import PurePosixPath

from orchestrator.agents.contract import Agent, Credential
from orchestrator.agents.gemini.launching import launch
from orchestrator.agents.gemini.login import newer_login
from orchestrator.agents.gemini.rules import RULES
from orchestrator.agents.gemini.translating import NAME, RECORD_TYPES, translate
from orchestrator.agents.providers import Provider
from orchestrator.agents.user_settings import settings_of
from orchestrator.models.work import Role

AGENT = Agent(
    name=NAME,
    title="Gemini CLI",
    executable="gemini",
    package="@google/gemini-cli",
    pinned="0.61.0",
    launch=launch,
    translate=translate,
    record_types=RECORD_TYPES,
    recovery_rules=RULES,
    credential=Credential(
        environment=("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        files=(PurePosixPath(".gemini/oauth_creds.json"), PurePosixPath(".gemini/google_accounts.json")),
        newer_login=newer_login,
        login_hint="run gemini and sign in, or set GEMINI_API_KEY",
        settings=("GOOGLE_GENAI_USE_GCA", "GOOGLE_GENAI_USE_VERTEXAI", "GOOGLE_CLOUD_PROJECT", "GOOGLE_CLOUD_LOCATION"),
        providers=(
            Provider(
                title="Google Vertex AI",
                switch="GOOGLE_GENAI_USE_VERTEXAI",
                files=(PurePosixPath(".config/gcloud/application_default_credentials.json"),),
                file_variables=("GOOGLE_APPLICATION_CREDENTIALS",),
                urls=("GOOGLE_VERTEX_BASE_URL",),
                hosts=("sts.googleapis.com", "iamcredentials.googleapis.com"),
            ),
        ),
        # Our settings.json names no auth type, and without one gemini looks at the environment only.
        with_files={"GOOGLE_GENAI_USE_GCA": "true"},
    ),
    oldest=(0, 55),  # measured (docs/cli-matrix.md): 0.54.4 and older print a 429 in another shape
    model_hosts=(
        *("generativelanguage.googleapis.com", "cloudcode-pa.googleapis.com"),
        # The first renews a login, the second says whose it is (0.61.0).
        *("oauth2.googleapis.com", "www.googleapis.com"),
        *("aiplatform.googleapis.com", "{GOOGLE_CLOUD_LOCATION}-aiplatform.googleapis.com"),
    ),
    gateway_variable="GOOGLE_GEMINI_BASE_URL",
    role_strengths=(Role.DESIGNER,),
    replies="text",
    conversations=(
        PurePosixPath(".gemini/tmp"),
        PurePosixPath(".gemini/history"),
        PurePosixPath(".gemini/projects.json"),
    ),
    obeys_proxy=True,
    user_settings=settings_of(
        ".gemini",
        mcp=("settings.json", "mcpServers"),
        instructions="GEMINI.md",
        skills="skills",
        commands="commands",
        subagents="agents",
        hooks=("settings.json", "hooks"),
        settings=("settings.json", "tools", "model", "context"),
        extensions="extensions",
    ),
    vendor="Google",
    in_default_team=True,
    # The aliases that the CLI itself takes for its newest models.
    tier_models={"CHEAP": "flash-lite", "CAPABLE": "flash", "PREMIUM": "pro"},
    memory_floor_mib=400,  # measured: 249 MB at its peak, 400 where it starts itself again
)
