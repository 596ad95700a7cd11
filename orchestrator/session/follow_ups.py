"""Take a follow-up on a session that was done: its team works once more, each in its own conversation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from orchestrator.agents.registry import get_agent
from orchestrator.models.entries import FollowUp
from orchestrator.models.identity import WorkerId
from orchestrator.models.work import Assignment
from orchestrator.models.workers import WorkerState, WorkerStatus
from orchestrator.review_engine.rounds import Rounds
from orchestrator.session.calls import Calls
from orchestrator.session.draft import Draft
from orchestrator.session.state import PlanRun, WorkerDetail

WAITS_FOR_TURN = "its turn of the follow-up has not come yet"
Make: TypeAlias = Callable[[bool], Assignment]
"""Makes a worker's assignment; for true it says in short what the worker did before, for false it does not."""


def open_follow_up(draft: Draft, follow_up: FollowUp) -> None:
    """Let every step of the session wait for its turn again, and count anew what is bounded for one task."""
    session = draft.session
    draft.session.follow_ups = (*session.follow_ups, follow_up)
    draft.session.timed_from = draft.at
    # A session without a limit of its own keeps none.
    draft.session.options = replace(session.options, timeout_s=follow_up.timeout_s)
    draft.session.lost = {}
    draft.session.limits = {}
    draft.assessment.rounds = Rounds()
    draft.assessment.earlier = len(session.assessment.reviews)
    draft.session.plan_run = PlanRun()
    draft.session.feedback = replace(session.feedback, before={}, waiting=frozenset())
    for step in session.steps():
        draft.become(step.worker, WorkerStatus.WAITING, WAITS_FOR_TURN)
        draft.change_worker(step.worker).progress = None
    for worker in session.details:
        kept = draft.change_detail(worker)
        kept.next_assignment = kept.start_at = None


def give_work(draft: Draft, worker: WorkerId, make: Make, *, moved: bool = False) -> Assignment:
    """Give a worker its work, and remember what it is; one that has worked on what came before goes on from there.

    Args:
        moved: It works in another folder now, in which its CLI does not find the conversation.
    """
    before = draft.session.details.get(worker)
    if before is None or not draft.session.follow_ups:
        assignment = make(False)
        detail = WorkerDetail(assignment=assignment, first_prompt=assignment.prompt)
        if before is not None:  # what it has taken so far is not forgotten
            detail.untold, detail.unknown = before.untold, before.unknown
            detail.agents_started, detail.reserved = before.agents_started, before.reserved
            detail.usage_before = before.usage_before
        _remember(draft, worker, detail)
        return assignment
    state, first = draft.worker(worker), make(True)
    why = _why_anew(state, moved=moved)
    goes_on = why is None
    assignment = replace(make(False), resume=state.conversation) if goes_on else first
    if not goes_on:
        draft.warn(f"{worker} begins anew, with a short account of what it did: {why}", worker)
    detail = replace(
        before,
        assignment=assignment,
        first_prompt=first.prompt,
        opening_prompt=assignment.prompt if goes_on else "",
        first_attempt=state.attempt + 1,
        restarts=0,
        answers=(),
        calls=Calls(),
        tried=frozenset(),
        relaunches=0,
        tasks=(),
    )
    _remember(draft, worker, detail)
    draft.change_worker(worker).tool_calls = 0
    return assignment


def _why_anew(state: WorkerState, *, moved: bool) -> str | None:
    """Why the worker's conversation cannot go on; ``None`` where it can, as far as is known."""
    if moved:
        return "it works on another copy of the target"
    if not get_agent(state.agent).conversations:
        return f"conversations of {state.agent} are not kept when a session is done"
    return "its CLI named no conversation" if state.conversation is None else None


def _remember(draft: Draft, worker: WorkerId, detail: WorkerDetail) -> None:
    draft.session.details = {**draft.session.details, worker: detail}
