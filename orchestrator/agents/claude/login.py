"""Compare login files of claude (2.1.329): they name no account; that a renewal was due is what one is known by.

The lasting token is good for one renewal: the service gives another with each, and the former one is dead.  A file with
another lasting token is therefore what a renewal leaves, and what an agent with a login of somebody else's would leave
too.  It counts as a renewal only when there was one to be made.
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
        return "its lasting token is of another kind"
    due = is_due(login["expiresAt"] / 1000, now_s)
    return "" if due else "its lasting token is another, though the former login was not due to be renewed"


def _form(login: object) -> object:
    """The names and kinds of its values; when the lasting token ends is said by newer versions only."""
    assert isinstance(login, dict)
    return shape({name: value for name, value in login.items() if name != "refreshTokenExpiresAt"})
