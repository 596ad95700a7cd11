"""Reserve an estimate before each turn, and meter within it what the stream tells of tokens and cost."""

from __future__ import annotations

from typing import Final

from orchestrator.models.effects import Outcome
from orchestrator.models.events import Payload, Reasoned, Said, ToolCalled, UsageReported
from orchestrator.models.identity import WorkerId
from orchestrator.models.money import Usage
from orchestrator.models.work import Assignment
from orchestrator.safety.budget import Budget, Estimate, account, check_budget, check_reserve, estimate_turn
from orchestrator.session.assignments import BUDGET_TOKENS
from orchestrator.session.draft import Draft
from orchestrator.session.state import Session

_ASKED: Final = {UsageReported: False, Reasoned: True, Said: True, ToolCalled: True}
"""Whether what an event tells of was asked of a model, and no figure has told of it yet."""


def budget_of(session: Session) -> Budget | None:
    """What the session may consume; ``None`` where nothing bounds it."""
    options = session.options
    if options.max_cost_usd is None and options.max_tokens is None:
        return None
    return Budget(options.max_cost_usd, options.max_tokens)


def reserve(draft: Draft, assignment: Assignment) -> str | None:
    """Set aside what the attempt is expected to take, or say why it must not begin."""
    session, budget = draft.session, budget_of(draft.session)
    if budget is None:
        return None
    same = [worker for worker in session.workers.values() if worker.agent == assignment.agent]
    told = {worker.id: worker.usage for worker in same if worker.usage.total_tokens is not None}
    turns = sum(session.workers[worker].attempt for worker in told)
    wanted = estimate_turn(BUDGET_TOKENS[assignment.role], told, turns)
    usages = {worker.id: worker.usage for worker in session.workers.values()}
    short = check_reserve(budget, usages, reserved=_reserved(session, but=assignment.worker), wanted=wanted)
    if short is None:
        kept = draft.change_detail(assignment.worker)
        kept.reserved = wanted
        kept.usage_before = session.workers[assignment.worker].usage
    return short


def note_consumption(draft: Draft, worker: WorkerId, payload: Payload) -> None:
    """Remember whether the attempt has consumed something since its CLI last gave a figure."""
    asked = _ASKED.get(type(payload))
    if asked is None:
        return
    if draft.detail(worker).current.asked_model is not asked:
        draft.change_attempt(worker).asked_model = asked


def on_usage(draft: Draft) -> None:
    """End the session as soon as what the streams tell is more than it may consume."""
    budget = budget_of(draft.session)
    if budget is None or draft.session.ending is not None:
        return
    reason = check_budget(budget, {worker.id: worker.usage for worker in draft.session.workers.values()})
    if reason is not None:
        draft.end(Outcome.NEEDS_PERSON, reason)


def account_of(session: Session) -> tuple[str, ...]:
    """How the session stands against its budget; empty where nothing bounds it."""
    budget = budget_of(session)
    if budget is None:
        return ()
    return account(budget, {worker.id: worker.usage for worker in session.workers.values() if worker.attempt > 0})


def _reserved(session: Session, *, but: WorkerId) -> list[Estimate]:
    found = []
    for name, detail in session.details.items():
        if detail.reserved is not None and name != but and session.workers[name].exit is None:
            found.append(detail.reserved.left(_since(session.workers[name].usage, detail.usage_before)))
    return found


def _since(usage: Usage, before: Usage) -> Usage:
    cost = None if usage.cost_usd is None else usage.cost_usd - (before.cost_usd or 0.0)
    return Usage(input_tokens=(usage.total_tokens or 0) - (before.total_tokens or 0), cost_usd=cost)
