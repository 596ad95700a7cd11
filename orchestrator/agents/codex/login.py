"""Compare login files of codex (0.169.0): their tokens say whose they are."""

from __future__ import annotations

from orchestrator.agents.logins import claims, fields, is_later, same_owner, shape


def newer_login(before: bytes, after: bytes, now_s: float) -> str:
    """Whether the second content may replace the first: empty, or why not."""
    old, new = fields(before), fields(after)
    if not old or shape(old) != shape(new) or not isinstance(old.get("tokens"), dict):
        return "it is not of the same form"
    login, fresh = old["tokens"], new["tokens"]
    if any(new[name] != old[name] for name in old if name not in ("tokens", "last_refresh")):
        return "it is not the same account's"
    if login.get("account_id") != fresh.get("account_id") or not all(
        same_owner(login.get(name), fresh.get(name), ("iss", "sub")) for name in ("id_token", "access_token")
    ):
        return "it is not the same account's"
    times = (claims(each.get("access_token")).get("exp") for each in (login, fresh))
    return "" if is_later(*times) else "it is not newer"
