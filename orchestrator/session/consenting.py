"""A person's consent to one command: the question put, the guard that waits told.  Pure, as all of the fold."""

from __future__ import annotations

import shlex
from datetime import timedelta
from typing import Literal

from orchestrator.models.effects import AnswerGuard, AskPerson, Question
from orchestrator.models.entries import GuardAsked
from orchestrator.models.identity import WorkerId
from orchestrator.models.leaving import LeavingDone, Parcel
from orchestrator.quotation import visible
from orchestrator.session.draft import Draft
from orchestrator.session.state import PendingGuard

COMMAND_CHARS = 300
"""Of a command in a question; the journal has all of it."""


def ask_consent(
    draft: Draft,
    text: str,
    *,
    worker: WorkerId,
    request: str,
    rule: str,
    source: Literal["executable", "hook"] = "executable",
    parcel: Parcel | None = None,
) -> None:
    """Ask a person, who has the policy's time for the answer; the worker goes on waiting."""
    session = draft.session
    number = session.questions_asked + 1
    question = Question(id=f"q{number}", text=text, suggestions=("yes", "no"), about=worker)
    deadline = draft.at + timedelta(seconds=session.options.sandbox.confirm_timeout_s)
    pending = PendingGuard(worker, request, rule, deadline, source, parcel)
    draft.set(
        questions=(*session.questions, question),
        questions_asked=number,
        guards={**session.guards, question.id: pending},
    )
    draft.do(AskPerson(question=question))


def is_anybody_there(draft: Draft, worker: WorkerId, command: str, *, reason: str, rule: str) -> bool:
    """Whether a person can be asked; where not, how to consent beforehand is said."""
    if not draft.session.options.interactive:
        how = f"consent beforehand with --approve {shlex.quote(rule)}"
        draft.warn(f"{worker}: refused `{command}`: {reason}, and nobody is there to ask; {how}", worker)
    return draft.session.options.interactive


def answer(
    draft: Draft, worker: WorkerId, request: str, *, run: bool, reason: str, done: LeavingDone | None = None
) -> None:
    """Tell the guard; nothing of its request is pending any more.

    Args:
        done: The command was run in the worker's place, and so it went.
    """
    left = {key: value for key, value in draft.session.leaving.items() if key != key_of(worker, request)}
    if len(left) < len(draft.session.leaving):
        draft.set(leaving=left)
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
