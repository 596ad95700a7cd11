"""Questions to a person, and what an answer does: it becomes the next turn of the agent's own conversation."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.models.effects import AskPerson, Outcome, Question
from orchestrator.models.entries import UserCommand
from orchestrator.models.identity import WorkerId
from orchestrator.session.assigning import assignment_to_continue
from orchestrator.session.draft import Draft

STORAGE = "storage"
"""The reason to hold every worker while a question about size or disk is open."""


def ask(draft: Draft, text: str, *, about: WorkerId | None, because: str = "", suggestions: Sequence[str] = ()) -> None:
    """Freeze the worker in question and ask; without a person at hand the session ends, resumable."""
    session = draft.session
    number = session.questions_asked + 1
    question = Question(id=f"q{number}", text=text, suggestions=tuple(suggestions), about=about)
    draft.set(questions=(*session.questions, question), questions_asked=number)
    draft.do(AskPerson(question=question))
    if about is not None:
        draft.hold(about, question.id, f"waits for a person: {text}")
    if not session.options.interactive:
        draft.end(Outcome.NEEDS_PERSON, text)


def on_answer(draft: Draft, command: UserCommand) -> None:
    """Give the answer to the agent: thaw, stop by its ladder, resume its conversation with the answer."""
    session = draft.session
    question = next((q for q in session.questions if command.question in (None, q.id)), None)
    if question is None:
        draft.warn("an answer came, but no question is open")
        return
    draft.set(
        questions=tuple(q for q in session.questions if q is not question),
        answers=(*session.answers, (question.id, command.text)),
    )
    if question.id == session.storage_question:
        draft.set(storage_question=None)
        for held in session.living():
            draft.release(held.id, STORAGE)
    worker = question.about
    if worker is None or worker not in draft.session.details:
        return
    assignment = assignment_to_continue(
        draft.session, draft.detail(worker).assignment, template="answer", answer=command.text, because=question.text
    )
    if draft.alive(worker):
        draft.stop(worker, because=f"answered: {question.id}", then=assignment)
    else:
        draft.start(assignment)
