"""Whatever order the world's answers come in, the fold keeps its word."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.models.effects import (
    CloseSession,
    MeasureGates,
    MeasureWork,
    MergeLayers,
    Outcome,
    RunChecks,
    StartWorker,
    TakeSnapshot,
)
from orchestrator.models.entries import (
    ChecksMeasured,
    ClockMoved,
    Command,
    CoordinatorResumed,
    EffectDone,
    FollowUp,
    GatesMeasured,
    GuardAsked,
    Input,
    LayersMerged,
    NetworkRefused,
    Sampled,
    SessionClosed,
    SnapshotTaken,
    StartFailed,
    StorageShort,
    StreamFault,
    StreamRead,
    TimePassed,
    UserCommand,
    Wanted,
    WorkMeasured,
)
from orchestrator.models.escalation import conditions_of
from orchestrator.models.events import (
    ConversationStarted,
    Denied,
    EventType,
    Failed,
    FailureKind,
    Payload,
    Reported,
    Said,
    ToolCalled,
    ToolReturned,
    TurnEnded,
    Unrecognised,
    UsageReported,
)
from orchestrator.models.identity import WorkerId
from orchestrator.models.money import Usage
from orchestrator.models.plan_tree import (
    AgentLimits,
    AgentNode,
    GateNode,
    GateResult,
    MeasuredGate,
    MergeResult,
    Strategy,
    StrategyNode,
)
from orchestrator.models.quality_gates import GateState
from orchestrator.models.reviews import Verdict
from orchestrator.models.sandbox import SandboxConfig, TeamBounds
from orchestrator.models.workers import TERMINAL, Sample, StoppedBy
from orchestrator.session.clock import next_deadline
from orchestrator.session.replaying import replay
from orchestrator.session.state import Phase, is_alive
from tests.session.conftest import Play

if TYPE_CHECKING:
    from orchestrator.models.effects import EffectId

MIB = 1024**2
ENDS: Sequence[StoppedBy] = ("itself", "itself", "stop", "orphaned", "shim lost")
REPLY = {"verdict": "approved", "summary": "fine", "points": []}
ANSWER = {"answer": "it holds", "findings": [], "confidence": 0.9, "position": "for it"}
PAYLOADS: list[tuple[EventType, Payload]] = [
    (EventType.STATUS, ConversationStarted("c-1", permission_mode="default")),
    (EventType.PROGRESS, Said("working\non it")),
    (EventType.PROGRESS, ToolCalled("Bash", "t1", "rm -rf /", command="rm -rf /")),
    (EventType.PROGRESS, ToolCalled("Read", "t2", "/etc/passwd", path="/etc/passwd")),
    (EventType.MILESTONE, Reported("half of it stands")),
    (EventType.BLOCKER, Reported("which database?")),
    (EventType.TASK, Reported("write a test")),
    (EventType.FINDING, Reported("look here", review_requested=True)),
    (EventType.STATUS, TurnEnded(ok=True, subtype="success", text="done")),
    (EventType.STATUS, TurnEnded(ok=True, subtype="success", text="", reply=REPLY)),
    (EventType.STATUS, TurnEnded(ok=True, subtype="success", reply={**REPLY, "verdict": "concerns"})),
    (EventType.STATUS, TurnEnded(ok=True, subtype="success", reply={**REPLY, "verdict": "blocker"})),
    (EventType.STATUS, TurnEnded(ok=True, subtype="success", reply=ANSWER)),
    (EventType.STATUS, TurnEnded(ok=True, subtype="success", reply={**ANSWER, "confidence": 0.1})),
    (EventType.STATUS, TurnEnded(ok=False, subtype="error")),
    (EventType.ERROR, Failed("overloaded", FailureKind.OVERLOADED, final=True)),
    (EventType.ERROR, Failed("fetch failed", FailureKind.NETWORK, final=True)),
    (EventType.ERROR, Failed("429", FailureKind.USAGE_LIMIT, final=True)),
    (EventType.ERROR, Failed("Not logged in", FailureKind.AUTHENTICATION, final=True)),
    (EventType.ERROR, Failed("too long", FailureKind.CONTEXT_FULL, final=True)),
    (EventType.ERROR, Failed("strange", FailureKind.UNKNOWN, final=True)),
    (EventType.ERROR, Denied("bash: /etc/x: Permission denied", path="/etc/x")),
    (EventType.ERROR, Denied("Not inside a trusted directory and --skip-git-repo-check was not specified.")),
    (EventType.STATUS, Unrecognised("EACCES: permission denied, mkdir '/root/x'", "stderr")),
    (EventType.STATUS, UsageReported(Usage(input_tokens=900, cost_usd=0.02))),
    (EventType.STATUS, UsageReported(Usage())),
    (EventType.STATUS, UsageReported(Usage(output_tokens=70))),
]
PLAN = StrategyNode(
    Strategy.SEQUENTIAL,
    (
        StrategyNode(Strategy.DEBATE, (AgentNode("a"), AgentNode("b"), AgentNode("c")), rounds=2),
        StrategyNode(
            Strategy.PARALLEL,
            (
                StrategyNode(
                    Strategy.PARALLEL, (AgentNode("left", access="write"), AgentNode("right", access="write"))
                ),
                AgentNode("reader"),
            ),
        ),
        StrategyNode(
            Strategy.REPEAT, (AgentNode("writer", access="write"),), at_most=3, gate=GateNode(("tests", "lint"))
        ),
        AgentNode("last", limits=AgentLimits(timeout_s=60.0, max_tokens=100)),
    ),
)
"""A plan with much of what one may have: rounds, a writer, gates, limits."""
ACTS = (
    *["perform"] * 6,
    *["say"] * 4,
    *["exit"] * 2,
    *["answer_well"] * 3,
    *["time", "time", "command", "measure", "resume", "shortage", "refusal", "wait_for_consent"],
    *["fault", "clock_jumps", "command_twice"],
)
"""Methods of :class:`World`, the frequent ones more than once."""


class World:
    """What may happen next, chosen by number, and what must hold after it."""

    def __init__(self, seed: int, *agents: str, **options: Any) -> None:
        self.random = Random(seed)
        self.play = Play(*agents, **options)
        self.alive: dict[WorkerId, int] = {}
        """Attempts that really run."""
        self.handled = 0
        self.endings = 0
        self.check()

    def number(self, most: int) -> int:
        return self.random.randint(0, most)

    def open_effects(self) -> list[tuple[EffectId, Wanted]]:
        is_open = self.play.session.effects_open
        return [(name, effect) for name, effect in self.play.effects if (name.cause, name.index) in is_open]

    def take(self, body: Input) -> None:
        ended = self.play.session.ending
        self.play.take(body)
        began_to_end = self.play.session.ending is not None and ended is None
        if began_to_end:
            self.endings += 1
        self.check(may_start=began_to_end)

    def check(self, *, may_start: bool = False) -> None:
        """Hold what the last input called for, and where the session stands, against what is promised.

        Args:
            may_start: The session began to end with this input: another deadline of the same moment may have started
                somebody before, who is stopped as soon as it has been started.
        """
        session = self.play.session
        for _, effect in self.play.effects[self.handled :]:
            if isinstance(effect, StartWorker):
                assert effect.worker not in self.alive, f"{effect.worker} is started while it runs"
                if effect.attempt == 1:  # a person may send a reader on whenever they like
                    self.check_target(effect.worker)
                assert session.ending is None or may_start
            if isinstance(effect, CloseSession):
                assert not self.alive, f"closed over the heads of {list(self.alive)}"
        self.handled = len(self.play.effects)
        closes = [kind for kind in session.effects_open.values() if kind == "close_session"]
        assert len(closes) <= 1
        for worker in session.workers.values():
            if worker.status in TERMINAL and worker.attempt > 0 and worker.shim is not None:
                assert worker.exit is not None, f"{worker.id} is {worker.status} without a proof"
            if worker.id in self.alive:
                assert is_alive(worker)
        if session.phase is Phase.RUNNING and not session.options.interactive and session.closed is None:
            moves = (
                self.alive
                or session.effects_open
                or any(detail.start_at is not None for detail in session.details.values())
                or session.open_reviews()
                # Without a terminal a question ends the session; open in a resumed one, it waits for `answer`.
                or session.approvals.questions
                or session.plan_run.start_due is not None
            )
            assert moves, (
                f"nothing can ever happen again: { {w.id: (w.status, w.why) for w in session.workers.values()} }"
            )

    def check_target(self, starts: WorkerId) -> None:
        """Of a plan: whoever writes in the target is alone there, and nothing is merged into it meanwhile."""
        leaves = {one.worker: one.leaf for one in self.play.session.plan_run.started.values()}
        if starts not in leaves or leaves[starts].layers:
            return
        beside = [worker for worker in self.alive if worker in leaves and not leaves[worker].layers]
        writers = [worker for worker in (*beside, starts) if leaves[worker].node.access == "write"]
        assert not (writers and beside), f"{writers} write beside {beside}"

    # One thing that happens

    def perform(self, place: int) -> None:
        """The world answers one open effect."""
        effects = self.open_effects()
        if not effects:
            return
        name, effect = effects[place % len(effects)]
        match effect:
            case StartWorker():
                if self.number(9) == 0:
                    passing = self.number(1) == 0
                    self.take(StartFailed(effect.worker, effect.attempt, "no such file", name, passing=passing))
                else:
                    self.alive[effect.worker] = effect.attempt
                    self.play.start(effect.worker)
                    self.check()
            case TakeSnapshot():
                problem = "git is broken" if self.number(5) == 0 else None
                self.take(SnapshotTaken("+ x", ("a.py",), 1, 0, name, problem))
            case MeasureWork():
                files = ("a.py",) if self.number(3) else ()
                self.take(WorkMeasured(effect.worker, files, 1, 0, (), name))
            case RunChecks():
                self.take(ChecksMeasured(list(Verdict)[self.number(3)], ("looked",), name))
            case MeasureGates():
                state = list(GateState)[self.number(2)]
                self.take(GatesMeasured(GateResult(effect.path, (MeasuredGate("tests", state),)), name))
            case MergeLayers(leaf=leaf):
                merged = MergeResult(leaf.path, success=self.number(2) > 0, taken=leaf.take)
                self.take(LayersMerged(merged, name))
            case CloseSession():
                self.take(SessionClosed(effect.outcome, effect.reason, name))
            case _:
                self.take(EffectDone(name, "did not work" if self.number(9) == 0 else None))

    def exit(self, place: int) -> None:
        if self.alive:
            worker = list(self.alive)[place % len(self.alive)]
            del self.alive[worker]
            by = ENDS[self.number(4)]
            self.play.exits(worker, (0, 1, 137, None)[self.number(3)], by=by)
            self.check()

    def say(self, place: int) -> None:
        if self.alive:
            worker = list(self.alive)[place % len(self.alive)]
            kind, payload = PAYLOADS[self.number(len(PAYLOADS) - 1)]
            if isinstance(payload, Failed) and self.number(1):
                until = self.play.at + timedelta(minutes=self.number(90) - 5)
                payload = Failed(payload.text, payload.failure, resets_at=until, final=True)
            self.play.says(worker, payload, kind=kind)
            self.check()

    def answer_well(self, place: int) -> None:
        """A worker does its part: without that, few plans come to their second half."""
        if self.alive:
            worker = list(self.alive)[place % len(self.alive)]
            reply = {**ANSWER, **REPLY, "position": ("for it", "against it")[place % 2]}
            self.play.says(worker, ToolCalled("Read", "t9", "a.py"))
            self.play.says(worker, ToolReturned("t9", ok=True, text="x"))
            self.play.says(worker, TurnEnded(ok=True, subtype="success", reply=reply), kind=EventType.STATUS)
            self.check()
            del self.alive[worker]
            self.play.exits(worker, 0)
            self.check()

    def measure(self, place: int) -> None:
        workers = list(self.play.session.workers)
        if workers:
            worker = workers[place % len(workers)]
            if self.number(1):
                self.take(Sampled(worker, Sample(float(self.number(99)), 4000.0 * self.number(1), 3)))
            else:
                attempt = self.play.session.workers[worker].attempt
                self.take(StreamRead(worker, attempt, "stdout", 0, self.number(10_000), "00"))

    def wait_for_consent(self, place: int) -> None:
        if self.alive:
            worker = list(self.alive)[place % len(self.alive)]
            command = ("git", "push") if place % 2 else ("rm", "-rf", "/")
            source: Literal["hook", "executable"] = "hook" if place % 3 else "executable"
            self.take(GuardAsked(worker, f"r{len(self.play.entries)}", source, command, "/t"))

    def time(self, place: int) -> None:
        due = next_deadline(self.play.session)
        if due is not None and place % 2:
            self.play.at = max(self.play.at, due)
            self.take(TimePassed())
        else:
            self.play.later(place)

    def command(self, place: int) -> None:
        if self.play.session.closed is not None:
            return
        workers: list[WorkerId | None] = [None, WorkerId("nobody"), *self.play.session.workers]
        commands = [c for c in Command if c not in (Command.STOP, Command.KILL) or self.number(3) == 0]
        command = commands[place % len(commands)]
        questions = [*(one.id for one in self.play.session.approvals.questions), "q1", "q2", None, None]
        question = questions[self.number(len(questions) - 1)]
        worker = workers[self.number(len(workers) - 1)]
        self.take(UserCommand(command, by="test", worker=worker, text="go on", question=question))

    def resume(self, place: int) -> None:
        if place % 3 == 0 and not self.open_effects():
            interactive = self.play.session.options.interactive
            closed = self.play.session.closed
            follow_up = FollowUp("and more") if closed is not None and closed.outcome is Outcome.DONE else None
            self.take(
                CoordinatorResumed(
                    1, tuple(self.alive), interactive=interactive, retries=place % 2 == 0, follow_up=follow_up
                )
            )

    def shortage(self, place: int) -> None:
        if place % 5 == 0 and self.play.session.closed is None:
            self.take(StorageShort("disk", used=5 * MIB, free=0, bound=64 * MIB))

    def fault(self, place: int) -> None:
        workers = [*self.play.session.workers, WorkerId("nobody")]
        worker = workers[place % len(workers)]
        attempt = self.number(3)
        kind: Literal["overlong", "torn", "tampered", "lost"] = ("overlong", "torn", "tampered", "lost")[place % 4]
        self.take(StreamFault(worker, attempt, "stdout", kind, place, place + 1, "odd"))

    def clock_jumps(self, place: int) -> None:
        """The machine's clock is set, forwards or back, or the machine slept: no wait becomes longer or shorter."""
        moved = timedelta(minutes=(place - 60) * 5)
        before = next_deadline(self.play.session)
        self.play.at += moved
        self.take(ClockMoved(moved.total_seconds()))
        if before is not None and not any(limit.until for limit in self.play.session.limits.values()):
            assert next_deadline(self.play.session) == before + moved
        self.take(TimePassed())

    def command_twice(self, place: int) -> None:
        """As two people press one button, or one person twice."""
        before = len(self.play.entries)
        self.command(place)
        if len(self.play.entries) > before and self.play.session.closed is None:
            again = next(e.body for e in reversed(self.play.entries) if isinstance(e.body, UserCommand))
            self.take(again)

    def refusal(self, place: int) -> None:
        if self.alive:
            worker = list(self.alive)[place % len(self.alive)]
            self.take(NetworkRefused(worker, "other.example", 443, "not listed", times=1 + place % 10))

    def go_on(self, what: str, place: int) -> None:
        if self.play.session.closed is None or what == "resume":
            getattr(self, what)(place)

    def wind_up(self) -> None:
        """Ended from outside, everything exits and every effect gets its outcome: then the session is closed."""
        if self.play.session.closed is None and self.play.session.ending is None:
            self.take(UserCommand(Command.STOP, by="test"))
        for _ in range(400):
            if self.play.session.closed is not None and not self.open_effects():
                break
            self.exit(0)
            self.perform(0)
        assert self.play.session.closed is not None, self.open_effects()
        assert not self.alive
        assert self.play.session.effects_open == {}


@pytest.mark.parametrize(
    ("agents", "options"),
    [
        pytest.param(
            ("gemini", "claude", "codex"),
            {"max_review_retries": 2, "asks_about_doubts": True, "final_wait_s": 20.0, "interactive": True},
            id="as it runs now",
        ),
        pytest.param(("gemini", "claude", "codex"), {}, id="headless"),
        pytest.param(("gemini", "claude", "codex"), {"interactive": True}, id="with a person"),
        pytest.param(("gemini", "claude", "codex"), {"auto_resume": True, "max_tokens": 60_000}, id="on its own"),
        pytest.param(("claude",), {"interactive": True, "auto_resume": True, "timeout_s": 9000.0}, id="one agent"),
        pytest.param(("gemini", "claude", "codex"), {"plan": PLAN, "final_wait_s": 20.0}, id="a plan of its own"),
        pytest.param(
            ("gemini", "claude", "codex"),
            {
                "plan": PLAN,
                "interactive": True,
                "final_wait_s": 20.0,
                "sandbox": SandboxConfig(
                    name="default", team=TeamBounds(max_parallel=2, max_workers=3, starts_per_minute=2)
                ),
            },
            id="a plan within narrow bounds",
        ),
        pytest.param(
            ("gemini", "claude", "codex"),
            {
                "interactive": True,
                "final_wait_s": 20.0,
                "feedback": True,
                "watch_rules": 1,
                "escalations": conditions_of(
                    ["antipatterns > 0: require_review", "questions > 1: ask_person", "review_rounds > 1: notice"]
                ),
                "consensus_frequency": "threshold",
            },
            id="watched, and asked how it went",
        ),
    ],
)
@given(
    seed=st.integers(0, 1 << 32),
    steps=st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 120)), max_size=120),
)
def test_any_order_of_inputs_keeps_the_promises(
    agents: tuple[str, ...], options: dict[str, object], seed: int, steps: list[tuple[str, int]]
) -> None:
    world = World(seed, *agents, **options)
    for what, place in steps:
        world.go_on(what, place)
    world.wind_up()
    result = replay(world.play.entries)
    assert result.session == world.play.session
    assert result.unrecorded == ()
