"""Read the coordinator's clock, and tell by how much a sleep or a person moved it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

NOTICED_S: float = 5.0
"""A clock that is further off than this was set, or the machine slept.  A busy machine takes less between two readings,
and what a time server corrects by degrees stays below it for hours."""


def utc_now() -> datetime:
    return datetime.now(UTC)


class Clock:
    """What time it is, and by how much that was moved.

    Args:
        now: The time that people know; it may be set, and it goes on while the machine sleeps.
        running_s: Seconds since any moment; nobody sets them, and they stand still while the machine sleeps.
    """

    def __init__(self, now: Callable[[], datetime] = utc_now, running_s: Callable[[], float] = time.monotonic) -> None:
        self.now = now
        self._running_s = running_s
        self._ahead_s = self._read()

    def is_moved(self) -> bool:
        """Whether :meth:`take_move` has something to tell."""
        return abs(self._read() - self._ahead_s) > NOTICED_S

    def take_move(self) -> float:
        """Seconds by which the clock was moved since this was asked last, below 0 if it was set back; else 0."""
        ahead = self._read()
        moved = ahead - self._ahead_s
        if abs(moved) <= NOTICED_S:
            return 0.0
        self._ahead_s = ahead
        return round(moved, 3)

    def _read(self) -> float:
        return self.now().timestamp() - self._running_s()
