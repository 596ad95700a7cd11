"""Shorten paths in the target as a person working there would write them: relative, and without a leading ``cd``."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from orchestrator.late_pattern import late_pattern

_COPY: Final = late_pattern(r"/\d{8}-\d{6}-[0-9a-f]{4}/layers/[\w.@+-]{1,200}/target(?![\w.-])")
"""The end of the path of a copy that a writer beside others has: to whoever reads it is the target."""
_BEFORE_A_PATH: Final = frozenset(" \t\r\n'\"`;&|()<>=:,")


def short_paths(text: str, target: str) -> str:
    """``Bash: cd /home/me/shop && cat /home/me/shop/a.py`` in ``/home/me/shop`` is ``Bash: cat a.py``.

    Args:
        target: An absolute path, or empty for none.
    """
    root = target.rstrip("/")
    if not root:
        return text
    if "/layers/" in text:
        text = _copies_as(root, text)
    if root not in text:
        return text
    change, below, itself = _patterns(root)
    return itself.sub(".", below.sub("", change.sub(r"\1", text)))


def _copies_as(root: str, text: str) -> str:
    """The text with the target's own path for those of its copies; in time that grows with its length only."""
    parts: list[str] = []
    done = looked_at = 0
    for found in _COPY.finditer(text):
        begin = found.start()
        while begin > looked_at and text[begin - 1] not in _BEFORE_A_PATH:
            begin -= 1
        looked_at = found.end()
        if text[begin] == "/" and (begin == 0 or text[begin - 1] in _BEFORE_A_PATH):
            parts += [text[done:begin], root]
            done = found.end()
    return "".join((*parts, text[done:]))


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
