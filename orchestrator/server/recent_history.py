"""Remember each worker's last measurements and states, within bounds."""

from __future__ import annotations

from collections import deque

from orchestrator.models.entries import JournalEntry, Sampled
from orchestrator.models.identity import WorkerId
from orchestrator.server.views import Past, SampleView, StatusChange
from orchestrator.session.state import Session

SAMPLES_KEPT = 90
"""Three minutes of them."""
STATES_KEPT = 200


class RecentHistory:
    """Keeps what the fold does not, because only people look at it."""

    def __init__(self) -> None:
        self._samples: dict[WorkerId, deque[SampleView]] = {}
        self._history: dict[WorkerId, deque[StatusChange]] = {}

    def note(self, entry: JournalEntry, before: Session | None, after: Session) -> None:
        """Note that an entry led from one state to another."""
        if isinstance(entry.body, Sampled):
            kept = self._samples.setdefault(entry.body.worker, deque(maxlen=SAMPLES_KEPT))
            sample = entry.body.sample
            kept.append(SampleView(entry.at, round(sample.cpu_percent, 1), round(sample.memory_mib, 1)))
        old = before.workers if before else {}
        if old is after.workers:
            return
        for name, state in after.workers.items():
            was = old.get(name)
            if was is None or was.status is not state.status:
                changes = self._history.setdefault(name, deque(maxlen=STATES_KEPT))
                changes.append(StatusChange(entry.at, state.status))

    def of(self, worker: WorkerId) -> Past:
        return Past(self._samples.get(worker, ()), self._history.get(worker, ()))
