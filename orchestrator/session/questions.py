"""Ask a person a question, and withdraw it when there is nothing left to ask."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.models.effects import Outcome
from orchestrator.models.facts import PersonAsked, Question
from orchestrator.models.identity import WorkerId
from orchestrator.session.consents import settle
from orchestrator.session.draft import Draft


def ask(
    draft: Draft, text: str, *, about: WorkerId | None, suggestions: Sequence[str] = (), hold: bool = True
) -> Question:
    """Freeze the worker in question and ask; without a person at hand the session ends, resumable.

    Args:
        hold: Freeze it; what gives no sign of life is left as it is.
    """
    session = draft.session
    number = session.approvals.questions_asked + 1
    question = Question(id=f"q{number}", text=text, suggestions=tuple(suggestions), about=about)
    draft.approvals.questions = (*session.approvals.questions, question)
    draft.approvals.questions_asked = number
    draft.approvals.asked_at = {**session.approvals.asked_at, question.id: draft.at}
    draft.tell(PersonAsked(question=question))
    if about is not None and hold:
        draft.hold(about, question.id, f"waits for a person: {text}")
    if not session.options.interactive:
        draft.end(Outcome.NEEDS_PERSON, text)
    return question


def withdraw(draft: Draft, question: str, because: str) -> None:
    """Withdraw a question that nobody need answer any more."""
    left = tuple(one for one in draft.session.approvals.questions if one.id != question)
    for one in draft.session.approvals.questions:
        if one.id == question:
            settle(draft, one, outcome=f"withdrawn: {because}")
    if len(left) < len(draft.session.approvals.questions):
        draft.approvals.questions = left
        draft.warn(f"question {question} is withdrawn: {because}")
