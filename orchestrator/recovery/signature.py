"""Tell whether two errors are the same one: by the rule that matched and the path it was about."""

from __future__ import annotations

from orchestrator.models.recovery import RecoveryRule


def signature_of(rule: RecoveryRule, path: str | None) -> str:
    """One text a rule and path; what was tried once is not tried again (CLI facts, engine note d)."""
    return f"{rule.name}:{path}" if path else rule.name
