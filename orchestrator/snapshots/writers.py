"""Tell who could write in a target between one look at it and the next."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from orchestrator.models.identity import WorkerId


class Writers:
    """Kept by the coordinator, which starts the workers and hears of their ends.

    Threads may ask and tell at the same time.
    """

    def __init__(self) -> None:
        self._looking = threading.Lock()
        self._writing: set[WorkerId] = set()
        self._wrote: set[WorkerId] = set()
        """Who could write at any time since the last look began."""
        self._is_observed = True

    @classmethod
    def of(cls, workers: Iterable[WorkerId]) -> Writers:
        """Those of whom it is known otherwise that they could write since the last look."""
        writers = cls()
        for worker in workers:
            writers.begins(worker)
        return writers

    def begins(self, worker: WorkerId) -> None:
        """From now on this worker may write."""
        self._writing.add(worker)
        self._wrote.add(worker)

    def ends(self, worker: WorkerId) -> None:
        """Note that nothing of this worker is left."""
        self._writing.discard(worker)

    @property
    def wrote(self) -> tuple[WorkerId, ...]:
        """Say who could write since the last look began that came to its end."""
        return tuple(sorted(self._wrote))

    def lost_sight(self) -> None:
        """Note that somebody unknown may have written since the last look."""
        self._is_observed = False

    @contextmanager
    def looking(self) -> Iterator[Callable[[], tuple[WorkerId, ...] | None]]:
        """While the block runs the target is looked at; at its end the given function tells who could have written.

        It tells ``None`` where that was not observed.  A look that fails is as if it had not been.
        """
        with self._looking:
            seen, is_observed = self._wrote, self._is_observed
            # Whoever writes while we look may be in this look, in the next one, or in both.
            self._wrote, self._is_observed = set(self._writing), True
            try:
                yield lambda: tuple(sorted(seen | self._wrote)) if is_observed else None
            except BaseException:
                self._wrote, self._is_observed = seen | self._wrote, is_observed and self._is_observed
                raise
