"""Perform effects: this is the only place where the session's wishes touch the world.

Quick actions are done at once; those that wait (snapshots, measurements, tests) run as tasks of its group.
Every outcome goes back in at the top as a journal input.
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import assert_never

import anyio
from anyio.abc import TaskGroup
from pydantic import TypeAdapter

from orchestrator.agents.registry import get_agent
from orchestrator.coordinator.egress.outbound import OutboundDesk
from orchestrator.coordinator.evidence import Evidence, excerpt_of, scratch_files
from orchestrator.coordinator.final_change import measure_at_end
from orchestrator.coordinator.gates_of_plan import measured_gates
from orchestrator.coordinator.guard_desk import GuardDesk
from orchestrator.coordinator.session_report import write_report
from orchestrator.coordinator.session_request import GateMeasurer
from orchestrator.coordinator.writer_layers import WriterLayers
from orchestrator.errors import OrchestrateError
from orchestrator.files.atomic_replace import write_atomically
from orchestrator.files.foreign import ForeignFolder
from orchestrator.files.time_limits import off_loop
from orchestrator.journal.folder import SessionFolder
from orchestrator.late_adapter import late_adapter
from orchestrator.models.effects import (
    AnswerGuard,
    CloseSession,
    Effect,
    EffectId,
    FreezeWorker,
    InspectOutbound,
    MeasureBaseline,
    MeasureGates,
    MeasureWork,
    MergeLayers,
    Outcome,
    RecordPlan,
    RunChecks,
    SaveReview,
    SendOutbound,
    StartWorker,
    StopWorker,
    TakeSnapshot,
    ThawWorker,
)
from orchestrator.models.entries import (
    BaselineMeasured,
    ChecksMeasured,
    EffectDone,
    GatesMeasured,
    Input,
    LayersMerged,
    SessionClosed,
    SnapshotTaken,
    StartFailed,
    WorkerStarted,
    WorkMeasured,
)
from orchestrator.models.identity import ReviewId, WorkerId
from orchestrator.models.launch import LaunchSpec
from orchestrator.models.plan_tree import MergeResult, NodePath
from orchestrator.models.reviews import Trigger, Verdict
from orchestrator.models.suite_measurements import SuitesMeasured
from orchestrator.models.work import Assignment, Role, TaskBreakdown
from orchestrator.sandbox.conversations import keep_conversations
from orchestrator.session.assignments import events_file
from orchestrator.session.state import Session
from orchestrator.workers.crew import Crew

SHORTAGES = frozenset({errno.ENOSPC, errno.EDQUOT, errno.ENOMEM, errno.EAGAIN, errno.EMFILE, errno.ENFILE})
"""Of disk, memory, processes or files: what may be there again later."""
SCRATCH_TIME_S = 20.0
_PLAN: TypeAdapter[TaskBreakdown] = late_adapter(TaskBreakdown)
_REVIEW: TypeAdapter[SaveReview] = late_adapter(SaveReview)


@dataclass(slots=True)
class Performer:
    """Performs the effects of one session."""

    folder: SessionFolder
    crew: Crew
    evidence: Evidence
    tasks: TaskGroup
    take: Callable[[Input], None]
    """Gives an outcome back to the session."""
    started: Callable[[Assignment, int], None]
    """Told of every attempt that runs, so that somebody listens to it and waits for its end."""
    session: Callable[[], Session]
    before_start: Callable[[Assignment], None]
    """Told just before an attempt starts (rehearsal: where the worker's folders are)."""
    desk: GuardDesk
    leaver: OutboundDesk
    gates: GateMeasurer | None = None
    """Measures the gates of the session's own plan."""
    preparing: anyio.Lock = field(default_factory=anyio.Lock)
    """Held while one attempt is prepared: what several of them share is made by the first."""
    measuring: anyio.Lock = field(default_factory=anyio.Lock)
    """Held while tests or gates run: they share the folders of their sandbox, and the time that each may take."""

    def perform(self, name: EffectId, effect: Effect) -> None:  # noqa: C901 - one row an effect
        """Perform one effect, or begin to.  A failure is an outcome, not an exception."""
        match effect:
            case StartWorker():
                self.tasks.start_soon(self._start, name, effect)
            case StopWorker(worker=worker, because=because, hard=hard):
                act = partial(self.crew.kill, worker) if hard else partial(self.crew.stop, worker, because=because)
                self._at_once(name, act)
            case FreezeWorker(worker=worker):
                self._at_once(name, partial(self.crew.freeze, worker))
            case ThawWorker(worker=worker):
                self._at_once(name, partial(self.crew.thaw, worker))
            case TakeSnapshot(review=review):
                self.tasks.start_soon(self._take_snapshot, name, review)
            case MeasureWork():
                self.tasks.start_soon(self._measure, effect, name)
            case MeasureBaseline(within_s=within_s):
                self.tasks.start_soon(self._measure_baseline, name, within_s)
            case RunChecks():
                self.tasks.start_soon(self._run_checks, effect, name)
            case MeasureGates():
                self.tasks.start_soon(self._measure_gates, effect, name)
            case MergeLayers():
                self.tasks.start_soon(self._merge_layers, effect, name)
            case RecordPlan(breakdown=breakdown):
                text = _PLAN.dump_json(breakdown, indent=2).decode()
                self._at_once(name, partial(write_atomically, self.folder.path / "plan.json", text + "\n"))
            case SaveReview():
                text = _REVIEW.dump_json(effect, indent=2, exclude_none=True).decode()
                path = self.folder.reviews_dir / f"{effect.request.id}.json"
                self._at_once(name, partial(write_atomically, path, text + "\n"))
            case AnswerGuard(worker=worker, request=request):
                self.leaver.forget(worker, request)
                self._at_once(name, partial(self.desk.answer, effect))
            case InspectOutbound():
                self.tasks.start_soon(self._inspect, name, effect)
            case SendOutbound():
                self.tasks.start_soon(self._leave, name, effect)
            case CloseSession(outcome=outcome, reason=reason):
                self.tasks.start_soon(self._close, name, outcome, reason)
            case _:
                assert_never(effect)

    async def _close(self, name: EffectId, outcome: Outcome, reason: str) -> None:
        # Measured last, so that what is reported as changed is what lies there.
        self.take(await measure_at_end(self.evidence, self.session(), outcome))
        reason = "; ".join([reason, *dict.fromkeys(await self._return_logins())])
        problem = self._try(partial(write_report, self.folder, self.session(), outcome=outcome, reason=reason))
        await self._return_logins_and_clean_homes(is_done=outcome is Outcome.DONE)
        self.take(SessionClosed(outcome, f"{reason} (no report: {problem})" if problem else reason, name))

    async def _return_logins(self) -> list[str]:
        try:
            return await off_loop(self.crew.return_logins, within_s=HOMES_TIME_S, what="giving logins back")
        except TimeoutError as error:
            return [str(error)]

    async def _return_logins_and_clean_homes(self, *, is_done: bool) -> None:
        """Give refreshed logins back to the user, and clear the private homes.

        This happens while the session still counts as open: if it is cut short, whoever resumes the session does it.
        A session that is not done keeps its homes; one that is done, the conversations that a follow-up goes on with.
        """
        session = self.session()
        team = [worker for worker in session.workers.values() if session.is_main(worker.id)]

        def leave() -> None:
            self.crew.leave_homes(keep=True, is_done=is_done)
            if is_done:
                writing = (one for one in team if one.role is not Role.REVIEWER)  # each review is a conversation anew
                kept = {str(one.id): get_agent(one.agent).conversations for one in writing}
                keep_conversations(self.folder.homes_dir, kept)

        self.crew.release()
        # What is not deleted in time stays in the session's folder, which its owner may delete.
        with suppress(TimeoutError):
            await off_loop(leave, within_s=HOMES_TIME_S, what="deleting the private homes")

    def _at_once(self, name: EffectId, act: Callable[[], object]) -> None:
        self.take(EffectDone(name, problem=self._try(act)))

    def _try(self, act: Callable[[], object]) -> str | None:
        try:
            act()
        except OrchestrateError as error:
            return error.message
        except OSError as error:
            return str(error)
        return None

    async def _start(self, name: EffectId, effect: StartWorker) -> None:
        assignment, attempt = effect.assignment, effect.attempt
        agent = get_agent(assignment.agent)
        try:
            missing = await self._prepare_layers(effect.worker)
            if missing is not None:
                layer, problem = missing
                self.take(StartFailed(effect.worker, attempt, problem, name, layer=layer))
                return
            layers = self._layers_of(effect.worker)
            if assignment.role is Role.IMPLEMENTER and layers:
                await self.evidence.look(partial(self.layers.mark, layers, effect.worker))
            elif assignment.role is Role.IMPLEMENTER:
                anew = attempt == self.session().details[effect.worker].first_attempt
                mark = partial(self.evidence.mark, effect.worker, self._follow_up, anew=anew)
                await self.evidence.look(mark)
            self.before_start(assignment)
            self.desk.open(effect.worker)
            spec = with_common_environment(
                agent.launch(self.crew.reachable(assignment, agent)), assignment, self.session()
            )
            await self._wait_for_program(spec.argv[0])
            if self._may_write(assignment):
                self.evidence.writers.begins(effect.worker)
            self.crew.admit(assignment, agent)
            prepare = partial(self.crew.prepare, assignment, attempt, agent=agent, spec=spec)
            async with self.preparing:
                prepared = await off_loop(prepare, within_s=PREPARE_TIME_S, what=f"preparing {effect.worker}")
            started = self.crew.start(assignment, attempt, agent=agent, spec=spec, prepared=prepared)
        except (OrchestrateError, OSError) as error:
            self.evidence.writers.ends(effect.worker)
            problem = error.message if isinstance(error, OrchestrateError) else str(error)
            self.take(StartFailed(effect.worker, attempt, problem, name, passing=is_shortage(error)))
            return
        self.started(assignment, attempt)
        self.take(WorkerStarted(effect.worker, attempt, spec.argv, started.shim, started.sandbox, name))

    async def _prepare_layers(self, worker: WorkerId) -> tuple[NodePath, str] | None:
        """Make the layers of a plan's worker; returns the first one that cannot be made, with the reason."""
        for depth, path in enumerate(layers := self._layers_of(worker), start=1):
            act, what = partial(self.layers.prepare, layers[:depth]), f"copying the target for {worker}"
            try:
                async with self.preparing:
                    await off_loop(act, within_s=LAYER_TIME_S, what=what)
            except (OrchestrateError, OSError) as error:
                return path, error.message if isinstance(error, OrchestrateError) else str(error)
        return None

    @property
    def layers(self) -> WriterLayers:
        """The copies of the target on which writers work side by side."""
        return WriterLayers(self.folder, self.session().options.target, len(self.session().follow_ups))

    @property
    def _follow_up(self) -> int:
        """The number of the follow-up that is worked on; 0 for the task itself."""
        return len(self.session().follow_ups)

    def _layers_of(self, worker: WorkerId) -> tuple[NodePath, ...]:
        started = self.session().plan_run.started.values()
        return next((one.leaf.layers for one in started if one.worker == worker), ())

    async def _wait_for_program(self, name: str) -> None:
        """Wait a moment for a CLI that is missing, as it is while it is being updated."""
        with anyio.move_on_after(UPDATE_TIME_S):
            while not self.crew.has_program(name):  # noqa: ASYNC110 - a folder of PATH tells nobody
                await anyio.sleep(UPDATE_LOOK_S)

    def _may_write(self, assignment: Assignment) -> bool:
        """Whether the worker could write in the target: by its role, or because nothing holds it."""
        roots = [root for root in assignment.writable if root != assignment.scratch]
        target = self.session().options.target
        reaches = any(target.is_relative_to(root) or root.is_relative_to(target) for root in roots)
        return reaches or self.session().options.sandbox_backend == "none"

    async def _inspect(self, name: EffectId, effect: InspectOutbound) -> None:
        self.take(await self.leaver.inspect(name, effect))

    async def _leave(self, name: EffectId, effect: SendOutbound) -> None:
        self.take(await self.leaver.leave(name, effect))

    async def _take_snapshot(self, name: EffectId, review: ReviewId) -> None:
        evidence = self._evidence_for(review)
        try:
            diff = await evidence.look(partial(evidence.change, review))
        except (OrchestrateError, OSError) as error:
            self.take(SnapshotTaken("", (), 0, 0, name, problem=str(error)))
            return
        self.take(SnapshotTaken(excerpt_of(diff), diff.files, diff.insertions, diff.deletions, name))

    async def _measure(self, effect: MeasureWork, name: EffectId) -> None:
        try:
            layers = self._layers_of(effect.worker)
            if layers:
                look = partial(self.layers.change, layers, effect.worker)
            else:
                look = partial(self.evidence.change_by, effect.worker, self._follow_up)
            diff = await self.evidence.look(look)
        except (OrchestrateError, OSError) as error:
            self.take(WorkMeasured(effect.worker, (), 0, 0, (), name, problem=str(error)))
            return
        scratch = partial(scratch_files, self.folder.scratch(effect.worker))
        left: tuple[str, ...] = ()
        with suppress(TimeoutError):
            left = await off_loop(scratch, within_s=SCRATCH_TIME_S, what="the look at a scratch folder")
        self.take(WorkMeasured(effect.worker, diff.files, diff.insertions, diff.deletions, left, name))

    async def _measure_baseline(self, name: EffectId, within_s: float) -> None:
        try:
            suites = await self.evidence.measure_baseline(within_s)
        except (OrchestrateError, OSError) as error:
            suites = SuitesMeasured(problem=str(error))
        self.take(BaselineMeasured(suites, name))

    async def _run_checks(self, effect: RunChecks, name: EffectId) -> None:
        evidence = self._evidence_for(effect.review)
        try:
            async with self.measuring:
                checked = await evidence.check(effect.review, baseline=effect.without_baseline)
        except (OrchestrateError, OSError) as error:
            self.take(ChecksMeasured(Verdict.ABSTAINED, (f"not measured: {error}",), name))
            return
        self.take(ChecksMeasured(checked.verdict, checked.findings, name, checked.suites))

    async def _measure_gates(self, effect: MeasureGates, name: EffectId) -> None:
        async with self.measuring:
            result = await measured_gates(self._evidence_on(effect.layers), effect, self.gates)
        self.take(GatesMeasured(result, name))

    def _evidence_for(self, review: ReviewId) -> Evidence:
        """Choose what a review looks at: the author's layer if there is one, and the target at the end."""
        request = self.session().assessment.reviews[review].request
        author = request.about if request.trigger is not Trigger.FINAL else None
        return self._evidence_on(self._layers_of(author) if author is not None else ())

    def _evidence_on(self, layers: Sequence[NodePath]) -> Evidence:
        return self.evidence.on_layer(self.layers.snapshots(layers)) if layers else self.evidence

    async def _merge_layers(self, effect: MergeLayers, name: EffectId) -> None:
        ended = anyio.Event()
        loop = asyncio.get_running_loop()

        def act() -> MergeResult:
            try:
                return self.layers.merge(effect.leaf, effect.writers, around=self._as_writers)
            finally:
                with suppress(RuntimeError):  # the loop may be closed by now
                    loop.call_soon_threadsafe(ended.set)

        try:
            result = await self.evidence.look(act, what="merging what was made side by side")
        except (OrchestrateError, OSError) as error:
            said = str(error)
            # Whoever goes on in the target must not meet the rest of the merge there.
            with anyio.move_on_after(MERGE_END_S) as waiting:
                await ended.wait()
            if waiting.cancelled_caught:
                said = f"{said}; it hangs, and may still write in the target"
            result = MergeResult(effect.leaf.path, success=False, error=said)
        self.take(LayersMerged(result, name))

    @contextmanager
    def _as_writers(self, workers: Sequence[WorkerId]) -> Iterator[None]:
        """Attribute what changes in the target while the block runs to these workers.  Blocks."""
        for worker in workers:
            self.evidence.writers.begins(worker)
            self.evidence.mark(worker, self._follow_up)
        try:
            yield
            self.evidence.snapshots.record("merged")
        finally:
            for worker in workers:
                self.evidence.writers.ends(worker)


PREPARE_TIME_S = 300.0
"""Longest look at a target and its repositories before a worker starts; for most it takes a fraction of a second."""
LAYER_TIME_S = 600.0
"""Longest that a target is copied for a writer beside others."""
MERGE_END_S = 60.0
"""How long a merge whose time is over may take for the file that it is writing just then."""
HOMES_TIME_S = 60.0
"""How long logins and private homes may take at the end."""
UPDATE_TIME_S = 20.0
"""How long a CLI may be away before a start fails: npm takes some seconds to replace one."""
UPDATE_LOOK_S = 0.2


def is_shortage(error: BaseException) -> bool:
    """Whether an error, or its cause, means that the machine was short of a resource."""
    cause = error if isinstance(error, OSError) else error.__cause__
    return isinstance(cause, OSError) and cause.errno in SHORTAGES


def with_common_environment(spec: LaunchSpec, assignment: Assignment, session: Session) -> LaunchSpec:
    """Add what every CLI gets: its private home, and the file for events that it reports itself."""
    env = {"HOME": str(assignment.home), "ORCHESTRATOR_EVENTS": str(events_file(assignment.scratch)), "NO_COLOR": "1"}
    # Byte code in the target is obeyed by the user's own python, so none that a worker made stays there.
    env["PYTHONDONTWRITEBYTECODE"] = "1"
    if session.options.sandbox_backend != "bubblewrap":
        # Inside a sandbox /tmp is private already; codex wants its home outside TMPDIR (observed, 0.169.0).
        temporary = assignment.scratch / ".tmp"
        assignment.scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        ForeignFolder(assignment.scratch).make_folder(temporary.name)
        env["TMPDIR"] = str(temporary)
    return replace(spec, env={**env, **spec.env})
