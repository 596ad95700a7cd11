"""Check what callers hand over as a context: plain data of bounded size, as it goes into a session."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

MOST_BYTES: Final = 256 * 1024
"""Of a whole context as JSON: every agent reads all of it."""


def checked_context(context: object) -> dict[str, Any]:
    """A copy of the context as JSON holds it.

    Raises:
        ValueError: The context is no dict with text keys, is too large, or holds what JSON cannot: an object, a cycle,
            or a figure that is no number.
    """
    if context is None:
        return {}
    if not isinstance(context, Mapping) or not all(isinstance(key, str) for key in context):
        raise ValueError(f"context must be a dict with strings as keys, not {type(context).__name__}")
    try:
        text = json.dumps(dict(context), allow_nan=False, ensure_ascii=False)
        text.encode("utf-8")
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"context is no JSON: {error}") from None
    size = len(text.encode("utf-8"))
    if size > MOST_BYTES:
        raise ValueError(f"context may have {MOST_BYTES:,} bytes as JSON, and has {size:,}; name a file in it instead")
    found: dict[str, Any] = json.loads(text)
    return found
