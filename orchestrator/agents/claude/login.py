"""Compare two login files of claude (2.1.329).  They name no account, so a renewal is accepted only when one was due.

A refresh token works once: each renewal returns a new one and the old one is dead.  A file with another refresh token
is therefore what a renewal leaves, but also what an agent would leave that put somebody else's login there.
"""

from __future__ import annotations

from orchestrator.agents.logins import fields, is_due, is_later, shape

_CHANGING = ("accessToken", "expiresAt", "refreshToken", "refreshTokenExpiresAt")
_PREFIX = 13
"""So many characters name a token's kind: ``sk-ant-ort01-``."""


def newer_login(before: bytes, after: bytes, now_s: float) -> str:
    """Whether the second content may replace the first: empty, or why not."""
    old, new = fields(before), fields(after)
    login, fresh = old.get("claudeAiOauth"), new.get("claudeAiOauth")
    if not isinstance(login, dict) or not isinstance(fresh, dict) or _form(login) != _form(fresh):
        return "it is not of the same form"
    lasting = login.get("refreshToken"), fresh.get("refreshToken")
    if not all(lasting) or {**new, "claudeAiOauth": {}} != {**old, "claudeAiOauth": {}}:
        return "it is not certain that it is the same account's"
    if any(fresh[name] != login[name] for name in login if name not in _CHANGING):
        return "it is not certain that it is the same account's"
    if not is_later(login.get("expiresAt"), fresh.get("expiresAt"), per_second=1000):
        return "it is not newer"
    if lasting[0] == lasting[1]:
        return ""
    if str(lasting[0])[:_PREFIX] != str(lasting[1])[:_PREFIX] and str(lasting[0]).startswith("sk-ant-"):
        return "its refresh token is of another kind"
    due = is_due(login["expiresAt"] / 1000, now_s)
    return "" if due else "its refresh token is another, though the former login was not due to be renewed"


def _form(login: object) -> object:
    """Describe a login by the names and types of its values; only newer versions say when the refresh token expires."""
    assert isinstance(login, dict)
    return shape({name: value for name, value in login.items() if name != "refreshTokenExpiresAt"})
