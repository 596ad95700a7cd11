"""List OpenCode's known errors and what cures them, in the order in which they are tried."""

from __future__ import annotations

from typing import Final

from orchestrator.late_pattern import late_pattern
from orchestrator.models.events import FailureKind
from orchestrator.models.recovery import Escalate, GiveUp, RecoveryRule, Relaunch, Wait

DENIAL_WORDS: Final = late_pattern(
    r"The user rejected permission to use this specific tool call"
    r"|The user has specified a rule which prevents you from using this specific tool call"
)
"""How a denial reads in a failed tool call."""

RULES: Final[tuple[RecoveryRule, ...]] = (
    RecoveryRule(
        name="opencode-permission",
        pattern=late_pattern(r"The user rejected permission to use this specific tool call"),
        remedy=Relaunch(flags=("--auto",)),
        because="opencode asks a person for permission, and none is there",
        source="opencode 1.18.33, observed",
    ),
    RecoveryRule(
        name="opencode-session-missing",
        pattern=late_pattern(r"Session not found"),
        remedy=Relaunch(fresh=True),
        because="the conversation to continue is not there",
        source="opencode 1.18.33, observed",
    ),
    RecoveryRule(
        name="opencode-refused",
        pattern=late_pattern(r"^(?:APIError|ProviderAuthError|UnknownError): "),
        remedy=GiveUp("run opencode auth login, or set another key"),
        because="the service does not accept the key",
        failure=FailureKind.AUTHENTICATION,
        source="opencode 1.18.33, observed",
    ),
    RecoveryRule(
        name="opencode-usage-limit",
        pattern=late_pattern(r"^AI_APICallError: "),
        remedy=Wait(),
        because="the account's limit is reached for now, and opencode would ask again for ever",
        failure=FailureKind.USAGE_LIMIT,
        source="opencode 1.18.33, observed",
    ),
    RecoveryRule(
        name="opencode-model-unknown",
        # All that it says of an unknown model in its records is that something was not expected.
        pattern=late_pattern(r"^(?:ProviderModelNotFoundError: |UnknownError: Unexpected server error)"),
        remedy=Escalate(("name a model that opencode models lists: --model opencode=PROVIDER/MODEL",)),
        because="opencode cannot begin, most often because it does not know the model",
        source="opencode 1.18.33, observed",
    ),
)
