"""Shorten paths in the target as a person working there would write them: relative, and without a leading ``cd``."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_COPY: Final = re.compile(r"(?<![\w./-])/(?:[^\s'\";&|()]*/)?\d{8}-\d{6}-[0-9a-f]{4}/layers/[\w.@+-]+/target(?![\w.-])")
"""Where a writer works beside others: a copy of the target in the session's folder, and the target to whoever reads."""


def short_paths(text: str, target: str) -> str:
    """``Bash: cd /home/me/shop && cat /home/me/shop/a.py`` in ``/home/me/shop`` is ``Bash: cat a.py``.

    Args:
        target: An absolute path, or empty for none.
    """
    root = target.rstrip("/")
    if not root:
        return text
    if "/layers/" in text:
        text = _COPY.sub(lambda _: root, text)
    if root not in text:
        return text
    change, below, itself = _patterns(root)
    return itself.sub(".", below.sub("", change.sub(r"\1", text)))


@lru_cache(maxsize=64)
def _patterns(root: str) -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    name = re.escape(root)
    change = rf"(^|: )cd (['\"]?){name}/?\2\s*(?:&&|;)\s*"
    # A path of which the target is only a part, /mnt/home/me/shop or /home/me/shop-old, stays as it is.
    return (
        re.compile(change),
        re.compile(rf"(?<![\w./-]){name}/(?=[^\s'\";&|)])"),
        re.compile(rf"(?<![\w./-]){name}/?(?![\w./-])"),
    )
