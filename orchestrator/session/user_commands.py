"""Take what people and signals ask for, and what a new coordinator finds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import assert_never

from orchestrator.models.effects import Outcome, StopWorker
from orchestrator.models.entries import Command, CoordinatorResumed, UserCommand
from orchestrator.models.identity import WorkerId
from orchestrator.models.reviews import Trigger
from orchestrator.models.workers import WorkerStatus
from orchestrator.session.answers import on_answer
from orchestrator.session.assignments import assignment_to_continue
from orchestrator.session.clock_moves import on_away
from orchestrator.session.delayed_starts import launch
from orchestrator.session.draft import Draft
from orchestrator.session.feedback import stop_feedback
from orchestrator.session.follow_ups import open_follow_up
from orchestrator.session.guarded_commands import on_guard_answer
from orchestrator.session.leaves import bring_to_target
from orchestrator.session.missing_layers import send_to_target
from orchestrator.session.retries import retry_plan
from orchestrator.session.review_cycle import ask_for_review, look_again
from orchestrator.session.state import BY_USER, Phase, is_alive
from orchestrator.session.stops import give_words, stands

RESUMED = "the session was resumed"


def on_command(draft: Draft, body: UserCommand) -> None:
    """Do what was asked; a command for a worker that is not there is said, not raised."""
    if body.worker is not None and body.worker not in draft.session.workers:
        draft.warn(f"{body.by} asked to {body.command} {body.worker}, which is not a worker of this session")
        return
    match body.command:
        case Command.PAUSE:
            _pause(draft, body)
        case Command.RESUME:
            _resume(draft, body)
        case Command.STOP | Command.KILL:
            _stop(draft, body)
        case Command.REVIEW:
            text = body.text or f"{body.by} asks for a review"
            ask_for_review(draft, Trigger.MANUAL, about=body.worker, text=text)
        case Command.ANSWER:
            if not on_guard_answer(draft, body):
                on_answer(draft, body)
        case Command.RESTART:
            for worker in _meant(draft, body):
                _restart(draft, worker, because=f"restarted by {body.by}")
        case _:
            assert_never(body.command)


def on_resumed(draft: Draft, body: CoordinatorResumed) -> None:
    """Another coordinator took over: what was running and is gone is continued through the CLI's own conversation."""
    on_away(draft, body.away_s)
    before = draft.session.options
    shares = before.share_target or body.share_target
    options = replace(before, interactive=body.interactive, rehearsal=body.rehearsal, share_target=shares)
    stopped = draft.session.closed or draft.session.ending
    if before.plan is not None and draft.session.ending is not None:
        draft.session.lost = {}  # whoever resumes it may have logged in anew, and an agent of a plan is chosen late
    draft.session.ending = None
    draft.session.closed = None
    draft.session.phase = Phase.RUNNING
    draft.session.last_heard = draft.at
    if body.max_cost_usd is not None:
        options = replace(options, max_cost_usd=body.max_cost_usd)
    if body.max_tokens is not None:
        options = replace(options, max_tokens=body.max_tokens)
    draft.session.options = options
    for worker, detail in draft.session.details.items():
        endpoint = body.rehearsal.endpoints.get(draft.worker(worker).agent) if body.rehearsal else None
        following = detail.next_assignment
        kept = draft.change_detail(worker)
        kept.assignment = replace(detail.assignment, endpoint=endpoint)
        kept.next_assignment = replace(following, endpoint=endpoint) if following is not None else None
    if body.follow_up is not None:
        open_follow_up(draft, body.follow_up)
        return
    if body.retries:
        retry_plan(draft)
    stop_feedback(draft, RESUMED)
    _reopen_reviews(draft)
    told = give_words(draft, body.words, stopped, away_s=body.away_s) if body.words is not None else ()
    asked_about = {question.about for question in draft.session.approvals.questions}
    for worker, state in list(draft.session.workers.items()):
        is_free = draft.session.is_main(worker) and worker not in asked_about and worker not in told
        if is_free and stands(draft.session, state):
            _restart(draft, worker, because=RESUMED)


def _reopen_reviews(draft: Draft) -> None:
    """Reviews that were under way when the session was closed are asked again, with time to answer."""
    for review in draft.session.open_reviews():
        deadline = draft.at + timedelta(seconds=draft.session.options.review_timeout_s)
        request = replace(review.request, deadline=deadline)
        draft.assessment.reviews = {**draft.session.assessment.reviews, request.id: replace(review, request=request)}
        for worker, answer in review.panel.items():
            if answer is not None:
                continue  # one that was not asked, because its account was at its limit, is no worker either
            state = draft.worker(worker)
            if state.status in (WorkerStatus.STOPPED, WorkerStatus.STOPPING):
                again = replace(draft.detail(worker).assignment, resume=None)
                if is_alive(state):
                    draft.stop(worker, because=RESUMED, then=again)
                else:
                    launch(draft, again)
        look_again(draft, review)


def _pause(draft: Draft, body: UserCommand) -> None:
    """Freeze what runs, and what starts later as soon as it has started."""
    if body.worker is None:
        draft.session.crew_paused = True
    else:
        draft.session.paused = draft.session.paused | {body.worker}
    for worker, state in draft.session.workers.items():
        if body.worker in (None, worker) and is_alive(state):
            draft.hold(worker, BY_USER, f"paused by {body.by}")


def _resume(draft: Draft, body: UserCommand) -> None:
    session = draft.session
    if body.worker is None:
        draft.session.crew_paused = False
        draft.session.paused = frozenset()
    else:
        everybody = frozenset(session.workers) if session.crew_paused else session.paused
        draft.session.crew_paused = False
        draft.session.paused = everybody - {body.worker}
    for worker in session.details:
        if body.worker in (None, worker):
            draft.release(worker, BY_USER)


def _meant(draft: Draft, body: UserCommand) -> Sequence[WorkerId]:
    if body.worker is not None:
        return [body.worker]
    return [worker.id for worker in draft.session.living()]


def _stop(draft: Draft, body: UserCommand) -> None:
    if body.worker is None:
        stop_feedback(draft, f"stopped by {body.by}")
        draft.end(Outcome.INTERRUPTED, f"stopped by {body.by}")
        if body.command is Command.KILL:
            for worker in draft.session.living():
                draft.do(StopWorker(worker=worker.id, because=f"killed by {body.by}", hard=True))
    elif body.worker in draft.session.details and draft.detail(body.worker).next_assignment is not None:
        _call_off(draft, body.worker, body)
    elif not draft.alive(body.worker):
        draft.warn(f"{body.by} asked to stop {body.worker}, which is not running", body.worker)
    elif draft.detail(body.worker).current.stopping_because is None:
        draft.stop(body.worker, because=f"stopped by {body.by}")
        if draft.session.is_main(body.worker):
            draft.warn(
                f"{body.worker} was stopped by {body.by}; its step stays open until it is restarted", body.worker
            )


def _call_off(draft: Draft, worker: WorkerId, body: UserCommand) -> None:
    """Cancel planned starts, and stop what still runs."""
    kept = draft.change_detail(worker)
    kept.next_assignment = None
    kept.start_at = None
    if not draft.alive(worker):
        draft.become(worker, WorkerStatus.STOPPED, f"stopped by {body.by}")
    draft.warn(f"{worker} was stopped by {body.by} before its next attempt", worker)


def _restart(draft: Draft, worker: WorkerId, *, because: str) -> None:
    detail = draft.session.details.get(worker)
    if not draft.running:
        return
    if detail is None:
        draft.warn(f"{worker} has not been started yet", worker)
        return
    elsewhere = False
    if draft.session.options.plan_rules > 1:
        if send_to_target(draft, worker):
            return
        elsewhere = bring_to_target(draft, worker)
        detail = draft.detail(worker)
    then = assignment_to_continue(
        draft.session, detail.assignment, template="continue_", fresh=elsewhere, because=because
    )
    if draft.alive(worker):
        draft.stop(worker, because=because, then=then)
    else:
        launch(draft, then)
