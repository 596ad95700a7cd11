"""Sum a session up as plain values, for ``--json``, ``show``, the report and the dashboard."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from datetime import datetime

from orchestrator.models.approvals import Settled
from orchestrator.models.changes import ChangeMeasured, WorkerChange
from orchestrator.models.decisions import OrchestratorDecision
from orchestrator.models.facts import AntipatternFound, FeedbackGiven
from orchestrator.models.identity import AgentName, WorkerId
from orchestrator.models.money import Usage
from orchestrator.models.options import FoundAgent, SessionOptions
from orchestrator.models.plan_tree import StrategyResult
from orchestrator.models.recovery import RecoveryAction
from orchestrator.models.reviews import PeerReview
from orchestrator.models.suite_measurements import SuitesMeasured
from orchestrator.models.work import Role
from orchestrator.models.workers import ExitRecord, PlantedFile, WorkerStatus
from orchestrator.session.calls import Calls
from orchestrator.session.open_questions import OpenQuestion, open_questions
from orchestrator.session.spending import account_of
from orchestrator.session.state import BoardItem, Phase, Session
from orchestrator.value_class import value_class

WAITS = "waits_for_you"
"""The status of a session in which a question is open."""


@value_class
class WorkerSummary:
    """One worker, with the evidence for its status and the proof of its end."""

    id: WorkerId
    agent: AgentName
    role: str
    status: WorkerStatus
    why: str
    doing: str
    progress: float | None
    attempts: int
    ran_s: float
    usage: Usage
    tool_calls: int
    denials: int
    noise: int
    """Lines of its stdout that were no record."""
    files: tuple[str, ...]
    insertions: int
    deletions: int
    measured: bool
    """Whether what it changed is known: if not, no file does not mean that it changed none."""
    cpu_percent: float | None
    memory_mib: float | None
    exit: ExitRecord | None
    """``exit.proof`` says how it is known that nothing of it is left."""
    answer: str
    unknown_records: Mapping[str, int] = field(default_factory=dict)
    """Records whose kind its adapter does not know, by kind: a sign that the CLI has changed."""
    calls_returned: int = 0
    """Tool calls that returned well, and background tasks that were completed."""
    calls_failed: int = 0
    calls_denied: int = 0
    failed_calls: tuple[str, ...] = ()
    """The first of them, in words."""
    denied_calls: tuple[str, ...] = ()
    calls_refused: int = 0
    """Calls in whose output the system refused something, as it does at the sandbox's walls; some returned well."""
    refused_calls: tuple[str, ...] = ()
    """The first of them: what was tried, and the answer."""
    unfinished: tuple[str, ...] = ()
    """What it began and never brought to an end: calls without a return, background tasks that did not end."""
    agents_started: Mapping[str, int] = field(default_factory=dict)
    """How often it started, or tried to start, the CLI of another agent inside its sandbox, by that CLI."""


@value_class
class ReviewSummary:
    """One review, its answers and its decision."""

    id: str
    trigger: str
    about: WorkerId | None
    text: str
    answers: tuple[PeerReview, ...]
    decision: OrchestratorDecision | None


@value_class
class TeamSummary:
    """Which team works on the task, and why it is that one; ``None`` in journals before there was a choice."""

    name: str | None
    because: str | None


@value_class
class SessionSummary:
    """The whole session."""

    id: str
    task: str
    target: str
    source: str | None
    """The project that the target is a copy of; ``None``: the session worked on the project itself."""
    is_rehearsal: bool
    status: str
    """``running``, ``waits_for_you`` (a question is open), ``ending``, or the outcome."""
    reason: str
    tier: int | None
    tier_notes: tuple[str, ...]
    policy: str
    sandbox: str
    opened_at: datetime
    updated_at: datetime | None
    elapsed_s: float
    found: tuple[FoundAgent, ...]
    workers: tuple[WorkerSummary, ...]
    reviews: tuple[ReviewSummary, ...]
    recoveries: tuple[RecoveryAction, ...]
    questions: tuple[OpenQuestion, ...]
    answers: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]
    usage: Usage
    """Known figures added up; see ``usage_complete``."""
    usage_complete: bool
    """Whether every worker that ran told its tokens, in each of its attempts: one that was stopped in the middle of its
    work did not tell all of them."""
    cost_complete: bool
    """Whether every worker that ran told its cost, in each of its attempts; if not, the cost is a lower bound."""
    entries: int
    change: ChangeMeasured | None = None
    """What differs from the target as it was when the session began, measured last; ``None`` until it has ended."""
    follow_ups: tuple[str, ...] = ()
    """What was asked besides after the session was done (``orchestrate continue``), oldest first."""
    board: tuple[BoardItem, ...] = ()
    """Tasks and notes that agents of a plan left for each other, oldest first."""
    planted: tuple[PlantedFile, ...] = ()
    """What agents left that programs of the user obey: the first thing that people are told."""
    suites: SuitesMeasured | None = None
    """What the target's tests did when they were run last; ``None`` where they were not."""
    baseline: SuitesMeasured | None = None
    """What they did before anybody worked on it; ``None`` where that is not known (yet)."""
    baseline_wanted: bool = False
    answer: str = ""
    """What a task that asks for no change came to."""
    result: StrategyResult | None = None
    """What the session's own plan came to; ``None`` until then, and in the built-in teams."""
    budget: tuple[str, ...] = ()
    """How the session stands against its budget, with what is over and what is unknown; empty without one."""
    team: TeamSummary | None = None
    """``None`` only where no session is summed up."""
    antipatterns: tuple[AntipatternFound, ...] = ()
    """Ways of going wrong that the queries of ``docs/metrics.md`` have found; each is a warning as well."""
    feedback: tuple[FeedbackGiven, ...] = ()
    """What agents answered at the end when they were asked how it went."""
    criticality: str = ""
    """What is at stake, who said so and what follows from it; empty where nobody has said anything."""
    settled: tuple[Settled, ...] = ()
    """Questions that are closed: what was asked, who answered what from where and when, and what became of it."""


def _criticality(options: SessionOptions) -> str:
    return f"{options.criticality} ({options.criticality_because})" if options.criticality else ""


def summarise(session: Session) -> SessionSummary:
    """Sum a session up."""
    final = session.closed or session.ending
    ran = [worker for worker in session.workers.values() if worker.attempt > 0]
    usage = Usage()
    for worker in ran:
        usage = usage + worker.usage
    untold = any(detail.untold for detail in session.details.values())
    return SessionSummary(
        id=session.id,
        task=session.options.task,
        board=session.board,
        follow_ups=tuple(asked.text for asked in session.follow_ups),
        team=TeamSummary(session.options.team or None, session.options.team_because or None),
        target=str(session.options.target),
        source=str(session.options.source) if session.options.source else None,
        is_rehearsal=session.options.rehearsal is not None,
        status=status_of(session),
        reason=final.reason if final else "",
        tier=session.plan.tier if session.plan else None,
        tier_notes=session.plan.notes if session.plan else (),
        policy=session.options.policy.name,
        criticality=_criticality(session.options),
        sandbox=f"{session.options.sandbox.name} ({session.options.sandbox_backend})",
        opened_at=session.opened_at,
        updated_at=session.now,
        elapsed_s=((session.now or session.opened_at) - session.opened_at).total_seconds(),
        found=session.found,
        workers=tuple(_worker(session, worker) for worker in session.workers),
        reviews=tuple(_review(session, name) for name in session.assessment.reviews),
        recoveries=session.recoveries,
        questions=open_questions(session),
        answers=session.approvals.answers,
        warnings=tuple(session.warnings),
        usage=usage,
        usage_complete=not untold and all(worker.usage.total_tokens is not None for worker in ran),
        cost_complete=not untold and all(worker.usage.cost_usd is not None for worker in ran),
        entries=session.n,
        change=session.change,
        planted=session.planted,
        suites=session.assessment.suites,
        baseline=session.assessment.baseline,
        baseline_wanted=session.options.baseline_s is not None,
        answer=_answer(session),
        result=session.plan_run.result,
        budget=account_of(session),
        settled=session.approvals.settled,
        antipatterns=session.watch.found,
        feedback=session.feedback.given,
    )


def status_of(session: Session) -> str:
    """How the session stands, in one word."""
    if session.closed is not None:
        return str(session.closed.outcome)
    return WAITS if waits_for_person(session) else str(session.phase)


def waits_for_person(session: Session) -> bool:
    """Whether a question is open in a session that goes on."""
    return bool(session.approvals.questions) and session.phase is Phase.RUNNING


def waited_for_person_s(summary: SessionSummary) -> float:
    """How long at least one question was open, in seconds."""
    until = summary.updated_at or summary.opened_at
    spans = [(one.asked_at, one.at) for one in summary.settled if one.asked_at is not None]
    spans += [(one.asked_at, until) for one in summary.questions if one.asked_at is not None]
    waited, counted_to = 0.0, summary.opened_at
    for begin, end in sorted(spans):
        if end > max(begin, counted_to):
            waited += (end - max(begin, counted_to)).total_seconds()
            counted_to = end
    return waited


def _worker(session: Session, name: WorkerId) -> WorkerSummary:
    state = session.workers[name]
    detail = session.details.get(name)
    calls = detail.calls if detail else Calls()
    work = (detail.current.work if detail else None) or _change_by(session, name)
    return WorkerSummary(
        id=state.id,
        agent=state.agent,
        role=str(state.role),
        status=state.status,
        why=state.why,
        doing=state.doing,
        progress=state.progress,
        attempts=state.attempt,
        ran_s=state.ran_s,
        usage=state.usage,
        tool_calls=state.tool_calls,
        denials=state.denials,
        noise=state.noise,
        unknown_records=detail.unknown if detail else {},
        files=work.files if work else (),
        insertions=work.insertions if work else 0,
        deletions=work.deletions if work else 0,
        measured=work is not None,
        cpu_percent=state.sample.cpu_percent if state.sample else None,
        memory_mib=state.sample.memory_mib if state.sample else None,
        exit=state.exit,
        answer=state.answer,
        calls_returned=calls.returned,
        calls_failed=calls.failed,
        calls_denied=calls.denied,
        failed_calls=calls.failures,
        denied_calls=calls.denials,
        calls_refused=calls.refused,
        refused_calls=calls.refusals,
        unfinished=calls.unfinished() if state.exit is not None else (),
        agents_started=detail.agents_started if detail else {},
    )


def _change_by(session: Session, name: WorkerId) -> WorkerChange | None:
    """What changed while a worker ran that did not come to its own end."""
    change = session.change
    if change is None or change.problem is not None:
        return None
    return next((one for one in change.workers if one.worker == name), WorkerChange(name, (), 0, 0))


def _review(session: Session, name: str) -> ReviewSummary:
    review = next(state for key, state in session.assessment.reviews.items() if key == name)
    return ReviewSummary(
        id=review.request.id,
        trigger=str(review.request.trigger),
        about=review.request.about,
        text=review.request.text,
        answers=tuple(answer for answer in (*review.panel.values(), review.measured) if answer is not None),
        decision=review.decision,
    )


def tests_in_words(summary: SessionSummary) -> tuple[str, ...]:
    """What was found of the target's tests, what they did before and after, and what was not run and why."""
    lines = list(_suites_in_words("after the work", summary.suites))
    if summary.suites is not None or summary.baseline is not None:
        known = summary.baseline is not None
        lines += _suites_in_words("before the work", summary.baseline)
        if not known:
            lines.append(f"before the work: {'not measured yet' if summary.baseline_wanted else 'not asked for'}")
    return (*lines, *_not_run(summary.suites, summary.baseline))


def _not_run(after: SuitesMeasured | None, before: SuitesMeasured | None) -> Iterator[str]:
    """Say what was found and is not run; when, only where that is not the same after the work and before it."""
    late, early = (() if measured is None else measured.not_taken for measured in (after, before))
    are_both = after is not None and before is not None
    for left in dict.fromkeys((*late, *early)):
        if are_both and (left in late) != (left in early):
            yield f"not run {'after' if left in late else 'before'} the work: {left}"
        else:
            yield f"not run: {left}"


def _suites_in_words(when: str, measured: SuitesMeasured | None) -> Iterator[str]:
    if measured is None:
        return
    if measured.problem is not None:
        yield f"{when}: not measured: {measured.problem}"
    elif not measured.suites:
        yield f"{when}: none found"
    for suite in measured.suites:
        yield f"{when}: {suite.name} ({suite.command}; {suite.found}): {suite.words}"


def _answer(session: Session) -> str:
    """Of the analyst who is done last; empty where the task asks for a change, or a plan has a result of its own."""
    if session.options.plan is not None:
        return ""
    told = [session.workers[step.worker] for step in session.steps() if step.role is Role.ANALYST]
    return next((state.answer for state in reversed(told) if state.status is WorkerStatus.DONE), "")
