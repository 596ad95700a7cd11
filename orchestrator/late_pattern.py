"""A late pattern is a regular expression that is compiled when it is first asked for anything.

A command loads five hundred expressions of which it uses a few, and compiling them all takes a fifth of its start.
"""

from __future__ import annotations

import re
from typing import Any, AnyStr, Generic, cast


def late_pattern(text: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """What ``re.compile`` returns, in time; a test compiles every one, so that none is wrong when it is needed."""
    return cast("re.Pattern[AnyStr]", LatePattern(text, flags))


class LatePattern(Generic[AnyStr]):
    """Stands for a compiled pattern, and takes over each of its methods when that is first used."""

    def __init__(self, text: AnyStr, flags: int) -> None:
        self.pattern: AnyStr = text
        self._flags = flags
        self._compiled: re.Pattern[AnyStr] | None = None

    def compiled(self) -> re.Pattern[AnyStr]:
        """The pattern itself.

        Raises:
            re.error: The expression is wrong.
        """
        if self._compiled is None:
            self._compiled = re.compile(self.pattern, self._flags)
        return self._compiled

    def __getattr__(self, name: str) -> Any:
        # Asked only for what does not stand in this object's own dictionary yet.
        if name.startswith("_"):
            raise AttributeError(name)
        found = self.__dict__[name] = getattr(self.compiled(), name)
        return found

    def __reduce__(self) -> tuple[object, ...]:
        return LatePattern, (self.pattern, self._flags)

    def __repr__(self) -> str:
        return repr(self.compiled())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LatePattern) and (self.pattern, self._flags) == (other.pattern, other._flags)

    def __hash__(self) -> int:
        return hash((self.pattern, self._flags))
