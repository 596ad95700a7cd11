"""Run the queries of antipatterns while the session runs: each entry is taken in once, and what is found is told once.

They are the queries that ``orchestrate metrics`` asks of journals; nothing is decided here.  Most entries are none of
those that a query looks at, and these cost one look at their class.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from orchestrator.models.changes import ChangeMeasured
from orchestrator.models.decisions import Action, OrchestratorDecision
from orchestrator.models.entries import (
    AgentOutput,
    ClockMoved,
    CoordinatorResumed,
    FollowUp,
    Input,
    SessionOpened,
    SnapshotTaken,
    UserCommand,
    WorkerStarted,
    WorkMeasured,
)
from orchestrator.models.events import Said
from orchestrator.models.facts import AntipatternFound
from orchestrator.models.identity import AgentName, WorkerId
from orchestrator.models.options import EarlierTime
from orchestrator.models.reviews import Verdict
from orchestrator.session.draft import Draft
from orchestrator.session.state import Session, is_alive
from orchestrator.tuning.antipatterns import (
    BOTTLENECK,
    LEAST_SHARE,
    AntiPattern,
    bottleneck_words,
    excessive_rounds,
    handoff_cycles,
    is_bottleneck,
    lone_dissenters,
)
from orchestrator.tuning.behaviours import (
    HEARD,
    Behaviour,
    Scene,
    Trace,
    asked_again,
    heard,
    rework_found,
    tells_nothing,
)
from orchestrator.tuning.review_measures import ReviewMeasure
from orchestrator.tuning.session_measures import SessionMeasures
from orchestrator.value_class import value_class

WATCHED: Final = frozenset(
    {
        *(AgentOutput, WorkerStarted, SnapshotTaken, WorkMeasured, ChangeMeasured, UserCommand, CoordinatorResumed),
        *(SessionOpened, ClockMoved),
    }
)
"""What a query looks at, beside the decisions of reviews."""


def watch(draft: Draft, body: Input) -> None:  # noqa: C901 - one row an entry
    """Take in one entry."""
    if draft.has_decided:
        _decided(draft)
    if type(body) not in WATCHED:
        return
    match body:
        case AgentOutput():
            _heard(draft, body)
        case WorkerStarted(worker=worker):
            _started(draft, worker)
        case SnapshotTaken(problem=None, insertions=more, deletions=less):
            draft.watch.left = more + less
        case WorkMeasured(problem=None, worker=worker, insertions=more, deletions=less):
            draft.watch.written = {**draft.session.watch.written, worker: more + less}
        case ChangeMeasured(problem=None, insertions=more, deletions=less):
            draft.watch.left = more + less
            _ended(draft)
        case UserCommand():
            _person_came(draft)
        case CoordinatorResumed(follow_up=follow_up, away_s=away_s):
            draft.watch.away_s = draft.session.watch.away_s + max(0.0, away_s)
            if isinstance(follow_up, FollowUp):
                _person_came(draft)
        case ClockMoved(seconds=seconds):
            draft.watch.away_s = draft.session.watch.away_s + seconds
        case SessionOpened(options=options):
            # Whoever works alone has nobody that could wait.
            here = options.agents if len(options.agents) > 1 else ()
            _tell_each(draft, bottlenecks_known(one for one in options.earlier if one.agent in here))
        case _:
            pass


@value_class
class _Crew:
    """The workers that run, looked up only where a query asks for them."""

    session: Session

    def __iter__(self) -> Iterator[tuple[str, str, Trace]]:
        for name, detail in self.session.details.items():
            state = self.session.workers[name]
            if is_alive(state):
                yield name, state.agent, detail.trace


def _heard(draft: Draft, body: AgentOutput) -> None:
    worker = body.worker
    for event in body.events:
        payload = event.payload
        if type(payload) not in HEARD:
            continue
        state = draft.session.workers.get(worker)
        if state is None or body.attempt != state.attempt or worker not in draft.session.details:
            return
        if worker in draft.session.feedback.waiting:
            return  # it answers a question, and works no more
        before, scene = draft.session.details[worker].trace, draft.session.watch.scene
        if type(payload) is Said and tells_nothing(payload.text, before):
            continue
        # A cast by its type would be looked up each time.
        trace, after, found = heard(
            draft.session.n,
            worker,
            before,
            scene,
            payload,  # type: ignore[arg-type]  # one of HEARD
            _Crew(draft.session),
        )
        if trace is not before:
            kept = draft.change_detail(worker)
            kept.trace = trace
            if trace.progress_at != before.progress_at:
                kept.progress_tokens = state.usage.total_tokens or 0
        if after is not scene:
            draft.watch.scene = after
        for one in found:
            _tell(draft, one, worker)


def _started(draft: Draft, worker: WorkerId) -> None:
    reviews = draft.session.watch.reviews
    if any(review.action == Action.PAUSE_AND_CLARIFY for review in reviews):
        draft.watch.starts = (*draft.session.watch.starts, (draft.session.n, worker))
        _tell_each(draft, handoff_cycles(measures_so_far(draft.session)))


def _decided(draft: Draft) -> None:
    """Measure the reviews that this entry has decided, and ask what they show."""
    known = draft.session.watch.reviews
    fresh = draft.session.assessment.decisions[len(known) :]
    draft.watch.reviews = (*known, *(_measure(draft, decision) for decision in fresh))
    if any(decision.action is Action.PAUSE_AND_CLARIFY for decision in fresh):
        _asked_again(draft)
    measures = measures_so_far(draft.session)
    _tell_each(draft, excessive_rounds(measures))
    _tell_each(draft, lone_dissenters([measures]))


def _measure(draft: Draft, decision: OrchestratorDecision) -> ReviewMeasure:
    assert decision.review is not None
    review = draft.session.assessment.reviews[decision.review]
    answers = [answer for answer in (*review.panel.values(), review.measured) if answer is not None]
    told = tuple((str(one.reviewer), str(one.verdict)) for one in answers if one.verdict is not Verdict.ABSTAINED)
    request, waited = review.request, (draft.at - review.request.asked_at).total_seconds()
    about, trigger = request.about or "", str(request.trigger)
    return ReviewMeasure(max(0.0, waited), str(decision.action), told, draft.session.n, about, trigger)


def _ended(draft: Draft) -> None:
    session = draft.session
    found = rework_found(sum(session.watch.written.values()), session.watch.left, session.n)
    if found is not None:
        _tell(draft, found, None)
    _tell_each(draft, excessive_rounds(measures_so_far(session)))
    _tell_each(draft, bottlenecks_known(with_this(session.options.earlier, time_shares(session))))


def bottlenecks_known(earlier: Iterable[EarlierTime]) -> Iterator[AntiPattern]:
    """The agents for which others wait, over sessions; none of them lies in entries of this journal."""
    for one in earlier:
        if is_bottleneck(mostly=one.mostly, sessions=one.sessions):
            summary = bottleneck_words(one.agent, mostly=one.mostly, sessions=one.sessions)
            yield AntiPattern(BOTTLENECK, f"{summary} on this project", evidence=())


def with_this(earlier: Iterable[EarlierTime], shares: Mapping[AgentName, float]) -> Sequence[EarlierTime]:
    """The counts with one more session, where it was one of several agents; those that take part in it alone."""
    if len(shares) < 2:
        return ()
    known = {one.agent: one for one in earlier}
    before = {agent: known.get(agent, EarlierTime(agent, 0, 0)) for agent in sorted(shares)}
    return [
        EarlierTime(agent, one.sessions + 1, one.mostly + (shares[agent] >= LEAST_SHARE))
        for agent, one in before.items()
    ]


def time_shares(session: Session) -> Mapping[AgentName, float]:
    """In which share of the session's time each agent ran, all of its workers together.

    What was asked of them when all was done is left out.
    """
    if not session.options.watch_rules:
        return {}
    ran: dict[AgentName, float] = {}
    for name, now in session.workers.items():
        asked = session.feedback.before.get(name)
        state = now if asked is None else asked.state
        if state.attempt:
            ran[state.agent] = ran.get(state.agent, 0.0) + state.ran_s
    span = ((session.now or session.opened_at) - session.opened_at).total_seconds()
    time_s = span - session.watch.away_s - session.feedback.took_s
    return {agent: round(each / time_s, 4) for agent, each in ran.items()} if time_s > 0 else {}


def _person_came(draft: Draft) -> None:
    draft.watch.person_at = draft.session.n
    _asked_again(draft)


def _asked_again(draft: Draft) -> None:
    draft.watch.scene = Scene({}, draft.session.watch.scene.told)
    for worker, detail in draft.session.details.items():
        trace = asked_again(detail.trace)
        if trace is not detail.trace:
            draft.change_detail(worker).trace = trace


def measures_so_far(session: Session) -> SessionMeasures:
    """The running session in the figures that the queries over journals take."""
    known = session.watch
    return SessionMeasures(
        str(session.id), session.opened_at, reviews=known.reviews, starts=known.starts, left=known.left
    )


def _tell_each(draft: Draft, found: Iterable[AntiPattern]) -> None:
    for one in found:
        entries = tuple(entry for evidence in one.evidence for entry in evidence.entries)
        about = one.summary.partition(" ")[0] if one.name in ("lone dissenter", BOTTLENECK) else ""
        key = (one.name, about or str(entries[:1]))
        told = draft.session.watch.scene.told
        if key not in told:
            draft.watch.scene = Scene(draft.session.watch.scene.writers, told | {key})
            _tell(draft, Behaviour(one.name, one.summary, entries), None)


def _tell(draft: Draft, found: Behaviour, worker: WorkerId | None) -> None:
    fact = AntipatternFound(found.name, found.summary, found.entries, worker)
    draft.watch.found = (*draft.session.watch.found, fact)
    draft.session.warnings = draft.session.warnings.with_one(fact.words)
    draft.tell(fact)
