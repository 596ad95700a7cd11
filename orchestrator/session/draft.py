"""Hold the next state, its effects and its facts while one entry is taken in: the fold's handlers write on a draft.

A draft never leaves :func:`orchestrator.session.fold.step`, so the fold as a whole stays a pure function.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from orchestrator.models.effects import Effect, FreezeWorker, Outcome, StartWorker, StopWorker, ThawWorker
from orchestrator.models.entries import Wanted
from orchestrator.models.facts import Fact, Warned
from orchestrator.models.identity import WorkerId
from orchestrator.models.work import Assignment
from orchestrator.models.workers import WorkerState, WorkerStatus
from orchestrator.session.state import (
    Approvals,
    Assessment,
    Attempt,
    Ending,
    Phase,
    PlanRun,
    Session,
    Storage,
    Watch,
    WorkerDetail,
    copied,
    is_alive,
)
from orchestrator.tuning.behaviours import NOTHING_DONE


class Draft:
    """Collects changes to one session, the effects they call for, and the facts that people should know.

    ``session`` is the next state: read it, and assign to its own fields.  What lies deeper is shared with the session
    before until it is asked for by one of the properties and ``change_`` methods, which copy it first, once.
    """

    def __init__(self, session: Session, at: datetime, *, n: int) -> None:
        self.session: Final = copied(session)
        self.go_on(at, n=n)
        self.wanted: list[Wanted] = []
        """What the entry calls for and what it made known, in order."""
        self._before = session
        self._workers: dict[WorkerId, WorkerState] = {}
        self._details: dict[WorkerId, WorkerDetail] = {}
        self._attempts: dict[WorkerId, Attempt] = {}

    def go_on(self, at: datetime, *, n: int) -> None:
        """Take in one more entry, after one that called for nothing: what was copied for that is not copied again."""
        self.session.n = n
        self.session.now = at
        self.at = at

    @property
    def assessment(self) -> Assessment:
        """Reviews and measurements, to be changed."""
        if self.session.assessment is self._before.assessment:
            self.session.assessment = copied(self.session.assessment)
        return self.session.assessment

    @property
    def approvals(self) -> Approvals:
        """Questions, answers and consents, to be changed."""
        if self.session.approvals is self._before.approvals:
            self.session.approvals = copied(self.session.approvals)
        return self.session.approvals

    @property
    def storage(self) -> Storage:
        """What was decided about size and disk, to be changed."""
        if self.session.storage is self._before.storage:
            self.session.storage = copied(self.session.storage)
        return self.session.storage

    @property
    def plan_run(self) -> PlanRun:
        """How far the session's own plan has come, to be changed."""
        if self.session.plan_run is self._before.plan_run:
            self.session.plan_run = copied(self.session.plan_run)
        return self.session.plan_run

    @property
    def watch(self) -> Watch:
        """What the queries of antipatterns remember, to be changed."""
        if self.session.watch is self._before.watch:
            self.session.watch = copied(self.session.watch)
        return self.session.watch

    @property
    def before(self) -> Session:
        """The session before this entry, to be read."""
        return self._before

    @property
    def has_decided(self) -> bool:
        """Whether this entry brought the decision of a review."""
        return self.session.assessment.decisions is not self._before.assessment.decisions

    def worker(self, worker: WorkerId) -> WorkerState:
        """What people are shown of a worker, to be read."""
        return self.session.workers[worker]

    def detail(self, worker: WorkerId) -> WorkerDetail:
        """What is remembered of a worker besides, to be read."""
        return self.session.details[worker]

    def change_worker(self, worker: WorkerId) -> WorkerState:
        """What people are shown of a worker, to be changed."""
        state = self.session.workers[worker]
        if self._workers.get(worker) is not state:
            self._workers[worker] = state = copied(state)
            self.session.workers = {**self.session.workers, worker: state}
        return state

    def change_detail(self, worker: WorkerId) -> WorkerDetail:
        """What is remembered of a worker over all its attempts, to be changed."""
        detail = self.session.details[worker]
        if self._details.get(worker) is not detail:
            self._details[worker] = detail = copied(detail)
            self.session.details = {**self.session.details, worker: detail}
        return detail

    def change_attempt(self, worker: WorkerId) -> Attempt:
        """What is remembered of a worker's attempt, to be changed."""
        detail = self.change_detail(worker)
        if self._attempts.get(worker) is not detail.current:
            self._attempts[worker] = detail.current = copied(detail.current)
        return detail.current

    def become(self, worker: WorkerId, status: WorkerStatus, why: str) -> None:
        """Show a worker in another status, with the evidence for it."""
        state = self.change_worker(worker)
        state.status = status
        state.why = why

    def do(self, effect: Effect) -> int:
        """Add an effect; returns its index within this entry."""
        self.wanted.append(effect)
        return len(self.wanted) - 1

    def tell(self, fact: Fact) -> None:
        """Put on record what people should know."""
        self.wanted.append(fact)

    def warn(self, text: str, worker: WorkerId | None = None) -> None:
        """Tell people something that does not stop the work."""
        self.session.warnings = self.session.warnings.with_one(text)
        self.tell(Warned(text=text, worker=worker))

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
        state, detail = self.change_worker(worker), self.change_detail(worker)
        state.attempt += 1
        self.become(worker, WorkerStatus.STARTING, f"attempt {state.attempt}")
        state.exit = state.shim = state.ended_at = state.limited_until = None
        state.denials = 0
        state.doing = state.answer = ""
        state.last_heard = self.at
        detail.assignment = assignment
        detail.next_assignment = detail.start_at = None
        detail.calls = detail.calls.for_next_attempt()
        detail.current = Attempt(conversation_asked=assignment.resume)
        detail.trace = NOTHING_DONE
        self.do(StartWorker(worker=worker, attempt=state.attempt, assignment=assignment))

    def stop(self, worker: WorkerId, because: str, *, then: Assignment | None = None) -> None:
        """End the running attempt; ``then`` is started as soon as its tree is proven gone."""
        detail, attempt = self.change_detail(worker), self.change_attempt(worker)
        detail.next_assignment = then
        detail.start_at = None
        attempt.stopping_because = because
        attempt.holds = frozenset()
        attempt.frozen_since = None
        self.count_running_time(worker)
        self.become(worker, WorkerStatus.RELAUNCHING if then else WorkerStatus.STOPPING, because)
        state = self.worker(worker)
        if state.shim is not None and state.exit is None:  # else it is stopped when it has been started, or is gone
            self.do(StopWorker(worker=worker, because=because))

    def count_running_time(self, worker: WorkerId) -> None:
        """Book the running time since the last start or thaw."""
        since = self.detail(worker).current.running_since
        if since is not None:
            self.change_worker(worker).ran_s += max(0.0, (self.at - since).total_seconds())
            self.change_attempt(worker).running_since = None

    def hold(self, worker: WorkerId, key: str, because: str) -> None:
        """Freeze a running worker for one more reason."""
        detail = self.session.details.get(worker)
        if detail is None or not self.alive(worker) or detail.current.stopping_because is not None:
            return
        attempt = self.change_attempt(worker)
        if not attempt.holds:
            self.count_running_time(worker)
            attempt.frozen_since = self.at
            self.become(worker, WorkerStatus.FROZEN, because)
            if self.worker(worker).shim is not None:  # else it is frozen when it has been started
                self.do(FreezeWorker(worker=worker, because=because))
        attempt.holds |= {key}

    def release(self, worker: WorkerId, key: str) -> None:
        """Take one reason away; the worker runs on when none is left."""
        detail = self.session.details.get(worker)
        if detail is None or key not in detail.current.holds:
            return
        attempt = self.change_attempt(worker)
        attempt.holds -= {key}
        if attempt.holds or attempt.stopping_because is not None:
            return
        attempt.frozen_since = None
        if self.worker(worker).shim is None:
            self.change_worker(worker).status = WorkerStatus.STARTING
            return
        attempt.running_since = self.at
        self.become(worker, WorkerStatus.RUNNING, "runs on")
        self.change_worker(worker).last_heard = self.at
        self.do(ThawWorker(worker=worker))

    def end(self, outcome: Outcome, reason: str) -> None:
        """Start no new work and stop what runs; the first reason stands."""
        if self.session.ending is not None:
            return
        self.session.ending = Ending(outcome, reason)
        self.session.phase = Phase.ENDING
        for worker in self.session.living():
            detail = self.detail(worker.id)
            if detail.current.stopping_because is None:
                self.stop(worker.id, because=reason)
            elif detail.next_assignment is not None and worker.status is WorkerStatus.RELAUNCHING:
                # What it was stopped for, perhaps a person's answer, is not lost: a resumed session starts it.
                self.change_detail(worker.id).start_at = detail.start_at or self.at
