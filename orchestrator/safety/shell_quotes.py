"""Where quotes and brackets of a shell text end."""

from __future__ import annotations

import re

_ANSI_ESCAPE = re.compile(r"\\(x[0-9A-Fa-f]{1,2}|[0-7]{1,3}|u[0-9A-Fa-f]{1,4}|U[0-9A-Fa-f]{1,8}|.)", re.DOTALL)
_ANSI_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "f": "\f", "v": "\v"}


class Unreadable(ValueError):
    """The text is no command this reader understands."""


def closing_bracket(text: str, start: int, *, brackets: str = "()") -> int:
    """Where the bracket that opened before ``start`` closes, quotes and inner brackets respected.

    Raises:
        Unreadable: Nowhere.
    """
    level, at = 1, start
    while at < len(text):
        char = text[at]
        if char == "\\":
            at += 1
        elif char == "'":
            at = text.find("'", at + 1)
            if at < 0:
                break
        elif char == '"':
            at = _past_double(text, at + 1)
        elif char == brackets[0]:
            level += 1
        elif char == brackets[1]:
            level -= 1
            if level == 0:
                return at
        at += 1
    raise Unreadable("a bracket does not close")


def _past_double(text: str, at: int) -> int:
    """Where a double quote ends; commands inside it have quotes of their own."""
    while at < len(text):
        if text[at] == "\\":
            at += 1
        elif text[at] == '"':
            return at
        elif text.startswith("$(", at):
            at = closing_bracket(text, at + 2)
        at += 1
    raise Unreadable("a quote does not end")


def _unescaped(match: re.Match[str]) -> str:
    code = match.group(1)
    try:
        if code[0] in "xuU" and len(code) > 1:
            return chr(int(code[1:], 16))
        if code[0] in "01234567":
            return chr(int(code, 8) & 0xFF)
    except (ValueError, OverflowError):
        return ""
    return _ANSI_LETTERS.get(code, code)


def ansi_quoted(text: str, start: int) -> tuple[str, int]:
    """The text of ``$'…'`` from after its quote, escapes resolved, and where the reader goes on.

    Raises:
        Unreadable: It does not end.
    """
    end = start
    while end < len(text) and text[end] != "'":
        end += 2 if text[end] == "\\" else 1
    if end >= len(text):
        raise Unreadable("a quote does not end")
    return _ANSI_ESCAPE.sub(_unescaped, text[start:end]), end + 1
