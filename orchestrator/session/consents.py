"""Ask a person to consent to one command, and tell the guard that waits.  As all of the fold, this is pure."""

from __future__ import annotations

import shlex
from datetime import datetime, timedelta
from typing import Literal

from orchestrator.models.approvals import Settled
from orchestrator.models.effects import AnswerGuard
from orchestrator.models.egress import OutboundArtifact, OutboundSent
from orchestrator.models.entries import GuardAsked, UserCommand
from orchestrator.models.facts import PersonAsked, Question
from orchestrator.models.identity import WorkerId
from orchestrator.quotation import visible
from orchestrator.session.draft import Draft
from orchestrator.session.state import PendingGuard, Session

COMMAND_CHARS = 300
"""Of a command in a question; the journal has all of it."""
YES, NO = "yes", "no"
READ_WITHIN = timedelta(seconds=0.5)
"""Nobody reads a question faster."""


def is_consent(session: Session, question: Question) -> bool:
    """Whether the question asks for consent to a command; it can then only be answered by one of its choices."""
    return question.id in session.approvals.guards


def choice(question: Question, text: str) -> str | None:
    """The choice of the question that an answer names, by its number or by its words; ``None``: it names none."""
    words = text.strip().lower()
    names = enumerate(question.suggestions, 1)
    return next((each for number, each in names if words in (str(number), each.lower())), None)


def unclear(session: Session, named: str | None, by: str, at: datetime) -> str | None:
    """Explain why it is unclear which question an answer is for; ``None`` where it is clear.

    Whoever names none means the question that they saw, and that one may be closed by now, and another be open.

    Args:
        named: The question that the answer names; ``None``: it names none.
        by: From where it comes.
        at: When it comes.
    """
    asked = session.approvals.questions
    if named is not None or not any(is_consent(session, question) for question in asked):
        return None
    if len(asked) > 1:
        listed = ", ".join(question.id for question in asked)
        return f"{listed} are open, and not all of them ask the same: an answer must name the one that it is for"
    last = next(
        (settled for settled in reversed(session.approvals.settled) if settled.question and not settled.of_stop), None
    )
    if last is None or (last.by == by and _open_for(session, asked[0], at) >= READ_WITHIN):
        return None
    return f"{last.question} is closed, and {asked[0].id} open: an answer must name the one that it is for"


def _open_for(session: Session, question: Question, at: datetime) -> timedelta:
    asked = session.approvals.guards[question.id].deadline - timedelta(
        seconds=session.options.sandbox.confirm_timeout_s
    )
    return at - asked


def misunderstood(session: Session, question: Question, text: str) -> str | None:
    """Explain why the text does not answer the question; ``None`` if it does."""
    if not is_consent(session, question) or choice(question, text) is not None:
        return None
    listed = " or ".join(question.suggestions)
    return f"{text.strip()[:COMMAND_CHARS]!r} is no answer to {question.id}, which asks for consent: answer {listed}"


def settle(draft: Draft, question: Question, *, outcome: str, command: UserCommand | None = None) -> None:
    """Record how a question was settled.

    Args:
        command: The person's answer; ``None`` where nobody gave one.
    """
    pending = draft.session.approvals.guards.get(question.id)
    settled = Settled(
        question=question.id,
        text=question.text,
        choices=question.suggestions,
        about=question.about,
        answer=command.text if command is not None else "",
        by=command.by if command is not None else "",
        who=command.who if command is not None else "",
        at=draft.at,
        outcome=outcome,
        consent=pending is not None,
        request=pending.request if pending is not None else "",
        asked_at=draft.session.approvals.asked_at.get(question.id),
    )
    draft.approvals.settled = (*draft.session.approvals.settled, settled)


def settle_beforehand(draft: Draft, text: str, *, worker: WorkerId, request: str, rule: str) -> None:
    """Record that a command was run, or sent, by a consent that was given beforehand."""
    settled = Settled(
        question="",
        text=text,
        choices=(),
        about=worker,
        answer=rule,
        by="given beforehand (--approve, or the policy's approved_commands)",
        who="",
        at=draft.at,
        outcome="allowed",
        consent=True,
        request=request,
    )
    draft.approvals.settled = (*draft.session.approvals.settled, settled)


def ask_consent(
    draft: Draft,
    text: str,
    *,
    worker: WorkerId,
    request: str,
    rule: str,
    source: Literal["executable", "hook"] = "executable",
    parcel: OutboundArtifact | None = None,
    argv: tuple[str, ...] = (),
    process: str = "",
) -> None:
    """Ask a person, who has the policy's time for the answer; the worker goes on waiting."""
    session = draft.session
    number = session.approvals.questions_asked + 1
    question = Question(id=f"q{number}", text=text, suggestions=(YES, NO), about=worker)
    deadline = draft.at + timedelta(seconds=session.options.sandbox.confirm_timeout_s)
    pending = PendingGuard(worker, request, rule, deadline, source, parcel, argv, process)
    draft.approvals.questions = (*session.approvals.questions, question)
    draft.approvals.questions_asked = number
    draft.approvals.asked_at = {**session.approvals.asked_at, question.id: draft.at}
    draft.approvals.guards = {**session.approvals.guards, question.id: pending}
    draft.tell(PersonAsked(question=question))


def refuse_if_unattended(draft: Draft, worker: WorkerId, command: str, *, reason: str, rule: str) -> bool:
    """Whether a person can be asked; where not, how to consent beforehand is said."""
    if not draft.session.options.interactive:
        how = f"consent beforehand with --approve {shlex.quote(rule)}"
        draft.warn(f"{worker}: refused `{command}`: {reason}, and nobody is there to ask; {how}", worker)
    return draft.session.options.interactive


def answer(
    draft: Draft, worker: WorkerId, request: str, *, run: bool, reason: str, done: OutboundSent | None = None
) -> None:
    """Answer the guard, which closes its request.

    Args:
        done: The command was run in the worker's place, and so it went.
    """
    left = {key: value for key, value in draft.session.approvals.leaving.items() if key != key_of(worker, request)}
    if len(left) < len(draft.session.approvals.leaving):
        draft.approvals.leaving = left
    told = (done.code, done.stdout, done.stderr) if done is not None else (None, "", "")
    draft.do(AnswerGuard(worker, request, run, reason, *told))


def key_of(worker: WorkerId, request: str) -> str:
    """What a request is called among those of all workers."""
    return f"{worker}/{request}"


def shown(body: GuardAsked) -> str:
    """The command on one line, cut where it is long."""
    text = body.argv[0] if body.source == "hook" and body.argv else shlex.join(body.argv)
    line = visible(" ".join(text.split()))
    return line if len(line) <= COMMAND_CHARS else line[:COMMAND_CHARS] + " …"
