"""Hold the next state and its effects while one entry is taken in: the fold's handlers write on a draft.

A draft never leaves :func:`orchestrator.session.fold.step`, so the fold as a whole stays a pure function.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from orchestrator.models.effects import Effect, FreezeWorker, Outcome, StartWorker, StopWorker, ThawWorker, Warn
from orchestrator.models.identity import WorkerId
from orchestrator.models.work import Assignment
from orchestrator.models.workers import WorkerState, WorkerStatus
from orchestrator.session.state import Ending, Phase, Pulse, Session, WorkerDetail, copied, is_alive


class Draft:
    """Collects changes to one session and the effects they call for.

    What it changes it copies first, once: the session it was given stays as it was.
    """

    def __init__(self, session: Session, at: datetime, *, n: int) -> None:
        self.session = copied(session)
        self.session.__dict__.update(n=n, now=at)
        self.at = at
        self.effects: list[Effect] = []
        self._workers: dict[WorkerId, WorkerState] = {}
        self._details: dict[WorkerId, WorkerDetail] = {}

    def set(self, **changes: Any) -> None:
        """Change fields of the session itself."""
        self.session.__dict__.update(changes)

    def do(self, effect: Effect) -> int:
        """Ask for an effect; returns its index within this entry."""
        self.effects.append(effect)
        return len(self.effects) - 1

    def worker(self, worker: WorkerId) -> WorkerState:
        return self.session.workers[worker]

    def detail(self, worker: WorkerId) -> WorkerDetail:
        return self.session.details[worker]

    def set_worker(self, worker: WorkerId, **changes: Any) -> None:
        state = self.session.workers[worker]
        if self._workers.get(worker) is not state:
            self._workers[worker] = state = copied(state)
            self.session.__dict__["workers"] = {**self.session.workers, worker: state}
        state.__dict__.update(changes)

    def set_detail(self, worker: WorkerId, **changes: Any) -> None:
        detail = self.session.details[worker]
        if self._details.get(worker) is not detail:
            self._details[worker] = detail = copied(detail)
            self.session.__dict__["details"] = {**self.session.details, worker: detail}
        detail.__dict__.update(changes)

    def warn(self, text: str, worker: WorkerId | None = None) -> None:
        """Tell people something that does not stop the work."""
        self.set(warnings=(*self.session.warnings, text))
        self.do(Warn(text=text, worker=worker))

    @property
    def running(self) -> bool:
        """Whether new work may still be started."""
        return self.session.phase is Phase.RUNNING

    def alive(self, worker: WorkerId) -> bool:
        """Whether the worker has, or may be getting, a process."""
        return is_alive(self.worker(worker))

    def start(self, assignment: Assignment) -> None:
        """Start the worker's next attempt."""
        worker = assignment.worker
        attempt = self.worker(worker).attempt + 1
        self.set_worker(
            worker,
            status=WorkerStatus.STARTING,
            why=f"attempt {attempt}",
            attempt=attempt,
            exit=None,
            shim=None,
            denials=0,
            ended_at=None,
            limited_until=None,
            doing="",
            answer="",
            last_heard=self.at,
        )
        self.set_detail(
            worker,
            assignment=assignment,
            next_assignment=None,
            start_at=None,
            stopping_because=None,
            ended_cleanly=False,
            ended_subtype="",
            failure=None,
            failure_kind=None,
            began=False,
            reply=None,
            denied=(),
            calls=self.detail(worker).calls.for_next_attempt(),
            conversation_asked=assignment.resume,
            frozen_since=None,
            holds=frozenset(),
            running_since=None,
            pulse=Pulse(),
            work=None,
            spoke=False,
            own_words=(),
            last_word_at=None,
            doubtful=(),
            outstayed=False,
            asked_model=False,
        )
        self.do(StartWorker(worker=worker, attempt=attempt, assignment=assignment))

    def stop(self, worker: WorkerId, because: str, *, then: Assignment | None = None) -> None:
        """End the running attempt; ``then`` is started as soon as its tree is proven gone."""
        self.set_detail(
            worker, next_assignment=then, start_at=None, stopping_because=because, holds=frozenset(), frozen_since=None
        )
        status = WorkerStatus.RELAUNCHING if then else WorkerStatus.STOPPING
        self.count_running_time(worker)
        self.set_worker(worker, status=status, why=because)
        state = self.worker(worker)
        if state.shim is not None and state.exit is None:  # else it is stopped when it has been started, or is gone
            self.do(StopWorker(worker=worker, because=because))

    def count_running_time(self, worker: WorkerId) -> None:
        """Book the running time since the last start or thaw."""
        since = self.detail(worker).running_since
        if since is not None:
            ran = self.worker(worker).ran_s + max(0.0, (self.at - since).total_seconds())
            self.set_worker(worker, ran_s=ran)
            self.set_detail(worker, running_since=None)

    def hold(self, worker: WorkerId, key: str, because: str) -> None:
        """Freeze a running worker for one more reason."""
        detail = self.session.details.get(worker)
        if detail is None or not self.alive(worker) or detail.stopping_because is not None:
            return
        if not detail.holds:
            self.count_running_time(worker)
            self.set_detail(worker, frozen_since=self.at)
            self.set_worker(worker, status=WorkerStatus.FROZEN, why=because)
            if self.worker(worker).shim is not None:  # else it is frozen when it has been started
                self.do(FreezeWorker(worker=worker, because=because))
        self.set_detail(worker, holds=self.detail(worker).holds | {key})

    def release(self, worker: WorkerId, key: str) -> None:
        """Take one reason away; the worker runs on when none is left."""
        detail = self.session.details.get(worker)
        if detail is None or key not in detail.holds:
            return
        left = detail.holds - {key}
        self.set_detail(worker, holds=left)
        if left or self.detail(worker).stopping_because is not None:
            return
        self.set_detail(worker, frozen_since=None)
        if self.worker(worker).shim is None:
            self.set_worker(worker, status=WorkerStatus.STARTING)
            return
        self.set_detail(worker, running_since=self.at)
        self.set_worker(worker, status=WorkerStatus.RUNNING, why="runs on", last_heard=self.at)
        self.do(ThawWorker(worker=worker))

    def end(self, outcome: Outcome, reason: str) -> None:
        """Start no new work and stop what runs; the first reason stands."""
        if self.session.ending is not None:
            return
        self.set(ending=Ending(outcome, reason), phase=Phase.ENDING)
        for worker in self.session.living():
            detail = self.detail(worker.id)
            if detail.stopping_because is None:
                self.stop(worker.id, because=reason)
            elif detail.next_assignment is not None and worker.status is WorkerStatus.RELAUNCHING:
                # What it was stopped for, perhaps a person's answer, is not lost: a resumed session starts it.
                self.set_detail(worker.id, start_at=detail.start_at or self.at)
