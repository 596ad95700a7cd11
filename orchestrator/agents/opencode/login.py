"""Compare login files of OpenCode (1.18.33): one entry a provider, of which some are renewed now and then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.agents.logins import fields, is_due, is_later, shape

_CHANGING = ("access", "expires", "refresh")


def newer_login(before: bytes, after: bytes, now_s: float) -> str:
    """Whether the second content may replace the first: empty, or why not."""
    old, new = fields(before), fields(after)
    if not old or shape(old) != shape(new):
        return "it is not of the same form"
    changed = [name for name in old if new[name] != old[name]]
    if not changed:
        return "it is not newer"
    return next((why for why in (_why_not(old[name], new[name], now_s) for name in changed) if why), "")


def _why_not(old: object, new: object, now_s: float) -> str:
    if not isinstance(old, dict) or not isinstance(new, dict) or old.get("type") != "oauth":
        return "it is not certain that it is the same account's"
    if _lasting(old) != _lasting(new) or not (old.get("refresh") and new.get("refresh")):
        return "it is not certain that it is the same account's"
    if not is_later(old.get("expires"), new.get("expires"), per_second=1000):
        return "it is not newer"
    if old["refresh"] != new["refresh"] and not is_due(old["expires"] / 1000, now_s):
        return "its refresh token is another, though the former login was not due to be renewed"
    return ""


def _lasting(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: value for name, value in entry.items() if name not in _CHANGING}
