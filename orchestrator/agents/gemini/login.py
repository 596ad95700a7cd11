"""Compare two login files of gemini (0.61.0): the identity token names the account, and a refresh token stays."""

from __future__ import annotations

from orchestrator.agents.logins import fields, is_later, same_owner, shape


def newer_login(before: bytes, after: bytes, now_s: float) -> str:
    """Whether the second content may replace the first: empty, or why not."""
    old, new = fields(before), fields(after)
    if not old or shape(old) != shape(new) or "expiry_date" not in old:
        return "it is not of the same form"
    changing = ("access_token", "id_token", "expiry_date")
    if any(new[name] != old[name] for name in old if name not in changing) or not old.get("refresh_token"):
        return "it is not the same account's"
    if "id_token" in old and not same_owner(old["id_token"], new["id_token"], ("iss", "sub")):
        return "it is not the same account's"
    return "" if is_later(old["expiry_date"], new["expiry_date"], per_second=1000) else "it is not newer"
