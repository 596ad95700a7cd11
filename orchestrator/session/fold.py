"""The fold is ``(session, entry) -> (session', effects and facts)``: it has no clock, no file and no await."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias, assert_never

from orchestrator.models.effects import CloseSession, EffectId
from orchestrator.models.entries import (
    FACTS_ARE_TOLD,
    AgentOutput,
    BaselineMeasured,
    ChangeMeasured,
    ChecksMeasured,
    ClockMoved,
    CoordinatorResumed,
    Derived,
    EffectDone,
    GatesMeasured,
    GuardAsked,
    Input,
    JournalEntry,
    LayersMerged,
    NetworkRefused,
    OutboundInspected,
    OutboundSent,
    Sampled,
    SessionClosed,
    SessionOpened,
    SnapshotTaken,
    StartFailed,
    StorageShort,
    StreamFault,
    StreamRead,
    TimePassed,
    UserCommand,
    Wanted,
    WorkerExited,
    WorkerStarted,
    WorkMeasured,
)
from orchestrator.models.facts import FACTS
from orchestrator.session.clock import on_sampled, on_time
from orchestrator.session.clock_moves import on_clock_moved
from orchestrator.session.draft import Draft
from orchestrator.session.exits import on_exited, on_measured, on_start_failed, on_started
from orchestrator.session.feedback import ask_for_feedback
from orchestrator.session.guarded_commands import forget_guards, on_guard_asked
from orchestrator.session.health import on_read
from orchestrator.session.metric_watch import measure
from orchestrator.session.opening import advance, on_opened
from orchestrator.session.outbound_commands import on_done, on_inspected
from orchestrator.session.output import on_output, on_stream_fault
from orchestrator.session.pattern_watch import watch
from orchestrator.session.plan_progress import on_gates_measured, on_layers_merged
from orchestrator.session.review_cycle import on_baseline, on_checks, on_snapshot
from orchestrator.session.review_frequency import note_frequency
from orchestrator.session.state import Ending, Phase, Session
from orchestrator.session.storage_limits import on_storage_short
from orchestrator.session.user_commands import on_command, on_resumed

QUIET = (AgentOutput, Sampled, StreamRead, ClockMoved, ChangeMeasured, SessionClosed)
"""After these no step's turn can have come."""
MOST_AT_ONCE = 32
"""Entries of one run: to begin another costs as much as two of them, and more of them no cache holds together."""
Folded: TypeAlias = tuple[JournalEntry, Session, tuple[Wanted, ...]]
"""An entry, the session after it, and what follows from it."""


def step(session: Session | None, entry: JournalEntry) -> tuple[Session, tuple[Wanted, ...]]:
    """Take in one entry, and return the effects and facts that follow, in the order in which they are journalled.

    Args:
        session: ``None`` for entry 1, which must be :class:`SessionOpened`.

    Raises:
        ValueError: The first entry is something else; a journal like that is damaged.
    """
    body = entry.body
    if session is None:
        if not isinstance(body, SessionOpened):
            raise ValueError(f"a journal begins with session_opened, not {body.kind}")
        at = entry.at
        session = Session(body.session, body.options, body.found, opened_at=at, timed_from=at, format=body.format)
    draft = Draft(session, entry.at, n=entry.n)
    if isinstance(body, Derived):
        return draft.session, ()
    _take_input(draft, body)
    return draft.session, tuple(draft.wanted)


def fold(session: Session | None, entries: Iterable[JournalEntry]) -> Iterator[Folded]:
    """Take in many entries: the same as :func:`step` for each of them, and several times as fast.

    What agents say mostly calls for nothing, and entries like that which follow one another are taken in on one draft.
    So each of such a run is returned with the session after the last of them.

    Raises:
        ValueError: The first entry of all does not open a session.
    """
    run: list[JournalEntry] = []
    draft: Draft | None = None
    for entry in entries:
        body = entry.body
        if session is None or type(body) is not AgentOutput:
            if draft is not None:
                session, draft = draft.session, None
                yield from _without_wants(run, session)
            session, wanted = step(session, entry)
            yield entry, session, wanted
            continue
        if draft is None:
            draft, run = Draft(session, entry.at, n=entry.n), []
        else:
            draft.go_on(entry.at, n=entry.n)
        _take_output(draft, body)
        if not draft.wanted and not draft.has_decided and len(run) < MOST_AT_ONCE:
            run.append(entry)
            continue
        session, wanted, draft = draft.session, tuple(draft.wanted), None
        yield from _without_wants(run, session)
        yield entry, session, wanted
    if draft is not None:
        yield from _without_wants(run, draft.session)


def _without_wants(run: Iterable[JournalEntry], session: Session) -> Iterator[Folded]:
    return ((entry, session, ()) for entry in run)


def _take_output(draft: Draft, body: AgentOutput) -> None:
    """The same as :func:`_take_input` for what an agent said: nearly all entries are of this kind."""
    on_output(draft, body)
    options = draft.session.options
    if options.watch_rules:
        watch(draft, body)
        if draft.has_decided and options.consensus_frequency == "threshold":
            note_frequency(draft)
    if options.escalations:
        measure(draft, body)
    if draft.session.ending is not None:
        _close_session(draft)
    if draft.wanted:
        _open_effects(draft, draft.session.n)


def _take_input(draft: Draft, body: Input) -> None:
    """Take in what is not derived, and collect all that follows from it."""
    _take(draft, body)
    _close_effect(draft, body)
    if draft.session.options.watch_rules:
        watch(draft, body)
        if draft.has_decided and draft.session.options.consensus_frequency == "threshold":
            note_frequency(draft)
    if draft.session.options.escalations:
        measure(draft, body)
    if not isinstance(body, QUIET):
        advance(draft)
    _close_session(draft)
    if draft.wanted:
        _open_effects(draft, draft.session.n)


def _take(draft: Draft, body: Input) -> None:  # noqa: C901 - one row an input
    match body:
        case AgentOutput():
            on_output(draft, body)
        case SessionOpened():
            on_opened(draft, body)
        case WorkerStarted():
            on_started(draft, body)
        case StartFailed():
            on_start_failed(draft, body)
        case StreamFault():
            on_stream_fault(draft, body)
        case StreamRead():
            on_read(draft, body)
        case NetworkRefused():
            times = f" ({body.times} times)" if body.times > 1 else ""
            draft.warn(f"{body.worker} was refused {body.host}:{body.port}{times}: {body.reason}", body.worker)
        case StorageShort():
            on_storage_short(draft, body)
        case WorkerExited():
            on_exited(draft, body)
            forget_guards(draft, body.worker)
        case Sampled():
            on_sampled(draft, body)
        case SnapshotTaken():
            on_snapshot(draft, body)
        case WorkMeasured():
            on_measured(draft, body)
        case ChecksMeasured():
            on_checks(draft, body)
        case BaselineMeasured():
            on_baseline(draft, body)
        case GatesMeasured():
            on_gates_measured(draft, body)
        case LayersMerged():
            on_layers_merged(draft, body)
        case ChangeMeasured():
            draft.session.change = body
        case GuardAsked():
            on_guard_asked(draft, body)
        case OutboundInspected():
            on_inspected(draft, body)
        case OutboundSent():
            on_done(draft, body)
        case UserCommand():
            on_command(draft, body)
        case TimePassed():
            on_time(draft)
        case ClockMoved():
            on_clock_moved(draft, body)
        case CoordinatorResumed():
            draft.session.change = None
            on_resumed(draft, body)
        case EffectDone():
            if body.problem is not None:
                draft.warn(f"could not be done: {body.problem}")
        case SessionClosed():
            draft.session.closed = Ending(body.outcome, body.reason)
            draft.session.phase = Phase.CLOSED
        case _:
            assert_never(body)


def _open_effects(draft: Draft, n: int) -> None:
    """Note the effects that have no outcome yet; a fact is complete once it is journalled."""
    told = draft.session.format >= FACTS_ARE_TOLD
    opened = {(n, i): one.kind for i, one in enumerate(draft.wanted) if not (told and isinstance(one, FACTS))}
    draft.session.effects_open = {**draft.session.effects_open, **opened}


def _close_effect(draft: Draft, body: Input) -> None:
    effect: EffectId | None = getattr(body, "effect", None)
    if effect is not None:
        key = (effect.cause, effect.index)
        draft.session.effects_open = {k: v for k, v in draft.session.effects_open.items() if k != key}


def _close_session(draft: Draft) -> None:
    """Ask for the end once, when every worker is proven gone and nothing is being started.

    A look at the target that is under way is not waited for: a resumed session takes it again.
    """
    session = draft.session
    if session.ending is None or session.closed is not None or session.living():
        return
    pending = {*session.effects_open.values(), *(one.kind for one in draft.wanted)}
    # What is leaving is waited for: a session that closed over it would not know whether it has left.
    if pending.isdisjoint({"close_session", "start_worker", "leave"}) and not ask_for_feedback(draft):
        draft.do(CloseSession(outcome=session.ending.outcome, reason=session.ending.reason))
