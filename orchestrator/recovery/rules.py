"""List the recovery rules that hold for every CLI; those that mention a flag of one stand in its adapter."""

from __future__ import annotations

import re
from typing import Final

from orchestrator.late_pattern import late_pattern
from orchestrator.models.events import FailureKind
from orchestrator.models.recovery import Escalate, GiveUp, RecoveryRule, Relaunch, Wait

_ANYTHING = late_pattern("")

ANY_AGENT: Final[tuple[RecoveryRule, ...]] = (
    RecoveryRule(
        name="usage-limit",
        pattern=_ANYTHING,
        failure=FailureKind.USAGE_LIMIT,
        remedy=Wait(),
        because="the account's usage limit is reached",
    ),
    RecoveryRule(
        name="overloaded",
        pattern=_ANYTHING,
        failure=FailureKind.OVERLOADED,
        remedy=Wait(),
        because="the provider is overloaded",
    ),
    RecoveryRule(
        name="network",
        pattern=_ANYTHING,
        failure=FailureKind.NETWORK,
        remedy=Wait(),
        because="the provider could not be reached",
    ),
    RecoveryRule(
        name="context-full",
        pattern=_ANYTHING,
        failure=FailureKind.CONTEXT_FULL,
        remedy=Relaunch(fresh=True),
        because="the conversation no longer fits the model; a new one is begun",
    ),
    RecoveryRule(
        name="not-logged-in",
        pattern=_ANYTHING,
        failure=FailureKind.AUTHENTICATION,
        remedy=GiveUp("log in with the CLI itself, then: orchestrate resume"),
        because="the provider refuses the login",
    ),
    RecoveryRule(
        name="billing",
        pattern=_ANYTHING,
        failure=FailureKind.BILLING,
        remedy=GiveUp("settle the account's billing, or use another key"),
        because="the provider refuses for want of payment",
    ),
    RecoveryRule(
        name="permission-denied",
        pattern=late_pattern(
            r"permission denied|\bEACCES\b|operation not permitted|\bEPERM\b|read-only file system|\bEROFS\b",
            re.IGNORECASE,
        ),
        remedy=Escalate(
            (
                "look at who owns the path and what it allows: ls -ld PATH",
                "let the workers at it: add the folder to `readable` or `writable` in the sandbox policy",
                "if the agent can do without it, answer with what it should do instead",
            )
        ),
        because="something was refused for want of permission, and no known rule cures it",
        evidence="spec",
        source="spec 004, Recovery Scenarios, 3",
    ),
)
"""Rules that hold for every CLI; they come after its own."""
