"""Compare login files of claude (2.1.329): they name no account, so the lasting token tells whose they are."""

from __future__ import annotations

from orchestrator.agents.logins import fields, is_later, shape


def newer_login(before: bytes, after: bytes) -> str:
    """Whether the second content may replace the first: empty, or why not."""
    old, new = fields(before), fields(after)
    if not old or shape(old) != shape(new) or not isinstance(old.get("claudeAiOauth"), dict):
        return "it is not of the same form"
    login, fresh = old["claudeAiOauth"], new["claudeAiOauth"]
    changing = ("accessToken", "expiresAt")
    if not login.get("refreshToken") or {**new, "claudeAiOauth": {}} != {**old, "claudeAiOauth": {}}:
        return "it is not certain that it is the same account's"
    if any(fresh[name] != login[name] for name in login if name not in changing):
        return "it is not certain that it is the same account's"
    return "" if is_later(login.get("expiresAt"), fresh.get("expiresAt"), per_second=1000) else "it is not newer"
