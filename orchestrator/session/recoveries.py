"""Recover from known errors of running workers: relaunch with corrected flags, wait, give up, or ask a person."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from orchestrator.agents.registry import get_agent
from orchestrator.models.events import AgentEvent, Denied, Failed, Unrecognised
from orchestrator.models.facts import RecoveryChosen
from orchestrator.models.identity import WorkerId
from orchestrator.models.recovery import Escalate, GiveUp, Ignore, RecoveryAction, Relaunch, Wait
from orchestrator.models.work import Assignment, Role
from orchestrator.recovery import PermissionRecoveryEngine
from orchestrator.recovery.cures import Plan
from orchestrator.session.assignments import assignment_to_continue
from orchestrator.session.delayed_starts import on_limit, on_reset_time
from orchestrator.session.draft import Draft
from orchestrator.session.leaf_failures import can_be_done_without, fail_leaf
from orchestrator.session.opening import lose_agent
from orchestrator.session.questions import ask
from orchestrator.session.restarts import PASSING, restart_later

MOST_DOUBTFUL = 5
"""Failures that are kept until it is known whether they count: the first says why, a later one perhaps until when."""
MOST_DENIED = 20
"""Texts of denials that are kept of one attempt; all are counted, and all stand in the journal."""


def recover(draft: Draft, worker: WorkerId, event: AgentEvent, *, settled: bool = False) -> None:
    """Do what the first matching rule says; an error without a rule is kept for the verdict at the end.

    A failure that a rule would end the attempt for is only noted at first, because CLIs tell of failures that they then
    overcome themselves.  So is every line beside the records: a warning may use the words of an error.  Both count once
    they are settled, see :func:`settle`.
    """
    detail = draft.detail(worker)
    if not draft.running:
        return
    if detail.current.stopping_because is not None:
        if isinstance(event.payload, Failed) and event.payload.resets_at is not None:
            on_reset_time(draft, worker, event.payload.resets_at)
        return
    plan = _engine_for(draft, detail.assignment).plan(
        event,
        assignment=detail.assignment,
        allowed_roots=_allowed_roots(draft, detail.assignment),
        attempts=detail.relaunches,
        tried=detail.tried,
    )
    if plan is None:
        if isinstance(event.payload, Denied):
            if len(detail.current.denied) < MOST_DENIED:
                draft.change_attempt(worker).denied = (*detail.current.denied, event.payload.text)
            draft.change_worker(worker).denials = draft.worker(worker).denials + 1
        return
    if isinstance(plan.remedy, Ignore):
        return
    if not settled and _is_beside(event):
        if event not in detail.current.doubtful:
            draft.change_attempt(worker).doubtful = (*detail.current.doubtful, event)[-MOST_DOUBTFUL:]
        if not detail.current.began:  # a CLI that has begun may well think for long after a warning
            draft.change_attempt(worker).last_word_at = draft.at
    elif isinstance(plan.remedy, Wait | GiveUp) and not settled and is_provisional(draft, event):
        attempt = draft.change_attempt(worker)
        attempt.doubtful = (*detail.current.doubtful, event)[-MOST_DOUBTFUL:]
        attempt.last_word_at = draft.at
    else:
        _apply(draft, worker, plan, event=event)


def is_provisional(draft: Draft, event: AgentEvent) -> bool:
    """Whether the attempt may still overcome what the event tells."""
    return isinstance(event.payload, Failed) and draft.session.options.final_wait_s is not None


def _is_beside(event: AgentEvent) -> bool:
    """Whether a line tells it that was no record."""
    payload = event.payload
    return isinstance(payload, Unrecognised) or (isinstance(payload, Failed) and payload.beside is not None)


def settle(draft: Draft, worker: WorkerId) -> None:
    """Act on the failures that were only noted: the turn failed, the attempt ended without a final record, or its time
    to overcome them is over.
    """
    doubtful = draft.detail(worker).current.doubtful
    draft.change_attempt(worker).doubtful = ()
    for event in doubtful:
        recover(draft, worker, event, settled=True)


def _apply(draft: Draft, worker: WorkerId, plan: Plan, *, event: AgentEvent) -> None:
    error = event.payload.text if isinstance(event.payload, Denied | Failed) else plan.because
    match plan.remedy:
        case Relaunch():
            _relaunch(draft, worker, plan, remedy=plan.remedy, error=error)
        case Escalate():
            _record(draft, worker, plan, error=error)
            if not draft.session.options.interactive and can_be_done_without(draft.session, worker):
                fail_leaf(draft, worker, f"{plan.because}: {error}")
            elif draft.session.is_main(worker):
                suggestions = plan.suggestions or plan.remedy.suggestions
                ask(draft, f"{worker}: {plan.because}: {error}", about=worker, suggestions=suggestions)
        case Wait(until=until):
            _record(draft, worker, plan, error=error)
            failed = event.payload if isinstance(event.payload, Failed) else None
            if failed is not None and failed.failure in PASSING and until is None and draft.session.is_main(worker):
                restart_later(draft, worker, f"{plan.because}: {error}")
            else:
                on_limit(draft, worker, until, because=plan.because, error=error)
        case GiveUp(hint=hint):
            _record(draft, worker, plan, error=error)
            draft.change_attempt(worker).failure = f"{plan.because}: {hint}"
            if draft.session.is_main(worker):
                draft.stop(worker, because=plan.because)
                lose_agent(draft, draft.worker(worker).agent, f"{plan.because}: {hint}")
        case Ignore():
            pass


def _relaunch(draft: Draft, worker: WorkerId, plan: Plan, *, remedy: Relaunch, error: str) -> None:
    detail = draft.detail(worker)
    corrected = _engine_for(draft, detail.assignment).widen(detail.assignment, remedy, path=plan.path)
    _record(draft, worker, plan, error=error, corrected=corrected)
    then = assignment_to_continue(
        draft.session, corrected, template="continue_", fresh=remedy.fresh, because=f"{plan.because} ({error})"
    )
    kept = draft.change_detail(worker)
    kept.tried = detail.tried | {plan.signature}
    kept.relaunches = detail.relaunches + 1
    draft.stop(worker, because=f"relaunch: {plan.because}", then=then)


def _record(draft: Draft, worker: WorkerId, plan: Plan, *, error: str, corrected: Assignment | None = None) -> None:
    before = draft.detail(worker).assignment
    launch = get_agent(before.agent).launch
    action = RecoveryAction(
        worker=worker,
        agent=before.agent,
        rule=plan.rule,
        because=plan.because,
        error=error[:2000],
        remedy=plan.remedy,
        attempt=draft.worker(worker).attempt,
        argv_before=launch(before).argv,
        argv_after=launch(corrected).argv if corrected is not None else (),
        env_added=tuple(sorted(plan.remedy.env)) if isinstance(plan.remedy, Relaunch) else (),
        suggestions=plan.suggestions,
    )
    draft.session.recoveries = (*draft.session.recoveries, action)
    draft.tell(RecoveryChosen(action=action))


def _engine_for(draft: Draft, assignment: Assignment) -> PermissionRecoveryEngine:
    return PermissionRecoveryEngine(get_agent(assignment.agent).recovery_rules, draft.session.options.max_relaunches)


def _allowed_roots(draft: Draft, assignment: Assignment) -> Sequence[Path]:
    options = draft.session.options
    roots = (assignment.scratch, *assignment.readable, *assignment.writable, *options.sandbox.readable)
    return (*roots, *options.sandbox.writable) if assignment.role is Role.IMPLEMENTER else roots
