"""Make a person's answer the next turn of the agent's own conversation."""

from __future__ import annotations

from orchestrator.models.entries import UserCommand
from orchestrator.models.identity import WorkerId
from orchestrator.review_engine.rounds import forget
from orchestrator.session.assignments import assignment_to_continue
from orchestrator.session.consents import settle
from orchestrator.session.delayed_starts import end_limit, launch
from orchestrator.session.draft import Draft
from orchestrator.session.leaves import allow_more, bring_to_target
from orchestrator.session.storage_limits import STORAGE


def on_answer(draft: Draft, command: UserCommand) -> None:
    """Give the answer to the agent: thaw, stop by its ladder, resume its conversation with the answer."""
    session = draft.session
    question = next((q for q in session.approvals.questions if command.question in (None, q.id)), None)
    if question is None:
        named = f"{command.question} is not open" if session.approvals.questions else "no question is open"
        draft.warn(f"an answer came, but {named}")
        return
    draft.approvals.questions = tuple(q for q in session.approvals.questions if q is not question)
    draft.approvals.answers = (*session.approvals.answers, (question.id, command.text))
    settle(draft, question, outcome=f"given to {question.about or 'the session'}", command=command)
    if question.id == session.storage.question:
        draft.storage.question = None
        for held in session.living():
            draft.release(held.id, STORAGE)
    worker = question.about
    if worker is not None and worker in draft.session.details:
        answers = (*draft.detail(worker).answers, (question.text, command.text))
        # A person has looked at it: what it may do before the next look begins anew.
        kept = draft.change_detail(worker)
        kept.answers = answers
        kept.restarts = 0
        kept.next_assignment = None
        kept.start_at = None
        draft.assessment.rounds = forget(draft.session.assessment.rounds, worker)
    end_limit(draft, question.id)
    allow_more(draft, question.id)
    is_open = any(other.about == worker for other in draft.session.approvals.questions)
    if worker is not None and worker in draft.session.details and not is_open:
        _go_on(draft, worker)


def _go_on(draft: Draft, worker: WorkerId) -> None:
    """Continue the worker's conversation once all its questions are answered."""
    answers = draft.detail(worker).answers
    elsewhere = bring_to_target(draft, worker)
    assignment = assignment_to_continue(
        draft.session,
        draft.detail(worker).assignment,
        template="answer",
        fresh=elsewhere,  # a CLI knows its conversations by the folder it worked in
        answer="\n\n".join(answer for _, answer in answers),
        because="; ".join(question for question, _ in answers),
    )
    draft.change_detail(worker).answers = ()
    if draft.alive(worker) and draft.running:
        draft.stop(worker, because="answered", then=assignment)
    else:
        launch(draft, assignment)
