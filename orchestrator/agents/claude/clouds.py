"""The clouds through which Claude Code reaches its model; the variables are in the installed program (2.1.332)."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Final

from orchestrator.agents.providers import Provider

_AWS_HOSTS: Final = (
    *("bedrock-runtime.{%s}.amazonaws.com", "bedrock.{%s}.amazonaws.com", "sts.{%s}.amazonaws.com"),
    *("oidc.{%s}.amazonaws.com", "portal.sso.{%s}.amazonaws.com"),
)

PROVIDERS: Final = (
    Provider(
        title="Amazon Bedrock",
        switch="CLAUDE_CODE_USE_BEDROCK",
        secrets=(
            *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_BEARER_TOKEN_BEDROCK"),
            "AWS_CONTAINER_AUTHORIZATION_TOKEN",
        ),
        settings=(
            *("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ROLE_*"),
            *("AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT", "CLAUDE_CODE_SKIP_BEDROCK_AUTH"),
            *("ANTHROPIC_BEDROCK_REGION_PREFIX", "ANTHROPIC_BEDROCK_SERVICE_TIER"),
            "ANTHROPIC_SMALL_FAST_MODEL_AWS_REGION",
        ),
        urls=("ANTHROPIC_BEDROCK_BASE_URL", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_*"),
        files=(PurePosixPath(".aws/config"), PurePosixPath(".aws/credentials"), PurePosixPath(".aws/sso/cache")),
        file_variables=("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_WEB_IDENTITY_TOKEN_FILE"),
        hosts=(
            *(host % "AWS_REGION" for host in _AWS_HOSTS),
            *(host % "AWS_DEFAULT_REGION" for host in _AWS_HOSTS),
            "sts.amazonaws.com",
        ),
    ),
    Provider(
        title="Google Vertex AI",
        switch="CLAUDE_CODE_USE_VERTEX",
        settings=(
            *("CLOUD_ML_REGION", "ANTHROPIC_VERTEX_PROJECT_ID", "CLAUDE_CODE_SKIP_VERTEX_AUTH", "VERTEX_REGION_*"),
            *("GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT"),
        ),
        urls=("ANTHROPIC_VERTEX_BASE_URL",),
        files=(PurePosixPath(".config/gcloud/application_default_credentials.json"),),
        file_variables=("GOOGLE_APPLICATION_CREDENTIALS",),
        hosts=(
            *("aiplatform.googleapis.com", "{CLOUD_ML_REGION}-aiplatform.googleapis.com"),
            *("oauth2.googleapis.com", "sts.googleapis.com", "iamcredentials.googleapis.com"),
        ),
    ),
    Provider(
        title="Microsoft Foundry (Azure)",
        switch="CLAUDE_CODE_USE_FOUNDRY",
        secrets=(
            *("ANTHROPIC_FOUNDRY_API_KEY", "ANTHROPIC_FOUNDRY_AUTH_TOKEN", "AZURE_CLIENT_SECRET"),
            "AZURE_CLIENT_CERTIFICATE_PASSWORD",
        ),
        settings=(
            *("ANTHROPIC_FOUNDRY_RESOURCE", "CLAUDE_CODE_SKIP_FOUNDRY_AUTH", "AZURE_TENANT_ID", "AZURE_CLIENT_ID"),
            "AZURE_AUTHORITY_HOST",
        ),
        urls=("ANTHROPIC_FOUNDRY_BASE_URL",),
        file_variables=("AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_FEDERATED_TOKEN_FILE"),
        hosts=("{ANTHROPIC_FOUNDRY_RESOURCE}.services.ai.azure.com", "login.microsoftonline.com"),
    ),
)
MODELS: Final = (
    *("ANTHROPIC_MODEL", "ANTHROPIC_SMALL_FAST_MODEL", "ANTHROPIC_DEFAULT_*_MODEL", "ANTHROPIC_DEFAULT_MODEL"),
    "ANTHROPIC_CUSTOM_MODEL_OPTION",
)
"""Variables that name models; with a cloud they are its own names."""
