"""Let a session that has stopped go on with a person's words: who is told them, and what is recorded."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from orchestrator.models.approvals import STOP, Settled
from orchestrator.models.decisions import Action
from orchestrator.models.effects import Outcome
from orchestrator.models.entries import PersonsWords
from orchestrator.models.identity import WorkerId
from orchestrator.models.reviews import Trigger
from orchestrator.models.workers import WorkerState, WorkerStatus
from orchestrator.review_engine.rounds import forget
from orchestrator.session.assignments import assignment_to_continue, words_told
from orchestrator.session.delayed_starts import launch
from orchestrator.session.draft import Draft
from orchestrator.session.feedback import is_asked
from orchestrator.session.leaves import bring_to_target
from orchestrator.session.missing_layers import send_to_target
from orchestrator.session.review_cycle import review_again
from orchestrator.session.state import Ending, ReviewState, Session, is_alive

NO_STOP = "the coordinator was gone"
"""Why a session stands still that came to no end."""
_ENDED = frozenset(
    {WorkerStatus.STOPPED, WorkerStatus.UNPROVEN, WorkerStatus.FAILED, WorkerStatus.LIMITED, WorkerStatus.PARKED}
)


def stopping_review(session: Session, ending: Ending | None) -> ReviewState | None:
    """The review whose decision stopped the session; ``None`` where something else did."""
    if ending is None or ending.outcome is not Outcome.NEEDS_PERSON:
        return None
    return next(
        (
            one
            for one in reversed([*session.assessment.reviews.values()])
            if one.decision is not None
            and one.decision.action is Action.STOP_AND_ESCALATE
            and one.decision.because == ending.reason
        ),
        None,
    )


def stands(session: Session, state: WorkerState) -> bool:
    """Whether a worker of the plan had begun and nothing will start it again by itself."""
    if state.attempt == 0 or is_asked(session, state.id) or session.details[state.id].next_assignment is not None:
        return False
    if session.leaf(state.id) is not None and state.status is WorkerStatus.FAILED:
        return False  # that is its result, and the plan went on from it
    if is_alive(state):
        return session.details[state.id].current.stopping_because is not None
    return state.status in _ENDED


def told_by_words(session: Session, ending: Ending | None) -> tuple[WorkerId, ...]:
    """Whom the words of a person who lets the session go on are for, as it stands.

    The worker that the stop was about, where it was about one; else all that go on, or would by themselves.
    """
    review = stopping_review(session, ending)
    about = review.request.about if review is not None else None
    main = tuple(worker for worker in session.workers if session.is_main(worker))
    standing = tuple(worker for worker in main if stands(session, session.workers[worker]))
    if about is not None and (about in standing or _is_sent_back(session, review)):
        return (about,)
    if standing:
        return standing
    # Whoever runs, or starts again by itself: of a session whose coordinator is gone, or whose agents wait.
    return tuple(
        worker
        for worker in main
        if worker in session.details
        and session.workers[worker].attempt > 0
        and not is_asked(session, worker)
        and (is_alive(session.workers[worker]) or session.details[worker].next_assignment is not None)
    )


def give_words(draft: Draft, words: PersonsWords, ending: Ending | None, *, away_s: float) -> tuple[WorkerId, ...]:
    """Tell whoever goes on what the person said, as the next turn of its own conversation, and put it on record.

    Args:
        ending: How the session had ended; ``None``: it had not, and only its coordinator was gone.
        away_s: For how long it has stood still.

    Returns:
        Those that are told: they go on by it, and need no other start.
    """
    session = draft.session
    review, told = stopping_review(session, ending), told_by_words(session, ending)
    reason = ending.reason if ending is not None else NO_STOP
    number = 1 + sum(one.of_stop for one in session.approvals.settled)
    names = ", ".join(told)
    settled = Settled(
        question=f"{STOP}{number}",
        text=reason,
        choices=(),
        about=told[0] if len(told) == 1 else None,
        answer=words.text,
        by=words.by,
        who=words.who,
        at=draft.at,
        outcome=f"told to {names}, which {'goes' if len(told) == 1 else 'go'} on"
        if told
        else "nobody goes on by it: whoever starts from now on is told it among the notes",
        asked_at=draft.at - timedelta(seconds=max(0.0, away_s)) if ending is not None else None,
    )
    draft.approvals.settled = (*session.approvals.settled, settled)
    draft.approvals.answers = (*session.approvals.answers, (settled.question, words.text))
    if review is not None and told == (review.request.about,) and _is_sent_back(session, review):
        review_again(draft, review.request)
    for worker in told:
        _tell(draft, worker, words.text, because=reason)
    return told


def _tell(draft: Draft, worker: WorkerId, text: str, *, because: str) -> None:
    # A person has looked at it: what it may do before the next look begins anew.
    draft.change_detail(worker).restarts = 0
    draft.assessment.rounds = forget(draft.session.assessment.rounds, worker)
    following = draft.detail(worker).next_assignment
    if following is not None:
        said = words_told(draft.session, following, answer=text, because=because)
        draft.change_detail(worker).next_assignment = replace(following, prompt=f"{following.prompt}\n\n{said}")
        return
    if draft.session.options.plan_rules > 1 and send_to_target(draft, worker):
        return  # it begins anew when its turn comes, with the words among the notes
    elsewhere = bring_to_target(draft, worker)
    detail = draft.detail(worker)
    if detail.current.began or elsewhere:
        then = assignment_to_continue(
            draft.session, detail.assignment, template="answer", fresh=elsewhere, answer=text, because=because
        )
    else:
        # What it was to be told has reached nobody: it is told that, and then the words.
        said = words_told(draft.session, detail.assignment, answer=text, because=because)
        then = replace(detail.assignment, prompt=f"{detail.assignment.prompt}\n\n{said}")
    if draft.alive(worker):
        draft.stop(worker, because="answered", then=then)
    else:
        launch(draft, then)


def _is_sent_back(session: Session, review: ReviewState | None) -> bool:
    """Whether the review at the end stopped the session: its author was done, and goes on by the words alone."""
    if review is None or review.request.trigger is not Trigger.FINAL or session.options.plan is not None:
        return False
    about = review.request.about
    return about is not None and session.workers[about].status is WorkerStatus.DONE
