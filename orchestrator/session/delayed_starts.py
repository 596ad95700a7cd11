"""Hold starts back that must wait: for the end of a usage limit, which an account's workers share, or of a pause."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256

from orchestrator.models.effects import Outcome
from orchestrator.models.events import AgentEvent, ToolCalled, TurnEnded
from orchestrator.models.identity import AgentName, WorkerId
from orchestrator.models.work import Assignment
from orchestrator.models.workers import WorkerStatus
from orchestrator.session.assignments import assignment_to_continue
from orchestrator.session.draft import Draft
from orchestrator.session.leaf_failures import can_be_done_without, fail_leaf
from orchestrator.session.questions import ask
from orchestrator.session.spending import reserve
from orchestrator.session.state import Limit

PROBE_AFTER = (timedelta(minutes=5), timedelta(minutes=15), timedelta(minutes=45))
"""A limit whose end the CLI did not say is tried again after these; then a person is asked."""
SUGGESTIONS = ("answer 'go on' when it can work again", "stop, and run again with --without this agent")


def launch(draft: Draft, assignment: Assignment) -> None:
    """Start an attempt as soon as the agent's account and the session's budget allow it.

    While the session ends nothing starts: the attempt is the first thing a resumed session does.
    """
    worker = assignment.worker
    if not draft.running:
        kept = draft.change_detail(worker)
        kept.next_assignment = assignment
        kept.start_at = draft.at
        return
    limit = limit_in_force(draft, assignment.agent)
    if limit is not None:
        _wait(draft, assignment, limit)
        return
    short = reserve(draft, assignment)
    if short is not None:
        # The step stays where it was: with more budget, a resumed session starts it.
        draft.warn(f"{worker} is not started: {short}", worker)
        draft.end(Outcome.NEEDS_PERSON, short)
        return
    draft.start(assignment)


def limit_in_force(draft: Draft, agent: AgentName) -> Limit | None:
    """The limit that keeps the agent's workers from being started now."""
    session = draft.session
    limit = session.limits.get(agent)
    if limit is None or (limit.until is not None and limit.until <= draft.at):
        return None
    asked = any(question.id == limit.question for question in session.approvals.questions)
    # Without a stated end and with nobody to wait for, one attempt is how to find out.
    return limit if limit.until is not None or asked or session.options.auto_resume else None


def on_limit(draft: Draft, worker: WorkerId, until: datetime | None, *, because: str, error: str) -> None:
    """Take in that an account is at its usage limit: no worker of that account runs before the limit ends."""
    session, agent = draft.session, draft.worker(worker).agent
    if until is not None and until <= draft.at:
        until = None  # a time that has passed says nothing about the limit that was just met
    old = session.limits.get(agent)
    probes = old.probes if old is not None and old.until is None and until is None else 0
    limit = Limit(until, because, probes, question=old.question if old is not None else None)
    draft.session.limits = {**session.limits, agent: limit}
    when = _when(limit)
    if not session.is_main(worker):
        draft.stop(worker, because=f"{because} ({when})")
        return
    due = _due(draft, worker, limit)
    if _waits_in_vain(draft, worker, due):
        fail_leaf(draft, worker, f"{because} ({when})")
        return
    then = assignment_to_continue(session, draft.detail(worker).assignment, template="continue_", because=because)
    draft.stop(worker, because=f"{because} ({when})", then=then)
    changed = draft.change_worker(worker)
    changed.status = WorkerStatus.LIMITED
    changed.limited_until = until
    draft.change_detail(worker).start_at = due
    if due is not None and ends_before(draft, worker, due, f"{because} ({when})"):
        return
    if due is not None:
        draft.warn(f"{worker} waits, because {because} ({when}); it goes on at {due:%Y-%m-%d %H:%M:%S} UTC", worker)
        _hold_back_others(draft, agent, limit, but=worker)
    else:
        _ask_once(draft, worker, limit, error=error)


def on_reset_time(draft: Draft, worker: WorkerId, until: datetime) -> None:
    """Take in when a limit ends that an earlier record reported without a time."""
    state = draft.worker(worker)
    limit = draft.session.limits.get(state.agent)
    if state.status is WorkerStatus.LIMITED and limit is not None and limit.until is None and until > draft.at:
        limit = replace(limit, until=until)
        draft.session.limits = {**draft.session.limits, state.agent: limit}
        draft.change_worker(worker).limited_until = until
        draft.change_detail(worker).start_at = _due(draft, worker, limit)


def wake(draft: Draft, worker: WorkerId) -> None:
    """Start a waiting worker whose time has come."""
    detail, state = draft.detail(worker), draft.worker(worker)
    assignment = detail.next_assignment
    if assignment is None or draft.alive(worker):
        return
    kept = draft.change_detail(worker)
    kept.next_assignment = None
    kept.start_at = None
    limit = draft.session.limits.get(state.agent)
    if state.status is not WorkerStatus.LIMITED or limit is None:
        launch(draft, assignment)
    elif limit.until is None:
        limit = replace(limit, probes=limit.probes + 1, prober=worker)
        draft.warn(f"{worker} tries whether the limit is over ({limit.probes} of {len(PROBE_AFTER)})", worker)
        _lift(draft, state.agent)
        launch(draft, assignment)
        draft.session.limits = {**draft.session.limits, state.agent: limit}
        _hold_back_others(draft, state.agent, limit, but=worker)
    else:
        _lift(draft, state.agent)
        launch(draft, assignment)


def on_life(draft: Draft, worker: WorkerId, event: AgentEvent) -> None:
    """End the limit once a worker that tried gets to work: those who wait follow, one by one."""
    agent = draft.worker(worker).agent
    limit = draft.session.limits.get(agent)
    works = isinstance(event.payload, ToolCalled) or (isinstance(event.payload, TurnEnded) and event.payload.ok)
    if limit is None or limit.prober != worker or not works:
        return
    _lift(draft, agent)
    for other in waiting_for(draft, agent):
        draft.change_detail(other).start_at = draft.at + jitter(draft, other)


def end_limit(draft: Draft, question: str) -> None:
    """End the limit because a person says so, and start whoever waited for it."""
    for agent, limit in list(draft.session.limits.items()):
        if limit.question == question:
            _lift(draft, agent)
            for other in waiting_for(draft, agent):
                wake(draft, other)


def waiting_for(draft: Draft, agent: AgentName) -> list[WorkerId]:
    """Workers whose next attempt waits for the agent's limit to end."""
    return [
        name
        for name, state in draft.session.workers.items()
        if state.agent == agent
        and state.status is WorkerStatus.LIMITED
        and not draft.alive(name)
        and name in draft.session.details
        and draft.detail(name).next_assignment is not None
    ]


def jitter(draft: Draft, worker: WorkerId) -> timedelta:
    """Half to one and a half times the spread; always the same for one worker of one session, so that replay holds."""
    share = int.from_bytes(sha256(f"{draft.session.id}/{worker}".encode()).digest()[:2], "big") / 65_536
    return timedelta(seconds=draft.session.options.resume_spread_s * (0.5 + share))


def ends_before(draft: Draft, worker: WorkerId, due: datetime, because: str) -> bool:
    """End the session at once where a wait could only end after it, and say whether that was so.

    What the worker waits for is kept: a resumed session, with a time limit of its own, starts it.
    """
    if not outlasts_session(draft, due):
        return False
    limit = f"after the time limit of {draft.session.options.timeout_s:g} s has passed"
    draft.end(Outcome.NEEDS_PERSON, f"{because}; {worker} would wait until {due:%Y-%m-%d %H:%M:%S} UTC, {limit}")
    return True


def outlasts_session(draft: Draft, due: datetime) -> bool:
    """Whether the session's time limit will have passed by then."""
    options = draft.session.options
    if options.timeout_s is None or options.final_wait_s is None:
        return False
    return due >= draft.session.timed_from + timedelta(seconds=options.timeout_s)


def _waits_in_vain(draft: Draft, worker: WorkerId, due: datetime | None) -> bool:
    """Whether an agent of the plan that the others can do without would wait for what this session never sees."""
    if not can_be_done_without(draft.session, worker):
        return False
    return not draft.session.options.interactive if due is None else outlasts_session(draft, due)


def _wait(draft: Draft, assignment: Assignment, limit: Limit) -> None:
    worker = assignment.worker
    if _waits_in_vain(draft, worker, _due(draft, worker, limit)):
        fail_leaf(draft, worker, f"it was not started, because {limit.because} ({_when(limit)})")
        return
    kept = draft.change_detail(worker)
    kept.next_assignment = assignment
    kept.start_at = _due(draft, worker, limit)
    why = f"waits, because {limit.because} ({_when(limit)})"
    changed = draft.change_worker(worker)
    changed.status = WorkerStatus.LIMITED
    changed.limited_until = limit.until
    changed.why = why
    due = draft.detail(worker).start_at
    if due is not None:
        ends_before(draft, worker, due, f"{worker} {why}")
    else:
        _ask_once(draft, worker, limit, error="it was not started")


def _ask_once(draft: Draft, worker: WorkerId, limit: Limit, *, error: str) -> None:
    """Ask one question per limit, whichever worker meets it."""
    if any(question.id == limit.question for question in draft.session.approvals.questions):
        return
    text = f"{worker} has to wait, because {limit.because} ({_when(limit)}): {error}"
    number = draft.session.approvals.questions_asked + 1
    agent = draft.worker(worker).agent
    draft.session.limits = {**draft.session.limits, agent: replace(limit, question=f"q{number}")}
    ask(draft, text, about=worker, suggestions=SUGGESTIONS)


def _due(draft: Draft, worker: WorkerId, limit: Limit) -> datetime | None:
    """When the worker goes on by itself; ``None`` if only a person can say."""
    if not draft.session.options.auto_resume:
        return None
    if limit.until is not None:
        return limit.until + jitter(draft, worker)
    if limit.probes >= len(PROBE_AFTER):
        return None
    return draft.at + PROBE_AFTER[limit.probes] + jitter(draft, worker)


def _hold_back_others(draft: Draft, agent: AgentName, limit: Limit, *, but: WorkerId) -> None:
    for other in waiting_for(draft, agent):
        if other != but:
            last = replace(limit, probes=min(limit.probes, len(PROBE_AFTER) - 1))
            draft.change_detail(other).start_at = _due(draft, other, last)


def _lift(draft: Draft, agent: AgentName) -> None:
    draft.session.limits = {name: limit for name, limit in draft.session.limits.items() if name != agent}


def _when(limit: Limit) -> str:
    if limit.until is None:
        return "the CLI did not say until when"
    return f"until {limit.until:%Y-%m-%d %H:%M} UTC"
