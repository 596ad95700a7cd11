"""These typed values are what the API answers with; they are made from a session's state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from orchestrator.models.approvals import Settled
from orchestrator.models.decisions import OrchestratorDecision
from orchestrator.models.effects import Outcome
from orchestrator.models.facts import Question
from orchestrator.models.identity import WorkerId
from orchestrator.models.money import Usage
from orchestrator.models.options import FoundAgent
from orchestrator.models.reviews import PeerReview
from orchestrator.models.workers import ExitRecord, WorkerState, WorkerStatus
from orchestrator.narration.short_paths import short_paths
from orchestrator.quotation import clean, one_line, quoted_name, visible
from orchestrator.server.shown_words import (
    settled_choices,
    shown_effect,
    shown_evidence,
    shown_planted,
    shown_reason,
    wanted_of_person,
)
from orchestrator.session.open_questions import OpenQuestion, open_questions
from orchestrator.session.state import BY_USER, Session
from orchestrator.session.stops import told_by_words
from orchestrator.session.summary import ReviewSummary, summarise
from orchestrator.value_class import value_class

LONGEST_ANSWER = 4_000
"""Characters of a worker's last words on its card."""


@value_class
class StepView:
    """One step of the plan."""

    worker: str
    title: str
    depends_on: tuple[str, ...]


@value_class
class SessionView:
    """Where a session stands as a whole."""

    id: str
    task: str
    target: str
    status: str
    """``running``, ``waits_for_you`` (a question is open), ``ending``, or the outcome: ``done``, ``failed``,
    ``needs_person``, ``interrupted``."""
    live: bool
    """A coordinator runs it now; commands reach it only then."""
    reason: str
    tier: int | None
    tier_notes: tuple[str, ...]
    steps: tuple[StepView, ...]
    policy: str
    sandbox: str
    interactive: bool
    rehearsal: bool
    opened_at: datetime
    updated_at: datetime
    elapsed_s: float
    found: tuple[FoundAgent, ...]
    usage: Usage
    total_tokens: int | None
    """Of all workers, the reviewers called in as well; ``null`` is unknown, never 0."""
    usage_complete: bool
    """Whether every worker that ran told its tokens; if not, they are a lower bound."""
    cost_complete: bool
    """Whether every worker that ran told its cost; if not, the cost is a lower bound."""
    planted: tuple[str, ...]
    """What agents left that programs of the user obey, a line each."""
    warnings: tuple[str, ...]
    settled: tuple[Settled, ...]
    """Questions that are closed and consents given beforehand: what was asked, what could be chosen, the answer, from
    where and by whom it came, when, and what followed.  The newest fifty, oldest first."""
    entries: int
    """Number of the last journal entry this was made from."""
    team: str = ""
    team_because: str = ""
    """Why it is that one."""
    max_tokens: int | None = None
    max_cost_usd: float | None = None
    timeout_s: float | None = None
    """The limits of the session; ``null``: none."""
    budget: tuple[str, ...] = ()
    """How it stands against them, in words."""
    answer: str = ""
    """What a task that asks for no change came to."""
    wanted: tuple[str, ...] = ()
    """What a person has to decide before a session that a blocker stopped can go on."""
    goes_on: tuple[str, ...] = ()
    """Who is told what a person says when the session, which has stopped, is let go on."""
    paused: tuple[str, ...] = ()
    """Workers that a person has paused: what ``resume`` is for."""
    board: tuple[str, ...] = ()
    """The team's shared tasks and notes, a line each, the newest hundred."""


@value_class
class SampleView:
    """One measurement of a worker's tree."""

    at: datetime
    cpu_percent: float
    """100 = one core."""
    memory_mib: float


@value_class
class StatusChange:
    """When a worker came to be in a state."""

    at: datetime
    status: WorkerStatus


@value_class
class Past:
    """A worker's recent measurements and states."""

    samples: Sequence[SampleView] = ()
    history: Sequence[StatusChange] = ()


@value_class
class WorkerView:
    """One worker: its state with the evidence for it."""

    id: str
    agent: str
    role: str
    title: str
    """Of its step; empty for a reviewer called in."""
    is_main: bool
    status: WorkerStatus
    why: str
    doing: str
    progress: float | None
    """Percent, as it reported it; ``null`` where it reported none."""
    attempt: int
    relaunches: int
    model: str | None
    conversation: str | None
    argv: tuple[str, ...]
    usage: Usage
    total_tokens: int | None
    """``null`` is unknown, never 0."""
    tool_calls: int
    calls_failed: int
    """Calls that returned with an error or were denied, in all of its attempts."""
    denials: int
    samples: tuple[SampleView, ...]
    """The last minutes, oldest first."""
    history: tuple[StatusChange, ...]
    """Its last states, oldest first."""
    processes: int | None
    started_at: datetime | None
    last_heard: datetime | None
    ended_at: datetime | None
    ran_s: float
    """Without the time it was frozen, up to ``running_since``."""
    running_since: datetime | None
    frozen_since: datetime | None
    limited_until: datetime | None
    exit: ExitRecord | None
    """``exit.proof`` says how it is known that nothing of it is left."""
    files: tuple[str, ...]
    insertions: int
    deletions: int
    answer: str


def session_view(session: Session, *, live: bool) -> SessionView:
    """The session's own figures."""
    summary = summarise(session)
    decisions = session.assessment.decisions
    return SessionView(
        id=summary.id,
        task=clean(summary.task),
        target=quoted_name(summary.target),
        status=summary.status,
        live=live,
        reason=clean(shown_reason(summary.reason, decisions)),
        tier=summary.tier,
        tier_notes=summary.tier_notes,
        steps=tuple(StepView(step.worker, step.title, tuple(step.depends_on)) for step in session.steps()),
        policy=summary.policy,
        sandbox=summary.sandbox,
        interactive=session.options.interactive,
        rehearsal=session.options.rehearsal is not None,
        opened_at=summary.opened_at,
        updated_at=summary.updated_at or summary.opened_at,
        elapsed_s=summary.elapsed_s,
        found=summary.found,
        usage=summary.usage,
        total_tokens=summary.usage.total_tokens,
        usage_complete=summary.usage_complete,
        cost_complete=summary.cost_complete,
        planted=tuple(
            one_line(shown_planted(each, quoted_name(each.below(summary.target))), LONGEST_ANSWER)
            for each in summary.planted[-50:]
        ),
        warnings=tuple(one_line(shown_reason(text, decisions), LONGEST_ANSWER) for text in summary.warnings[-50:]),
        settled=tuple(_shown(one, decisions) for one in summary.settled[-50:]),
        entries=summary.entries,
        team=clean(session.options.team or ""),
        team_because=clean(session.options.team_because or ""),
        max_tokens=session.options.max_tokens,
        max_cost_usd=session.options.max_cost_usd,
        timeout_s=session.options.timeout_s,
        budget=tuple(clean(words) for words in summary.budget),
        answer=clean(summary.answer[:LONGEST_ANSWER]),
        wanted=tuple(one_line(text, 500) for text in wanted_of_person(summary.status, summary.reviews)),
        goes_on=_goes_on(session),
        paused=tuple(str(name) for name in session.workers if _is_paused(session, name)),
        board=tuple(one_line(one.in_words(), 500) for one in summary.board[-100:]),
    )


def _goes_on(session: Session) -> tuple[str, ...]:
    if session.closed is None or session.closed.outcome is Outcome.DONE or session.approvals.questions:
        return ()
    return tuple(str(name) for name in told_by_words(session, session.closed))


def worker_view(session: Session, worker: str, past: Past) -> WorkerView:
    """Show one worker of the session.

    Raises:
        KeyError: It has none of that name.
    """
    state = session.workers[WorkerId(worker)]
    detail = session.details.get(state.id)
    change = session.change.workers if session.change else ()
    work = (detail.current.work if detail else None) or next((one for one in change if one.worker == state.id), None)
    return WorkerView(
        id=state.id,
        agent=state.agent,
        role=str(state.role),
        title=next((step.title for step in session.steps() if step.worker == state.id), ""),
        is_main=session.is_main(state.id),
        status=state.status,
        why=_why(session, state),
        doing=clean(short_paths(state.doing, str(session.options.target))),
        progress=state.progress,
        attempt=state.attempt,
        relaunches=detail.relaunches if detail else 0,
        model=state.model,
        conversation=state.conversation,
        argv=tuple(visible(word) for word in state.argv),
        usage=state.usage,
        total_tokens=state.usage.total_tokens,
        tool_calls=state.tool_calls,
        calls_failed=detail.calls.failed + detail.calls.denied if detail else 0,
        denials=state.denials,
        samples=tuple(past.samples),
        history=tuple(past.history),
        processes=state.sample.processes if state.sample else None,
        started_at=state.started_at,
        last_heard=state.last_heard,
        ended_at=state.ended_at,
        ran_s=state.ran_s,
        running_since=detail.current.running_since if detail else None,
        frozen_since=detail.current.frozen_since if detail else None,
        limited_until=state.limited_until,
        exit=state.exit,
        files=tuple(quoted_name(name) for name in work.files[:200]) if work else (),
        insertions=work.insertions if work else 0,
        deletions=work.deletions if work else 0,
        answer=clean(state.answer[:LONGEST_ANSWER]),
    )


def review_views(session: Session) -> tuple[ReviewSummary, ...]:
    """Every review, oldest first."""
    return tuple(
        replace(review, text=clean(review.text), answers=tuple(_cleaned(answer) for answer in review.answers))
        for review in summarise(session).reviews
    )


def question_views(session: Session) -> tuple[OpenQuestion, ...]:
    """Every question that waits for a person, oldest first."""
    return tuple(
        replace(
            one,
            text=clean(shown_reason(one.text, session.assessment.decisions)),
            suggestions=tuple(clean(text) for text in one.suggestions),
            points=tuple(clean(text) for text in one.points),
            effects=tuple(clean(text) for text in _effects(session, one)),
        )
        for one in open_questions(session)
    )


def _effects(session: Session, one: OpenQuestion) -> tuple[str, ...]:
    if one.consent:
        return one.effects
    asked = next(question for question in session.approvals.questions if question.id == one.id)
    return tuple(shown_effect(asked, chosen) for chosen in asked.suggestions)


def _is_paused(session: Session, worker: WorkerId) -> bool:
    """Whether a person has paused it, so that it runs no further until a person lets it."""
    if worker in session.paused:
        return True
    detail = session.details.get(worker)
    return detail is not None and BY_USER in detail.current.holds


def _why(session: Session, state: WorkerState) -> str:
    """Why it is in its state; of one that a question is about, that it waits for the answer."""
    if state.status is WorkerStatus.FROZEN:
        asked = [question.id for question in session.approvals.questions if question.about == state.id]
        if asked:
            return f"waits for your answer to {' and '.join(asked)}"
    return clean(shown_evidence(shown_reason(state.why, session.assessment.decisions)))


def _shown(settled: Settled, decisions: Sequence[OrchestratorDecision]) -> Settled:
    """What was asked and what could be chosen in the words in which the desk has told it."""
    asked = Question(settled.question, settled.text, settled.choices, settled.about)
    choices = settled.choices if settled.consent else settled_choices(asked)
    return replace(
        settled,
        text=clean(shown_reason(settled.text, decisions)[:LONGEST_ANSWER]),
        choices=tuple(one_line(choice, LONGEST_ANSWER) for choice in choices),
        answer=one_line(settled.answer, LONGEST_ANSWER),
        by=one_line(settled.by, LONGEST_ANSWER),
        who=one_line(settled.who, LONGEST_ANSWER),
        outcome=one_line(settled.outcome, LONGEST_ANSWER),
    )


def _cleaned(answer: PeerReview) -> PeerReview:
    points = tuple(clean(point) for point in answer.points)
    problem = clean(answer.problem) if answer.problem else answer.problem
    return replace(answer, summary=clean(answer.summary), points=points, problem=problem)
