"""Entries are the lines of the journal: everything the session learns, and everything it wants done.

Entries are numbered from 1.  *Inputs* drive the session's fold; an *intent* is an effect the fold returned, written
before it is performed; inputs with an ``effect`` are the outcomes that close one.  What the fold *told* is a fact that
it returned: it is on record, and nothing is done for it.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from orchestrator.late_adapter import late_adapter
from orchestrator.models.changes import ChangeMeasured as ChangeMeasured
from orchestrator.models.commands import Command as Command
from orchestrator.models.commands import GuardAsked as GuardAsked
from orchestrator.models.commands import UserCommand as UserCommand
from orchestrator.models.effects import Effect, EffectId, Outcome
from orchestrator.models.egress import OutboundInspected as OutboundInspected
from orchestrator.models.egress import OutboundSent as OutboundSent
from orchestrator.models.events import AgentEvent
from orchestrator.models.facts import FACTS, Fact
from orchestrator.models.field_marks import BY_KIND
from orchestrator.models.identity import ProcessIdentity, SessionId, WorkerId
from orchestrator.models.options import FoundAgent, Rehearsal, SessionOptions
from orchestrator.models.plan_tree import GateResult, MergeResult, NodePath
from orchestrator.models.reviews import Verdict
from orchestrator.models.suite_measurements import SuitesMeasured
from orchestrator.models.workers import ExitRecord, Sample
from orchestrator.value_class import value_class

if TYPE_CHECKING:
    from pydantic import TypeAdapter

JOURNAL_FORMAT = 4
"""Raised when an old reader would misread a new journal; see docs/journal.md."""
FACTS_ARE_TOLD = 4
"""Up to the format before this one, facts were recorded as effects, with an intent and an outcome."""


@value_class
class SessionOpened:
    """Entry 1."""

    session: SessionId
    options: SessionOptions
    found: tuple[FoundAgent, ...]
    findings: tuple[str, ...] = ()
    """What preflight found that people should know and that forbids nothing."""
    format: int = JOURNAL_FORMAT
    kind: Literal["session_opened"] = "session_opened"


@value_class
class WorkerStarted:
    """An attempt's shim has started."""

    worker: WorkerId
    attempt: int
    argv: tuple[str, ...]
    """The CLI's own command line, sandbox left out."""
    shim: ProcessIdentity
    sandbox: str
    """What stands around it, for people."""
    effect: EffectId | None = None
    kind: Literal["worker_started"] = "worker_started"


@value_class
class StartFailed:
    """An attempt could not be started at all."""

    worker: WorkerId
    attempt: int
    problem: str
    effect: EffectId | None = None
    passing: bool = False
    """The machine was short of disk, memory or processes: another attempt may find enough."""
    layer: NodePath | None = None
    """The copy of the target for it to write on that could not be made; the agent itself has not failed."""
    kind: Literal["start_failed"] = "start_failed"


@value_class
class AgentOutput:
    """All events of one raw record, with the bytes they came from."""

    worker: WorkerId
    attempt: int
    stream: Literal["stdout", "stderr", "events"]
    start: int
    """Byte offset of the record in its raw file."""
    end: int
    """Offset after its newline: where tailing goes on."""
    events: tuple[AgentEvent, ...]
    kind: Literal["agent_output"] = "agent_output"


@value_class
class StreamFault:
    """Something about a raw file itself: a torn tail, an overlong line, a changed prefix."""

    worker: WorkerId
    attempt: int
    stream: Literal["stdout", "stderr", "events"]
    fault: Literal["overlong", "torn", "tampered", "lost"]
    start: int
    end: int
    text: str
    kind: Literal["stream_fault"] = "stream_fault"


@value_class
class StreamRead:
    """How far a raw file has been read, and the hash of what was read: said now and then, and when the attempt ends."""

    worker: WorkerId
    attempt: int
    stream: Literal["stdout", "stderr", "events"]
    start: int
    """Byte offset where reading began: the attempt's first byte."""
    end: int
    """Byte offset after the last byte that was read."""
    sha256: str
    """Of the bytes from ``start`` to ``end``, in hexadecimal."""
    kind: Literal["stream_read"] = "stream_read"


@value_class
class StorageShort:
    """The session or one worker has grown to the size it is allowed, or a disk that they write to is nearly full."""

    what: Literal["size", "disk", "files", "worker"]
    used: int
    """Bytes of the session folder that workers account for; of ``worker``, that this one does."""
    free: int
    """Bytes left on the disk; of ``files``, how many more it can hold."""
    bound: int
    """The limit that was reached: the most bytes, or the least bytes or files left on the disk."""
    worker: WorkerId | None = None
    """Of ``worker``, the one that has grown too large; it alone is stopped."""
    place: str = ""
    """What lies on the disk that is nearly full, where it is not the session."""
    kind: Literal["storage_short"] = "storage_short"


@value_class
class NetworkRefused:
    """A worker asked for a host that its policy does not let it reach."""

    worker: WorkerId
    host: str
    port: int
    reason: str
    times: int = 1
    """How often so far; told at the first time, the tenth, the hundredth…"""
    kind: Literal["network_refused"] = "network_refused"


@value_class
class WorkerExited:
    """An attempt's tree is gone and all it wrote has been journalled."""

    worker: WorkerId
    attempt: int
    exit: ExitRecord
    kind: Literal["worker_exited"] = "worker_exited"


@value_class
class Sampled:
    """One measurement of a worker's tree."""

    worker: WorkerId
    sample: Sample
    kind: Literal["sampled"] = "sampled"


@value_class
class SnapshotTaken:
    """The target as reviewers will see it."""

    excerpt: str
    """The diff since the session began, cut to 12,000 characters."""
    files: tuple[str, ...]
    insertions: int
    deletions: int
    effect: EffectId
    problem: str | None = None
    """Why the target could not be recorded; the other fields then say nothing."""
    kind: Literal["snapshot_taken"] = "snapshot_taken"


@value_class
class WorkMeasured:
    """What a worker really left behind."""

    worker: WorkerId
    files: tuple[str, ...]
    """Changed in the target since the worker began."""
    insertions: int
    deletions: int
    scratch_files: tuple[str, ...]
    effect: EffectId
    problem: str | None = None
    """Why nothing could be measured; the other fields then say nothing."""
    kind: Literal["work_measured"] = "work_measured"


@value_class
class BaselineMeasured:
    """What the target's tests did before anybody worked on it."""

    suites: SuitesMeasured
    effect: EffectId
    kind: Literal["baseline_measured"] = "baseline_measured"


@value_class
class ChecksMeasured:
    """The orchestrator's own review, by measurement."""

    verdict: Verdict
    findings: tuple[str, ...]
    effect: EffectId
    suites: SuitesMeasured | None = None
    """What was found of the target's tests, run, and not run; ``None`` where nothing was looked for."""
    kind: Literal["checks_measured"] = "checks_measured"


@value_class
class GatesMeasured:
    """The results of the gates at one point of the session's own plan."""

    result: GateResult
    effect: EffectId
    kind: Literal["gates_measured"] = "gates_measured"


@value_class
class LayersMerged:
    """The result of merging changes that were made side by side."""

    result: MergeResult
    effect: EffectId
    kind: Literal["layers_merged"] = "layers_merged"


@value_class
class TimePassed:
    """A deadline the session had named has come."""

    kind: Literal["time_passed"] = "time_passed"


@value_class
class ClockMoved:
    """Wall-clock seconds that no process experienced (sleep or a clock change); negative: the clock was set back."""

    seconds: float
    kind: Literal["clock_moved"] = "clock_moved"


@value_class
class FollowUp:
    """What a person asks besides of a session that was done."""

    text: str
    timeout_s: float | None = None
    """How long it may take; the session's own limit counts what came before."""
    changed: tuple[str, ...] = ()
    """Files of the target that are not as the session left them."""
    by: str = ""
    who: str = ""
    """Who asked, as far as the machine knows."""


@value_class
class PersonsWords:
    """What a person says to a session that has stopped, when it is let go on."""

    text: str
    by: str = ""
    """``orchestrate resume``, ``dashboard``."""
    who: str = ""
    """Whose hand it was, as far as the machine knows."""


@value_class
class CoordinatorResumed:
    """Another coordinator took the session over; ``alive`` workers were found running and were adopted."""

    pid: int
    alive: tuple[WorkerId, ...] = ()
    away_s: float = 0.0
    """How long nobody ran the session, in seconds; below 0 if the clock was set back meanwhile."""
    interactive: bool = False
    rehearsal: Rehearsal | None = None
    """Where the models are now: a rehearsal's server has another port each time."""
    share_target: bool = False
    """Whoever resumed it said that other sessions may work in the target as well."""
    max_cost_usd: float | None = None
    """What the session may cost in all from now on, in US dollars; ``None``: as much as before."""
    max_tokens: int | None = None
    """The same in tokens."""
    retries: bool = False
    """Of a plan that has failed, what failed is tried again; in older journals its result stood."""
    follow_up: FollowUp | None = None
    """What is asked besides of a session that was done: its team works once more."""
    words: PersonsWords | None = None
    """The person's answer to the stop: whoever goes on is told it, once."""
    kind: Literal["coordinator_resumed"] = "coordinator_resumed"


@value_class
class EffectDone:
    """The outcome of an effect that has no entry of its own."""

    effect: EffectId
    problem: str | None = None
    kind: Literal["effect_done"] = "effect_done"


@value_class
class EffectIntended:
    """An effect the fold returned, written before it is performed."""

    id: EffectId
    effect: Effect | Fact
    """A fact only in journals of a format before :data:`FACTS_ARE_TOLD`."""
    kind: Literal["effect_intended"] = "effect_intended"


@value_class
class Told:
    """A fact the fold returned."""

    id: EffectId
    """Which entry caused it, and its place among the effects and facts of that entry."""
    fact: Fact
    kind: Literal["told"] = "told"


@value_class
class SessionClosed:
    """The session has ended; this is the last entry."""

    outcome: Outcome
    reason: str
    effect: EffectId | None = None
    kind: Literal["session_closed"] = "session_closed"


Input: TypeAlias = (
    SessionOpened
    | WorkerStarted
    | StartFailed
    | AgentOutput
    | StreamFault
    | StreamRead
    | StorageShort
    | NetworkRefused
    | WorkerExited
    | Sampled
    | SnapshotTaken
    | WorkMeasured
    | ChecksMeasured
    | BaselineMeasured
    | GatesMeasured
    | LayersMerged
    | ChangeMeasured
    | GuardAsked
    | OutboundInspected
    | OutboundSent
    | UserCommand
    | TimePassed
    | ClockMoved
    | CoordinatorResumed
    | EffectDone
    | SessionClosed
)
"""What the session's fold takes."""

Wanted: TypeAlias = Effect | Fact
"""What the fold returns."""
Derived: TypeAlias = EffectIntended | Told
"""What the fold returned, as it is written down.  It changes nothing when it is folded in."""
Body: TypeAlias = Annotated[Input | EffectIntended | Told, BY_KIND]


def as_derived(name: EffectId, wanted: Wanted, *, format_: int) -> Derived:
    """How one thing that the fold returned is written in a journal of this format."""
    if isinstance(wanted, FACTS) and format_ >= FACTS_ARE_TOLD:
        return Told(name, wanted)
    return EffectIntended(name, wanted)


@value_class
class JournalEntry:
    """One line of ``journal.jsonl``."""

    n: int
    at: datetime
    body: Body


JOURNAL_ENTRY: TypeAdapter[JournalEntry] = late_adapter(JournalEntry)
"""Reads and writes one line; write with ``exclude_none=True``."""
