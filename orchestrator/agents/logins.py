"""Tell whether one of two login files is the same account's newer login.  Nothing is verified."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

NewerLogin: TypeAlias = Callable[[bytes, bytes, float], str]
"""Of the content before and after, and the time in seconds since 1970: empty where the second may replace the first,
else why not.  Never raises."""
DUE_S: Final = 900.0
MOST_AHEAD_S: Final = 400 * 86_400
"""By how much one refresh may move an expiry on; more is an invention."""


def never_newer(before: bytes, after: bytes, now_s: float) -> str:
    """The answer of a CLI about whose login file nothing is known."""
    return "" if before == after else "its form is not known"


def fields(content: bytes) -> Mapping[str, Any]:
    """Read the JSON object in a login file; empty where there is none."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def claims(token: object) -> Mapping[str, Any]:
    """Decode the claims of a JSON web token without verifying it; empty where it is none."""
    if not isinstance(token, str) or token.count(".") != 2:
        return {}
    text = token.split(".")[1]
    try:
        return fields(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError:
        return {}


def shape(value: object, *, deep: int = 8) -> object:
    """Describe an object by its names and types, without its values."""
    if isinstance(value, dict) and deep:
        return {name: shape(below, deep=deep - 1) for name, below in value.items()}
    return "number" if type(value) in (int, float) else type(value).__name__


def same_owner(before: object, after: object, names: tuple[str, ...]) -> bool:
    """Whether each of these claims is there in both tokens and the same."""
    one, other = claims(before), claims(after)
    return all(one.get(name) and one.get(name) == other.get(name) for name in names)


def is_due(ends_s: float, now_s: float) -> bool:
    """Whether a login had to be renewed: CLIs do it some minutes before its end, and whoever compares comes later."""
    return ends_s <= now_s + DUE_S


def is_later(before: object, after: object, *, per_second: int = 1) -> bool:
    """Whether a moment is later than another, and not by more than a refresh can make it."""
    if type(before) not in (int, float) or type(after) not in (int, float):
        return False
    assert isinstance(before, int | float)
    assert isinstance(after, int | float)
    return before < after <= before + MOST_AHEAD_S * per_second
