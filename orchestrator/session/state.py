"""The state is all that the fold over a journal knows of its session, split by concern.

These are plain classes with slots: mypy refuses a misspelt field, and so does Python.  Only the fold writes them, on
copies of its own (:mod:`orchestrator.session.draft`), so whoever was given a session may keep it: it stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from functools import cache
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from orchestrator.models.approvals import Settled
from orchestrator.models.changes import ChangeMeasured
from orchestrator.models.decisions import OrchestratorDecision
from orchestrator.models.effects import Outcome
from orchestrator.models.egress import OutboundArtifact
from orchestrator.models.entries import JOURNAL_FORMAT, FollowUp
from orchestrator.models.events import AgentEvent, FailureKind
from orchestrator.models.facts import AntipatternFound, Escalated, FeedbackGiven, Question
from orchestrator.models.identity import AgentName, ReviewId, SessionId, WorkerId
from orchestrator.models.money import Usage
from orchestrator.models.options import FoundAgent, SessionOptions
from orchestrator.models.plan_steps import AgentLeaf
from orchestrator.models.plan_tree import NodePath, Result, StrategyResult
from orchestrator.models.recovery import RecoveryAction
from orchestrator.models.reviews import PeerReview, ReviewRequest
from orchestrator.models.suite_measurements import SuitesMeasured
from orchestrator.models.work import Assignment, TaskBreakdown, TaskStep
from orchestrator.models.workers import TERMINAL, PlantedFile, WorkerState
from orchestrator.review_engine.rounds import Rounds
from orchestrator.safety.budget import Estimate
from orchestrator.safety.resources import ResourceMonitor
from orchestrator.session.calls import Calls
from orchestrator.session.growing_texts import GrowingTexts
from orchestrator.tuning.behaviours import NOTHING_DONE, NOTHING_SEEN, Scene, Trace
from orchestrator.tuning.review_measures import ReviewMeasure
from orchestrator.value_class import value_class

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")

BY_USER = "user"
"""The reason to hold a worker that a person paused."""


@cache
def _values_of(kind: type[DataclassInstance]) -> Callable[[object], tuple[object, ...]]:
    """What reads all fields of one of these classes in the order in which its constructor takes them."""
    return attrgetter(*(each.name for each in fields(kind)))


def copied(one: T) -> T:
    """Another of the same with the same values.  ``copy.copy`` takes five times as long for a class with slots."""
    kind = type(one)
    return kind(*_values_of(kind)(one))


class Phase(StrEnum):
    """Where the session as a whole stands."""

    RUNNING = "running"
    ENDING = "ending"
    """No new work; what runs is being stopped or waited for."""
    CLOSED = "closed"


@value_class
class Ending:
    """How the session is going to end, once every worker is proven gone."""

    outcome: Outcome
    reason: str


@value_class
class ReviewState:
    """One review while it is open and after its decision."""

    request: ReviewRequest
    panel: Mapping[WorkerId, PeerReview | None]
    """Each reviewing worker and its answer, ``None`` until it came; empty while the snapshot is being taken."""
    decision: OrchestratorDecision | None = None
    measures: Literal["no", "waits", "runs"] = "no"
    """Whether the orchestrator measures for it besides, and whether that waits for the baseline."""
    measured: PeerReview | None = None
    """What it measured."""
    retries: Mapping[WorkerId, int] = field(default_factory=dict)
    """How often each reviewer was asked again because it could not be asked or heard."""


@value_class
class Work:
    """What one worker left behind, as measured after it ended."""

    files: tuple[str, ...] = ()
    insertions: int = 0
    deletions: int = 0
    scratch_files: tuple[str, ...] = ()


@value_class
class PendingGuard:
    """A command that waits for a person's consent."""

    worker: WorkerId
    request: str
    rule: str
    deadline: datetime
    source: Literal["executable", "hook"]
    parcel: OutboundArtifact | None = None
    """What is sent in the worker's place after a yes; ``None``: the worker runs the command itself."""
    argv: tuple[str, ...] = ()
    process: str = ""
    """Who asks, as ``pid:start``; empty from a hook."""


@value_class
class GuardConsent:
    """A yes to one command, as far as another start may be covered by it."""

    worker: WorkerId
    rule: str
    argv: tuple[str, ...]
    """From a hook, the one shell command line."""
    process: str = ""
    """The process that may run it, as ``pid:start``: what it starts below itself with the same arguments is covered.
    Empty: a hook was told yes and the program itself has not asked yet."""


@value_class
class PendingOutbound:
    """A command that leaves the machine, from the time it is asked about until its guard has its answer."""

    worker: WorkerId
    request: str
    rule: str
    words: str
    """The command, as it is shown."""
    approved: bool = False
    """Consent was given beforehand."""
    parcel: OutboundArtifact | None = None
    """Known once it was inspected."""
    sent: bool = False
    """It is on its way: nothing calls it back."""


@value_class
class Pulse:
    """The signs of life of one attempt, beside the records it wrote."""

    read: Mapping[str, int] = field(default_factory=dict)
    """How far each of its streams has been read, in bytes."""
    active_at: datetime | None = None
    """When its tree last took CPU time, or gained or lost a process."""
    processes: int = 0
    reported: bool = False
    """It was said that it looks dead."""
    question: str | None = None
    """Withdrawn when it writes again."""


@value_class
class Limit:
    """The usage limit of an agent's account, shared by all its workers of the session."""

    until: datetime | None
    """As the CLI said; ``None`` where it did not."""
    because: str
    probes: int = 0
    """Attempts made to find out whether a limit without a stated end is over."""
    prober: WorkerId | None = None
    """The worker whose attempt is the last probe."""
    question: str | None = None
    """The question whose answer ends it."""


@dataclass(slots=True)
class Attempt:
    """What the fold remembers of one attempt of a worker; each attempt begins with a new one."""

    stopping_because: str | None = None
    ended_cleanly: bool = False
    """The final event came and its own error fields were clean."""
    ended_subtype: str = ""
    failure: str | None = None
    """The last error that ended a turn."""
    failure_kind: FailureKind | None = None
    began: bool = False
    """This attempt named its conversation."""
    reply: Mapping[str, object] | None = None
    denied: tuple[str, ...] = ()
    """The first denials of this attempt that no rule explained away."""
    spoke: bool = False
    """A record of this attempt came on its standard output."""
    reported: bool = False
    """It wrote an event into its events file."""
    own_words: tuple[str, ...] = ()
    """The last meaningful lines that this attempt wrote to its standard error, or in front of its first record."""
    last_word_at: datetime | None = None
    """When the record came that may be its last: the end of its turn, or a failure, with no work since."""
    doubtful: tuple[AgentEvent, ...] = ()
    """Failures that count only if this attempt does not end well after all."""
    outstayed: bool = False
    """It is being ended because it did not exit after its last word, or never said its first; what it said decides, not
    that it was stopped."""
    conversation_asked: str | None = None
    """The conversation this attempt was told to continue."""
    frozen_since: datetime | None = None
    holds: frozenset[str] = frozenset()
    """Why it is frozen: a review's id, a question's id, or ``user``.  It thaws when the last one goes."""
    running_since: datetime | None = None
    asked_model: bool = False
    """This attempt has consumed something that no figure of its CLI has told of yet."""
    pulse: Pulse = field(default_factory=Pulse)
    work: Work | None = None


@dataclass(slots=True)
class WorkerDetail:
    """What the fold must remember of a worker beyond what people are shown."""

    assignment: Assignment
    first_prompt: str = ""
    """What the first attempt was asked: said again where a conversation cannot be continued."""
    opening_prompt: str = ""
    """What a follow-up asked in the conversation that it continues; ``first_prompt`` says it without that."""
    first_attempt: int = 1
    """The attempt with which the task, or the last follow-up, began."""
    next_assignment: Assignment | None = None
    """Start this as soon as the running attempt's tree is gone, and ``start_at`` has come."""
    start_at: datetime | None = None
    restarts: int = 0
    """After deaths of its own and failures that pass."""
    answers: tuple[tuple[str, str], ...] = ()
    """Questions about it and their answers, kept until the last open one is answered."""
    calls: Calls = field(default_factory=Calls)
    unknown: Mapping[str, int] = field(default_factory=dict)
    """How many records of each kind came that its adapter does not know, over all attempts."""
    tried: frozenset[str] = frozenset()
    """Signatures of the errors that were already answered with a relaunch."""
    relaunches: int = 0
    monitor: ResourceMonitor = field(default_factory=ResourceMonitor)
    reserved: Estimate | None = None
    """What the attempt was expected to take when it began."""
    usage_before: Usage = field(default_factory=Usage)
    """What its worker had consumed then."""
    untold: int = 0
    """Attempts that ended before they had told all that they consumed."""
    tasks: tuple[str, ...] = ()
    """``task`` events it reported."""
    agents_started: Mapping[str, int] = field(default_factory=dict)
    """How often it started, or tried to start, the CLI of another agent, by that CLI."""
    current: Attempt = field(default_factory=Attempt)
    """The attempt that runs, or ran last."""
    trace: Trace = field(default_factory=lambda: NOTHING_DONE)
    """What it did in it, as far as the queries of antipatterns ask for it."""
    progress_tokens: int = 0
    """What its worker had consumed at the last sign of progress."""


def is_alive(worker: WorkerState) -> bool:
    """Whether the worker has a process, or may be getting one: only a proof of its end says otherwise."""
    return worker.attempt > 0 and worker.exit is None and worker.status not in TERMINAL


@dataclass(slots=True)
class Assessment:
    """What reviews and measurements have said of the work."""

    reviews: Mapping[ReviewId, ReviewState] = field(default_factory=dict)
    decisions: tuple[OrchestratorDecision, ...] = ()
    rounds: Rounds = field(default_factory=Rounds)
    earlier: int = 0
    """How many of the reviews were of what was done before the last follow-up."""
    snapshots_for: Mapping[tuple[int, int], ReviewId] = field(default_factory=dict)
    """Which review a snapshot or a check under way belongs to."""
    baseline: SuitesMeasured | None = None
    """What the target's tests did before anybody worked on it, once it is known."""
    suites: SuitesMeasured | None = None
    """What they did when they were run last."""


@dataclass(slots=True)
class Approvals:
    """What a person is asked, has answered, and has consented to."""

    questions: tuple[Question, ...] = ()
    """Open ones, oldest first."""
    questions_asked: int = 0
    asked_at: Mapping[str, datetime] = field(default_factory=dict)
    """When each question was put, open and closed ones."""
    answers: tuple[tuple[str, str], ...] = ()
    """Question id and answer."""
    guards: Mapping[str, PendingGuard] = field(default_factory=dict)
    """Commands that wait for consent, by question."""
    leaving: Mapping[str, PendingOutbound] = field(default_factory=dict)
    """Commands that the coordinator runs in a worker's place, by worker and request."""
    guard_consents: tuple[GuardConsent, ...] = ()
    """What a person has said yes to, while the worker that asked lives."""
    settled: tuple[Settled, ...] = ()
    """Questions that are closed, oldest first, and consents given beforehand."""


@dataclass(slots=True)
class Storage:
    """What was decided about a session that has grown too large, or a disk that is nearly full."""

    question: str | None = None
    """The open question about size or disk; while it is open no worker runs."""
    allowed: int | None = None
    """Bytes the workers may fill after a person has allowed more than the option says."""


@value_class
class BoardItem:
    """One entry of the team's board: a task, or a note."""

    id: str
    """``t1`` for a task, ``n1`` for a note."""
    worker: WorkerId
    """Who left it."""
    text: str
    file: str | None = None
    """The file that it is about."""
    done_by: WorkerId | None = None
    """Who said that the task is done."""

    def in_words(self) -> str:
        """The entry on one line."""
        about = f" ({self.file})" if self.file else ""
        state = "note" if self.id.startswith("n") else f"done by {self.done_by}" if self.done_by else "open"
        return f"{self.id} {state}, by {self.worker}: {self.text}{about}"


@value_class
class StartedLeaf:
    """One leaf of the session's own plan that an agent runs, or ran."""

    worker: WorkerId
    leaf: AgentLeaf


@dataclass(slots=True)
class PlanRun:
    """How far a session's own plan has come.  In the built-in teams nothing of it is used."""

    started: Mapping[NodePath, StartedLeaf] = field(default_factory=dict)
    """By path, in the order in which they were started."""
    results: Mapping[NodePath, Result] = field(default_factory=dict)
    """What leaves came to; what a person sent on after that is no result until it is settled again."""
    measuring: frozenset[NodePath] = frozenset()
    """Gates that are being measured."""
    merging: frozenset[NodePath] = frozenset()
    """Merges under way whose result goes into the target itself."""
    looked_at: frozenset[tuple[WorkerId, int]] = frozenset()
    """Attempts of writers that failed and whose change is, or was, looked at all the same."""
    timed_out: frozenset[tuple[WorkerId, int]] = frozenset()
    """Attempts that were stopped because their time was used up."""
    limited: frozenset[tuple[WorkerId, int]] = frozenset()
    """Those, and attempts that were stopped because they took too much of something else."""
    starts: tuple[datetime, ...] = ()
    """When the last agents were started for the first time, oldest first, as many as may be within a minute."""
    ready_since: Mapping[NodePath, datetime] = field(default_factory=dict)
    """When each leaf that is still to be started was asked for first."""
    start_due: datetime | None = None
    """When the next may be, where one waits for that."""
    said: frozenset[tuple[NodePath, str]] = frozenset()
    """Which leaf was said to wait for what."""
    question: str | None = None
    """The open question whether more agents than allowed may be started."""
    raised: int = 0
    """How many more a person has allowed."""
    without_layer: Mapping[NodePath, str] = field(default_factory=dict)
    """Layers that could not be made, and why: what was to be done on them is done in what lies below."""
    result: StrategyResult | None = None
    good: frozenset[NodePath] = frozenset()
    """Agents that had done their part when the plan came to its result."""


@value_class
class Stretch:
    """The time during which a metric has been beyond a threshold."""

    since: datetime
    entry: int
    """With which it began."""
    acted: bool = False
    """What the condition calls for was done."""


@dataclass(slots=True)
class Watch:
    """What the queries of antipatterns remember of the session as a whole."""

    scene: Scene = field(default_factory=lambda: NOTHING_SEEN)
    reviews: tuple[ReviewMeasure, ...] = ()
    """Those that are decided."""
    starts: tuple[tuple[int, str], ...] = ()
    """Entry and worker of each start since work was sent back for the first time."""
    written: Mapping[WorkerId, int] = field(default_factory=dict)
    """Lines that each worker added and removed, as its work was measured last."""
    left: int | None = None
    """Lines that differ from the beginning, as they were looked at last."""
    found: tuple[AntipatternFound, ...] = ()
    trusted: frozenset[WorkerId] = frozenset()
    """Whose milestones are spared by the rule ``threshold``, as was told."""
    away_s: float = 0.0
    """For how long nobody ran the session, or the machine slept."""
    person_at: int = 0
    """The entry in which a person was heard last."""
    stretches: Mapping[tuple[int, WorkerId | None], Stretch] = field(default_factory=dict)
    """By condition and worker: since when its metric is beyond the threshold."""
    escalated: tuple[Escalated, ...] = ()


@value_class
class Asked:
    """A worker that is asked how the session went, as it was when its work was done."""

    state: WorkerState
    detail: WorkerDetail
    assignment: Assignment


@value_class
class FeedbackRun:
    """How far asking the agents has come.  Nothing is decided by it."""

    asked_at: datetime | None = None
    """``None``: nobody was asked."""
    before: Mapping[WorkerId, Asked] = field(default_factory=dict)
    waiting: frozenset[WorkerId] = frozenset()
    """Those whose answer is still to come."""
    given: tuple[FeedbackGiven, ...] = ()
    ended_at: datetime | None = None
    """When the last answer came."""

    @property
    def took_s(self) -> float:
        """How long the session waited for answers."""
        if self.asked_at is None or self.ended_at is None:
            return 0.0
        return max(0.0, (self.ended_at - self.asked_at).total_seconds())


@dataclass(slots=True)
class Session:
    """Everything that is known and decided after entry ``n``."""

    id: SessionId
    options: SessionOptions
    found: tuple[FoundAgent, ...]
    opened_at: datetime
    timed_from: datetime
    """From when the time limit counts: what passed while nobody ran it, or the machine slept, is left out."""
    format: int = JOURNAL_FORMAT
    """Of its journal."""
    n: int = 0
    now: datetime | None = None
    phase: Phase = Phase.RUNNING
    plan: TaskBreakdown | None = None
    workers: Mapping[WorkerId, WorkerState] = field(default_factory=dict)
    details: Mapping[WorkerId, WorkerDetail] = field(default_factory=dict)
    follow_ups: tuple[FollowUp, ...] = ()
    """What people asked besides after the session was done, oldest first; the team works on the last one."""
    recoveries: tuple[RecoveryAction, ...] = ()
    assessment: Assessment = field(default_factory=Assessment)
    approvals: Approvals = field(default_factory=Approvals)
    storage: Storage = field(default_factory=Storage)
    plan_run: PlanRun = field(default_factory=PlanRun)
    watch: Watch = field(default_factory=Watch)
    feedback: FeedbackRun = field(default_factory=FeedbackRun)
    board: tuple[BoardItem, ...] = ()
    """Tasks and notes that agents of the session's own plan left for each other, oldest first."""
    warnings: GrowingTexts = field(default_factory=GrowingTexts)
    effects_open: Mapping[tuple[int, int], str] = field(default_factory=dict)
    """Kind of each effect that was intended and has no outcome yet, by (cause, index)."""
    limits: Mapping[AgentName, Limit] = field(default_factory=dict)
    """Agents whose account is at its limit."""
    last_heard: datetime | None = None
    crew_paused: bool = False
    """Whatever starts now is frozen at once."""
    paused: frozenset[WorkerId] = frozenset()
    """Workers a person has paused, started or not."""
    lost: Mapping[AgentName, str] = field(default_factory=dict)
    """Agents that can no longer be used in this session, and why."""
    planted: tuple[PlantedFile, ...] = ()
    """Files of the target that workers made or changed and that programs of the user obey, the newest word on each."""
    change: ChangeMeasured | None = None
    """As it was measured when the session ended; ``None`` until then, and again once it goes on."""
    ending: Ending | None = None
    closed: Ending | None = None

    @property
    def scratch_root(self) -> Path:
        """The parent of every worker's scratch folder."""
        return self.options.session_dir / "scratch"

    def steps(self) -> tuple[TaskStep, ...]:
        """The plan's steps, none before there is a plan."""
        return self.plan.steps if self.plan else ()

    def is_main(self, worker: WorkerId) -> bool:
        """Whether the worker is a step of the plan rather than a reviewer called in."""
        return any(step.worker == worker for step in self.steps())

    def leaf(self, worker: WorkerId) -> AgentLeaf | None:
        """The leaf of the session's own plan that the worker runs; ``None`` for reviewers, and in built-in teams."""
        if self.options.plan is None:
            return None
        return next((one.leaf for one in self.plan_run.started.values() if one.worker == worker), None)

    def living(self) -> tuple[WorkerState, ...]:
        """Workers that have, or may have, a process."""
        return tuple(worker for worker in self.workers.values() if worker.shim is not None and is_alive(worker))

    def open_reviews(self) -> tuple[ReviewState, ...]:
        """Reviews without a decision, oldest first."""
        return tuple(review for review in self.assessment.reviews.values() if review.decision is None)
