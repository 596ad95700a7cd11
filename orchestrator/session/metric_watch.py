"""Hold the metrics of a running session against the conditions it was opened with, and do what they call for (003).

A condition is a row of ``options.escalations``: metric, threshold, duration, action.  What was measured, since when and
by which rule is a fact of the journal, so a replay derives it again.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final, TypeAlias

from orchestrator.models.effects import Outcome
from orchestrator.models.entries import AgentOutput, Input
from orchestrator.models.escalation import OF_WORKERS, EscalationAction, EscalationCondition, SessionMetric
from orchestrator.models.events import ToolReturned, UsageReported
from orchestrator.models.facts import Escalated
from orchestrator.models.identity import WorkerId
from orchestrator.models.reviews import Trigger
from orchestrator.models.workers import WorkerStatus
from orchestrator.session.draft import Draft
from orchestrator.session.questions import ask
from orchestrator.session.review_cycle import ask_for_review
from orchestrator.session.state import Session, Stretch
from orchestrator.tuning.behaviours import LEAST_WRITTEN

ABOUT_ESCALATION: Final = (
    "answer with what it is to do; it goes on with your words in its own conversation",
    "answer that it may go on as it is",
    "stop; what was changed stays: orchestrate diff shows it, orchestrate undo takes it back",
)
MOST_TIMES: Final = 3
"""So often one condition acts on one worker in a session: what goes to and fro about a threshold is told enough."""
RUNS: Final = (WorkerStatus.RUNNING, WorkerStatus.SILENT)

Key: TypeAlias = tuple[int, WorkerId | None]
"""Place of the condition, and the worker that is measured."""


def measure(draft: Draft, body: Input) -> None:
    """Look at the metrics that this entry may have changed; what it brings says which, and nothing that came before."""
    returned = used = False
    if isinstance(body, AgentOutput):
        for event in body.events:
            if isinstance(event.payload, ToolReturned):
                returned = True
            elif isinstance(event.payload, UsageReported):
                used = True
        if (returned or used) and body.worker in draft.session.details and draft.session.is_main(body.worker):
            _measure_worker(draft, body.worker, returned=returned, used=used)
    if draft.has_decided:
        _measure_each(draft)
    elif _is_session_changed(draft):
        for place, condition in enumerate(draft.session.options.escalations):
            if condition.trigger_metric not in OF_WORKERS:
                _look(draft, (place, None), condition)


def _measure_worker(draft: Draft, worker: WorkerId, *, returned: bool, used: bool) -> None:
    for place, condition in enumerate(draft.session.options.escalations):
        metric = condition.trigger_metric
        if metric == SessionMetric.FAILED_TOOL_SHARE:
            if returned:
                _look(draft, (place, worker), condition)
        elif used and metric == SessionMetric.TOKENS_WITHOUT_PROGRESS:
            _look(draft, (place, worker), condition)


def _measure_each(draft: Draft) -> None:
    """After the decision of a review any of them may be another."""
    for place, condition in enumerate(draft.session.options.escalations):
        if condition.trigger_metric not in OF_WORKERS:
            _look(draft, (place, None), condition)
            continue
        for step in draft.session.steps():
            if step.worker in draft.session.details:
                _look(draft, (place, step.worker), condition)


def value_of(session: Session, metric: str, worker: WorkerId | None) -> float | None:
    """The metric as it stands; ``None`` where there is nothing yet that it could be taken of."""
    watch, detail = session.watch, session.details.get(worker) if worker is not None else None
    match metric:
        case SessionMetric.REVIEW_ROUNDS:
            rounds = [
                one
                for one in watch.reviews
                if one.about == worker and one.trigger != Trigger.MANUAL and one.entry > watch.person_at
            ]
            return float(len(rounds))
        case SessionMetric.FAILED_TOOL_SHARE:
            return detail.trace.failed_share if detail is not None else None
        case SessionMetric.TOKENS_WITHOUT_PROGRESS:
            used = session.workers[worker].usage.total_tokens if worker is not None else None
            return float(used - detail.progress_tokens) if used is not None and detail is not None else None
        case SessionMetric.REWORK_PERCENTAGE:
            written = sum(watch.written.values())
            if written < LEAST_WRITTEN or watch.left is None:
                return None
            return 100.0 * (1 - min(watch.left, written) / written)
        case SessionMetric.ANTIPATTERNS:
            return float(len(watch.found))
        case SessionMetric.QUESTIONS:
            return float(session.approvals.questions_asked)
        case _:
            return None


def due_stretches(session: Session) -> Iterator[tuple[datetime, Key]]:
    """When each stretch that goes on is long enough; the time in which its worker stands still does not count."""
    for key, stretch in session.watch.stretches.items():
        place, worker = key
        if stretch.acted:
            continue
        since = stretch.since
        if worker is not None and session.options.escalations[place].trigger_metric != SessionMetric.REVIEW_ROUNDS:
            running = session.details[worker].current.running_since
            if session.workers[worker].status not in RUNS or running is None:
                continue
            since = max(since, running)
        yield since + session.options.escalations[place].duration, key


def act_on_stretch(draft: Draft, key: Key) -> None:
    """Do what the condition calls for, where its metric is beyond the threshold still."""
    _look(draft, key, draft.session.options.escalations[key[0]])


def _is_session_changed(draft: Draft) -> bool:
    before, now = draft.before, draft.session
    if before.approvals is not now.approvals and before.approvals.questions_asked != now.approvals.questions_asked:
        return True
    if before.watch is now.watch:
        return False
    was, watch = before.watch, now.watch
    return was.found is not watch.found or was.written is not watch.written or was.left != watch.left


def _look(draft: Draft, key: Key, condition: EscalationCondition) -> None:
    if not draft.running:
        return
    value, stretches = value_of(draft.session, condition.trigger_metric, key[1]), draft.session.watch.stretches
    if value is None or not condition.is_beyond(value):
        if key in stretches:
            draft.watch.stretches = {other: one for other, one in stretches.items() if other != key}
        return
    stretch = stretches.get(key)
    if stretch is None:
        stretch = Stretch(draft.at, draft.session.n)
        draft.watch.stretches = {**stretches, key: stretch}
    due = next((due for due, other in due_stretches(draft.session) if other == key), None)
    if due is not None and due <= draft.at:
        draft.watch.stretches = {**draft.session.watch.stretches, key: Stretch(stretch.since, stretch.entry, True)}
        _act(draft, condition, value, key, stretch)


def _act(draft: Draft, condition: EscalationCondition, value: float, key: Key, stretch: Stretch) -> None:
    worker = key[1]
    fact = Escalated(condition, value, (stretch.entry, draft.session.n), worker)
    earlier = [one for one in draft.session.watch.escalated if (one.condition, one.worker) == (condition, worker)]
    if len(earlier) >= MOST_TIMES:
        return
    draft.watch.escalated = (*draft.session.watch.escalated, fact)
    draft.session.warnings = draft.session.warnings.with_one(fact.words)
    draft.tell(fact)
    match condition.action:
        case EscalationAction.ASK_PERSON:
            ask(draft, fact.words, about=worker, suggestions=ABOUT_ESCALATION)
        case EscalationAction.REQUIRE_REVIEW:
            about = worker or next((one.id for one in draft.session.living() if draft.session.is_main(one.id)), None)
            ask_for_review(draft, Trigger.REQUEST, about=about, text=fact.words)
        case EscalationAction.STOP:
            draft.end(Outcome.NEEDS_PERSON, fact.words)
        case EscalationAction.NOTICE | EscalationAction.FREEZE_TUNING:
            pass
