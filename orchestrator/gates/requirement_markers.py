"""Tell whether a requirement's marker holds for the project's Python on this system: ``python_version < "3.11"``."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Final

from orchestrator.late_pattern import late_pattern

IN_USE: Final = tuple(f"3.{minor}" for minor in range(11, 16))
"""Pythons that are still in use: where the project's own is not known, a marker holds that does for one of them."""
MOST_CHARS: Final = 2_000
_HERE: Final = {
    "sys_platform": "linux",
    "platform_system": "Linux",
    "os_name": "posix",
    "platform_python_implementation": "CPython",
    "implementation_name": "cpython",
    "extra": "",
}
"""What holds on the systems that the gates run on; nobody asks for an extra."""
_WORD: Final = late_pattern(r"""\s*(?:([()])|(===|[<>=!~]=|[<>])|"([^"]*)"|'([^']*)'|([A-Za-z_.]+))""")
_ORDERS: Final[Mapping[str, Callable[[object, object], bool]]] = {
    **{"==": operator.eq, "===": operator.eq, "!=": operator.ne},
    # They are called with two versions or two texts, which have an order; mypy knows of any two objects.
    **{"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge},  # type: ignore[dict-item]
}
_Text = tuple[str, bool]
"""A word, and whether it was quoted."""


class _Unknown(Exception):
    """The marker is none, or asks for what is not known here."""


def holds(marker: str, python: str) -> bool:
    """Whether a requirement with it counts.  One that cannot be read, or asks for what is not known, does.

    Args:
        python: Major and minor version of the project's Python; empty where it is not known.
    """
    if not marker.strip():
        return True
    try:
        words = _words(marker)
        return any(_Reader(words, version).whole() for version in ((python,) if python else IN_USE))
    except (_Unknown, RecursionError):
        return True


def _words(marker: str) -> list[_Text]:
    if len(marker) > MOST_CHARS:
        raise _Unknown
    words, at = list[_Text](), 0
    text = marker.rstrip()
    while at < len(text):
        match = _WORD.match(text, at)
        if match is None:
            raise _Unknown
        at = match.end()
        quoted = match[3] if match[3] is not None else match[4]
        words.append((quoted, True) if quoted is not None else (match[1] or match[2] or match[5], False))
    return words


class _Reader:
    """Reads one marker for one Python, by descent."""

    def __init__(self, words: list[_Text], python: str) -> None:
        self._words = words
        self._at = 0
        self._python = python

    def whole(self) -> bool:
        value = self._either()
        if self._at != len(self._words):
            raise _Unknown
        return value

    def _either(self) -> bool:
        value = self._both()
        while self._is_next("or"):
            value = self._both() or value
        return value

    def _both(self) -> bool:
        value = self._one()
        while self._is_next("and"):
            value = self._one() and value
        return value

    def _one(self) -> bool:
        if self._is_next("("):
            value = self._either()
            if not self._is_next(")"):
                raise _Unknown
            return value
        left, order = self._next(), self._order()
        return self._compared(left, order, self._next())

    def _order(self) -> str:
        word, is_quoted = self._next()
        if word == "not" and not is_quoted and self._is_next("in"):
            return "not in"
        if is_quoted:
            raise _Unknown
        return word

    def _compared(self, left: _Text, order: str, right: _Text) -> bool:
        variables = [word for word, is_quoted in (left, right) if not is_quoted]
        if len(variables) != 1:
            raise _Unknown
        one, other = (word if is_quoted else self._value(word) for word, is_quoted in (left, right))
        if order in ("in", "not in"):
            return (one in other) is (order == "in")
        if variables[0] in ("python_version", "python_full_version"):
            return _ordered(one, order, other)
        if order not in ("==", "===", "!="):
            raise _Unknown
        return _ORDERS[order](one, other)

    def _value(self, name: str) -> str:
        if name in ("python_version", "python_full_version"):
            return self._python
        if name not in _HERE:
            raise _Unknown
        return _HERE[name]

    def _next(self) -> _Text:
        if self._at == len(self._words):
            raise _Unknown
        self._at += 1
        return self._words[self._at - 1]

    def _is_next(self, word: str) -> bool:
        if self._words[self._at : self._at + 1] != [(word, False)]:
            return False
        self._at += 1
        return True


def _ordered(one: str, order: str, other: str) -> bool:
    """Compares two versions by major and minor: the patch of the project's Python is not known."""
    is_family = other.endswith(".*")
    if len(re.findall(r"\d+", other)) > 2 and not is_family and _version(one) == _version(other):
        raise _Unknown
    first, second = _version(one), _version(other.removesuffix(".*"))
    if order == "~=":
        return first >= second and first[0] == second[0]
    if order not in _ORDERS:
        raise _Unknown
    if is_family and len(other.removesuffix(".*").split(".")) == 1:
        first, second = first[:1], second[:1]
    return _ORDERS[order](first, second)


def _version(text: str) -> tuple[int, ...]:
    found = re.match(r"\s*(\d{1,4})(?:\.(\d{1,4}))?", text)
    if found is None:
        raise _Unknown
    return int(found[1]), int(found[2] or 0)
