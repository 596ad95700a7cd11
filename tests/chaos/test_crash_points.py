"""A state machine over the journal and every point where a coordinator can die; no process is started.

The world outside (shims, what workers wrote) survives each crash; the coordinator's memory does not, and of the
journal only what was synced is certain.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from orchestrator.coordinator.recovered_state import Inheritance, inherit
from orchestrator.journal.reader import read_journal
from orchestrator.journal.writer import Journal
from orchestrator.models.effects import (
    CloseSession,
    Effect,
    EffectId,
    MeasureWork,
    Outcome,
    RunChecks,
    StartWorker,
    StopWorker,
    TakeSnapshot,
)
from orchestrator.models.entries import (
    AgentOutput,
    ChecksMeasured,
    ClockMoved,
    Command,
    CoordinatorResumed,
    Derived,
    EffectDone,
    Input,
    Sampled,
    SessionClosed,
    SnapshotTaken,
    StorageShort,
    StreamFault,
    TimePassed,
    UserCommand,
    Wanted,
    WorkerExited,
    WorkerStarted,
    WorkMeasured,
    as_derived,
)
from orchestrator.models.events import AgentEvent, EventType, Payload, Reported, Said, ToolCalled, TurnEnded
from orchestrator.models.facts import FACTS
from orchestrator.models.identity import ProcessIdentity, WorkerId
from orchestrator.models.reviews import Verdict
from orchestrator.models.workers import ExitRecord, Sample, StoppedBy
from orchestrator.session.fold import step
from orchestrator.session.replaying import replay
from orchestrator.session.state import Session, is_alive
from tests.session.conftest import START, Play

pytestmark = pytest.mark.slow
MOST_STEPS_TO_THE_END = 600
SLOW = (StartWorker, TakeSnapshot, MeasureWork, RunChecks)
"""Effects that a task performs; all others are performed before anything else is taken."""
LOOKS = {"take_snapshot", "measure_work", "run_checks"}
"""A session's end does not wait for them; a resumed one looks again."""
Attempt = tuple[WorkerId, int]

SAYINGS: dict[str, tuple[EventType, Payload]] = {
    "progress": (EventType.PROGRESS, Said("working")),
    "tool": (EventType.PROGRESS, ToolCalled("Write", "t1", "signup.py")),
    "finding": (EventType.FINDING, Reported("one function is enough")),
    "milestone": (EventType.MILESTONE, Reported("half of it stands")),
    "blocker": (EventType.BLOCKER, Reported("the tests cannot run")),
    "question": (EventType.FINDING, Reported("which one?", review_requested=True)),
    "well ended": (EventType.STATUS, TurnEnded(ok=True, subtype="success", text="done")),
    "badly ended": (EventType.STATUS, TurnEnded(ok=False, subtype="error", text="")),
}


@dataclass(slots=True)
class Process:
    """One attempt as the world sees it."""

    said: list[str] = field(default_factory=list)
    exit: ExitRecord | None = None


class Crashing(RuleBasedStateMachine):
    """The coordinator's loop (append, fold, append intents, sync, perform), able to stop between any two of them."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="crash-points-"))
        self.path = self.folder / "journal.jsonl"
        self.at = START
        self.session: Session | None = None
        self.journal = Journal(self.path)
        self.synced = 0
        self.world: dict[Attempt, Process] = {}
        self.heard: dict[Attempt, int] = {}
        self.waiting: list[tuple[EffectId, Effect]] = []
        self.inbox: deque[Input] = deque()
        self.taking = False
        self.recorded: set[tuple[int, int]] = set()

    # The coordinator

    @initialize(
        agents=st.sampled_from([("claude",), ("claude", "codex"), ("gemini", "claude", "codex")]),
        interactive=st.booleans(),
    )
    def open(self, agents: tuple[str, ...], *, interactive: bool) -> None:
        body = Play(*agents, interactive=interactive).entries[0].body
        assert not isinstance(body, Derived)
        self.take(body)

    def take(self, *bodies: Input) -> None:
        self.inbox.extend(bodies)
        if self.taking:
            return
        self.taking = True
        while self.inbox:
            wanted = self.fold(self.inbox.popleft())
            self.record_and_perform(wanted)
        self.taking = False

    def fold(self, body: Input) -> list[tuple[EffectId, Wanted]]:
        self.at += timedelta(seconds=1)
        entry = self.journal.append(body, self.at)
        self.session, effects = step(self.session, entry)
        done: EffectId | None = getattr(body, "effect", None)
        if done is not None:
            self.recorded.add((done.cause, done.index))
        return [(EffectId(entry.n, index), effect) for index, effect in enumerate(effects)]

    def derived(self, wanted: Sequence[tuple[EffectId, Wanted]]) -> list[Derived]:
        return [as_derived(name, one, format_=self.here.format) for name, one in wanted]

    def record_and_perform(self, wanted: Sequence[tuple[EffectId, Wanted]], begun: Collection[EffectId] = ()) -> None:
        for entry in self.journal.append_many(self.derived(wanted), self.at):
            self.session, none = step(self.session, entry)
            assert none == ()
        if wanted:
            self.journal.sync()
            self.synced = self.path.stat().st_size
        for name, effect in wanted:
            if name not in begun:
                self.begin(name, effect)

    def begin(self, name: EffectId, effect: Wanted) -> None:
        if isinstance(effect, FACTS):
            return  # done by being written down
        if isinstance(effect, SLOW):
            self.waiting.append((name, effect))
        else:
            self.take(self.outcome(name, effect))

    def outcome(self, name: EffectId, effect: Effect) -> Input:
        """Do it in the world, and say what came of it."""
        assert (name.cause, name.index) not in self.recorded, f"{effect.kind} is done again, though its outcome stands"
        match effect:
            case StartWorker(worker=worker, attempt=attempt):
                self.start((worker, attempt))
                return self.started(worker, attempt, name)
            case StopWorker(worker=worker, because=because):
                for (who, _), process in self.world.items():
                    if who == worker and process.exit is None:
                        process.exit = ExitRecord(0, "empty pid namespace", stopped_by="stop", note=because)
                return EffectDone(name)
            case TakeSnapshot():
                return SnapshotTaken("+ one line", ("signup.py",), 1, 0, name)
            case MeasureWork(worker=worker):
                return WorkMeasured(worker, ("signup.py",), 1, 0, (), name)
            case RunChecks():
                return ChecksMeasured(Verdict.APPROVED, (), name)
            case CloseSession(outcome=outcome, reason=reason):
                return SessionClosed(outcome, reason, name)
            case _:
                return EffectDone(name)

    def start(self, attempt: Attempt) -> None:
        if attempt in self.world:
            # Its record is there already: followed, not begun again, but only from where its files end now.
            self.heard[attempt] = len(self.world[attempt].said)
            return
        others = [n for (who, n), process in self.world.items() if who == attempt[0] and process.exit is None]
        assert others == [], f"{attempt} is begun while {others} runs"
        self.world[attempt] = Process()

    @staticmethod
    def started(worker: WorkerId, attempt: int, name: EffectId) -> WorkerStarted:
        shim = ProcessIdentity(pid=100 + attempt, start_ticks=1)
        return WorkerStarted(worker, attempt, ("cli",), shim, "bubblewrap", name)

    # What happens

    @property
    def here(self) -> Session:
        assert self.session is not None
        return self.session

    def is_open(self) -> bool:
        return self.session is not None and self.session.closed is None

    def running(self) -> list[Attempt]:
        return [name for name, process in self.world.items() if process.exit is None]

    def followed(self) -> list[Attempt]:
        """Attempts whose end the journal does not hold."""
        living = [state for state in self.here.workers.values() if state.shim is not None and is_alive(state)]
        return [(state.id, state.attempt) for state in living if (state.id, state.attempt) in self.world]

    def unheard(self) -> list[Attempt]:
        return [name for name in self.followed() if self.heard.get(name, 0) < len(self.world[name].said)]

    def gone(self) -> list[Attempt]:
        return [name for name in self.followed() if self.world[name].exit is not None and name not in self.unheard()]

    @rule(data=st.data(), what=st.sampled_from(sorted(SAYINGS)))
    @precondition(lambda self: self.running())
    def a_worker_writes(self, data: st.DataObject, what: str) -> None:
        self.world[data.draw(st.sampled_from(self.running()))].said.append(what)

    @rule(
        data=st.data(), by=st.sampled_from(["itself", "itself", "orphaned", "shim lost"]), code=st.sampled_from([0, 1])
    )
    @precondition(lambda self: self.running())
    def a_worker_ends(self, data: st.DataObject, by: StoppedBy, code: int) -> None:
        process = self.world[data.draw(st.sampled_from(self.running()))]
        process.exit = ExitRecord(code, "empty pid namespace", stopped_by=by)

    @rule(data=st.data())
    @precondition(lambda self: self.is_open() and self.unheard())
    def the_coordinator_hears(self, data: st.DataObject) -> None:
        self.take(self.next_output(data.draw(st.sampled_from(self.unheard()))))

    def next_output(self, name: Attempt) -> AgentOutput:
        worker, attempt = name
        n = self.heard.get(name, 0)
        self.heard[name] = n + 1
        kind, payload = SAYINGS[self.world[name].said[n]]
        event = AgentEvent(kind, self.here.workers[worker].agent, self.at, payload)
        return AgentOutput(worker, attempt, "stdout", n * 10, n * 10 + 10, (event,))

    @rule(data=st.data())
    @precondition(lambda self: self.is_open() and self.gone())
    def the_coordinator_learns_of_an_end(self, data: st.DataObject) -> None:
        self.take(self.end_of(data.draw(st.sampled_from(self.gone()))))

    def end_of(self, name: Attempt) -> WorkerExited:
        record = self.world[name].exit
        assert record is not None
        return WorkerExited(*name, record)

    @rule(data=st.data())
    @precondition(lambda self: self.is_open() and self.waiting)
    def a_task_is_done(self, data: st.DataObject) -> None:
        one = data.draw(st.sampled_from(self.waiting))
        self.waiting.remove(one)
        self.take(self.outcome(*one))

    @rule(command=st.sampled_from(list(Command)), worker=st.sampled_from([None, "claude", "codex"]))
    @precondition(lambda self: self.is_open())
    def somebody_commands(self, command: Command, worker: str | None) -> None:
        self.take(UserCommand(command, by="terminal", worker=WorkerId(worker) if worker else None, text="go on"))

    @rule(command=st.sampled_from([Command.PAUSE, Command.RESUME, Command.RESTART, Command.ANSWER, Command.STOP]))
    @precondition(lambda self: self.is_open())
    def somebody_commands_twice(self, command: Command) -> None:
        worker = next(iter(self.here.workers), None) if command is Command.RESTART else None
        again = UserCommand(command, by="terminal", worker=worker, text="go on")
        self.take(again)
        if self.is_open():
            self.take(again)

    @rule(data=st.data(), fault=st.sampled_from(["overlong", "torn", "tampered", "lost"]))
    @precondition(lambda self: self.is_open() and self.followed())
    def a_file_is_found_faulty(
        self, data: st.DataObject, fault: Literal["overlong", "torn", "tampered", "lost"]
    ) -> None:
        self.take(StreamFault(*data.draw(st.sampled_from(self.followed())), "stdout", fault, 3, 7, "odd"))

    @rule(data=st.data())
    @precondition(lambda self: self.is_open() and self.followed())
    def a_tree_is_measured(self, data: st.DataObject) -> None:
        worker, _ = data.draw(st.sampled_from(self.followed()))
        self.take(Sampled(worker, Sample(1.0, 400.0, 3)))

    @rule(what=st.sampled_from(["size", "disk"]))
    @precondition(lambda self: self.is_open())
    def storage_runs_short(self, what: Literal["size", "disk"]) -> None:
        self.take(StorageShort(what, used=5_000_000, free=70_000, bound=4_000_000))

    @rule()
    @precondition(lambda self: self.is_open() and self.here.storage.question is not None)
    def room_is_made(self) -> None:
        question = self.here.storage.question
        self.take(UserCommand(Command.ANSWER, by="terminal", text="go on", question=question))

    @rule(seconds=st.sampled_from([1, 70, 400, 1000]))
    @precondition(lambda self: self.is_open())
    def time_passes(self, seconds: int) -> None:
        self.at += timedelta(seconds=seconds)
        self.take(TimePassed())

    @rule(seconds=st.sampled_from([-500, 500, 90_000, -90_000]))
    @precondition(lambda self: self.is_open())
    def the_clock_is_moved(self, seconds: int) -> None:
        self.at += timedelta(seconds=seconds)
        self.take(ClockMoved(seconds), TimePassed())

    def away_s(self) -> float:
        return (self.at - (self.here.now or self.here.opened_at)).total_seconds()

    # What goes wrong

    @rule(cut=st.floats(0, 1))
    @precondition(lambda self: self.session is not None)
    def the_coordinator_dies(self, cut: float) -> None:
        """Between two entries, or in the middle of writing what was not yet synced."""
        self.crash(self.synced + round((self.path.stat().st_size - self.synced) * cut))

    @rule(cut=st.floats(0, 1), command=st.sampled_from([Command.PAUSE, Command.STOP, Command.RESTART, Command.REVIEW]))
    @precondition(lambda self: self.is_open())
    def the_coordinator_dies_while_it_takes(self, cut: float, command: Command) -> None:
        """Between an input and its intents, or in the middle of either; nothing of it has been performed."""
        before = self.path.stat().st_size
        wanted = self.fold(UserCommand(command, by="terminal"))
        self.journal.append_many(self.derived(wanted), self.at)
        self.crash(before + round((self.path.stat().st_size - before) * cut))

    @rule(data=st.data())
    @precondition(lambda self: self.is_open() and self.waiting)
    def the_coordinator_dies_when_it_has_acted(self, data: st.DataObject) -> None:
        """Done in the world, and no word of it in the journal."""
        self.outcome(*data.draw(st.sampled_from(self.waiting)))
        self.crash(self.path.stat().st_size)

    def crash(self, size: int) -> None:
        self.every_record_is_journalled_once_and_in_order()
        self.journal.close()
        with self.path.open("r+b") as file:
            file.truncate(size)
        self.waiting, self.inbox, self.taking = [], deque(), False
        self.journal = Journal(self.path)
        entries = list(read_journal(self.path))
        if not entries:
            self.session, self.synced, self.recorded = None, 0, set()
            self.open(("claude",), interactive=False)
            return
        self.resume(inherit(entries))

    def resume(self, left: Inheritance) -> None:
        """As :func:`orchestrator.coordinator.resumption.resume_session` and the coordinator's ``run`` do it."""
        self.session = left.session
        bodies = [entry.body for entry in read_journal(self.path)]
        effects = [getattr(body, "effect", None) for body in bodies if not isinstance(body, Derived)]
        self.recorded = {(name.cause, name.index) for name in effects if name is not None}
        self.heard = {
            (worker, attempt): end // 10 for (worker, attempt, stream), end in left.heard.items() if stream == "stdout"
        }
        if left.session.closed is not None and left.session.closed.outcome is Outcome.DONE:
            return
        first: list[Input] = []
        begun: set[EffectId] = set()
        for name, effect in (*left.unrecorded, *left.undone):
            if isinstance(effect, StartWorker) and (effect.worker, effect.attempt) in self.world:
                first.append(self.started(effect.worker, effect.attempt, name))
                begun.add(name)
        self.record_and_perform(left.unrecorded, begun)
        for name, effect in left.undone:
            if name not in begun and name not in left.given_up:
                self.begin(name, effect)
        if self.here.closed is None or self.here.closed.outcome is not Outcome.DONE:
            self.take(
                *first, CoordinatorResumed(1, away_s=self.away_s()), *(EffectDone(name) for name in left.given_up)
            )
        self.replay_agrees()

    # What holds after every crash, and at the end

    def every_record_is_journalled_once_and_in_order(self) -> None:
        if self.session is None:
            return
        found: dict[Attempt, list[int]] = {}
        for body in (entry.body for entry in read_journal(self.path)):
            if isinstance(body, AgentOutput):
                found.setdefault((body.worker, body.attempt), []).append(body.start // 10)
        for name, numbers in found.items():
            assert numbers == list(range(len(numbers))), f"{name}: {numbers}"
            assert len(numbers) == self.heard[name]

    def replay_agrees(self) -> None:
        if self.session is not None:
            result = replay(read_journal(self.path))
            assert result.session == self.session
            assert result.unrecorded == ()

    def teardown(self) -> None:
        """From wherever it stands, the session can reach its end, and every effect its outcome."""
        try:
            if self.session is not None:
                self.go_to_the_end()
        finally:
            self.journal.close()
            shutil.rmtree(self.folder)

    def go_to_the_end(self) -> None:
        for _ in range(MOST_STEPS_TO_THE_END):
            if not self.one_step_to_the_end():
                break
        else:
            raise AssertionError("the session does not come to an end")
        assert self.here.closed is not None
        assert {*self.here.effects_open.values()} <= LOOKS
        assert self.running() == [], "a closed session has workers"
        self.every_record_is_journalled_once_and_in_order()
        self.replay_agrees()

    def one_step_to_the_end(self) -> bool:
        if not self.is_open():
            return False
        if self.waiting:
            self.take(self.outcome(*self.waiting.pop(0)))
        elif self.unheard():
            self.take(self.next_output(self.unheard()[0]))
        elif self.gone():
            self.take(self.end_of(self.gone()[0]))
        elif self.here.approvals.questions:
            self.take(UserCommand(Command.STOP, by="terminal"))
        elif running := self.running():
            process = self.world[running[0]]
            process.said += ["tool", "well ended"]
            process.exit = ExitRecord(0, "empty pid namespace")
        else:
            self.take(UserCommand(Command.STOP, by="terminal"))
        return True


TestCrashPoints = Crashing.TestCase
TestCrashPoints.settings = settings(
    max_examples=40,
    stateful_step_count=30,
    suppress_health_check=list(HealthCheck),
)
