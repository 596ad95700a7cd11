"""``orchestrate answer``: answer a question of a running session from another terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from orchestrator.cli import completion_values
from orchestrator.cli.shared_options import session_option, workspace_option

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from orchestrator.journal.folder import SessionFolder
    from orchestrator.models.approvals import Settled
    from orchestrator.models.entries import UserCommand
    from orchestrator.models.facts import Question
    from orchestrator.session.state import Session

BY: Final = "orchestrate answer"
TAKEN_WITHIN_S: Final = 1.0
"""How long it is waited to hear whether somebody else was first."""


@click.command("answer")
@click.argument("text")
@session_option
@workspace_option
@click.option(
    "--question",
    metavar="ID",
    shell_complete=completion_values.questions,
    help="Another question than the oldest open one, e.g. q2.",
)
def command(text: str, session: str | None, workspace: Path | None, question: str | None) -> None:
    """Answer the running session's oldest open question with TEXT."""
    from datetime import UTC, datetime

    from orchestrator.cli.load_session import state_of
    from orchestrator.cli.session_lookup import which_session, workspace_path
    from orchestrator.errors import OrchestrateError, UsageError
    from orchestrator.journal.control import drop_command, person
    from orchestrator.journal.session_lock import session_holder
    from orchestrator.models.entries import Command
    from orchestrator.narration.sentences import settled_words
    from orchestrator.session.choices import answer_command, no_answer
    from orchestrator.session.consents import unclear

    if not text.strip():
        raise UsageError("the answer is empty")
    folder = which_session(workspace_path(workspace), session, live=True)
    state = state_of(folder)
    questions = state.approvals.questions
    earlier = next((one for one in reversed(state.approvals.settled) if one.question == question), None)
    if earlier is not None and all(one.id != question for one in questions):
        raise OrchestrateError(settled_words(earlier), hint="the first answer counts; orchestrate question shows more")
    if session_holder(folder) is None:
        raise OrchestrateError(
            f"session {folder.id} is not running",
            hint=f'if it waits for this answer: orchestrate resume {folder.id} --answer "…"',
        )
    which = unclear(state, question, BY, datetime.now(UTC)) or _unnamed_choice(questions, question, text)
    if which is not None:
        texts = "; ".join(f"{each.id}: {each.text}" for each in questions)
        raise UsageError(which, hint=f"--question {questions[0].id} and so on. {texts}")
    asked = next((q for q in questions if question in (None, q.id)), None)
    if asked is None:
        named = f"question {question}" if question else "question"
        open_ones = ", ".join(q.id for q in questions) or "none"
        raise OrchestrateError(f"session {folder.id} has no open {named}", hint=f"open questions: {open_ones}")
    problem = no_answer(state, asked, text)
    if problem is not None:
        raise UsageError(problem, hint=f"{asked.text} It is still open.")
    command = answer_command(asked, text, by=BY, who=person())
    drop_command(folder, command)
    if command.command is Command.STOP:
        print(f"session {folder.id}: is being stopped ({asked.text})")
        return
    others = _answer_of_others(folder, asked, command)
    if others is not None:
        raise OrchestrateError(
            settled_words(others), hint="the first answer counts; yours came second and was not told"
        )
    told = "" if asked.id in state.approvals.guards else f" with {command.text!r}"
    print(f"session {folder.id}: {asked.id} answered{told} ({asked.text})")


def _answer_of_others(folder: SessionFolder, asked: Question, command: UserCommand) -> Settled | None:
    """What somebody else answered first; ``None`` where this answer counts, or the session has not taken it yet."""
    from orchestrator.cli.control_command import wait_until
    from orchestrator.cli.load_session import state_of

    def is_closed(session: Session) -> bool:
        return all(one.id != asked.id for one in session.approvals.questions)

    if not wait_until(folder, is_closed, seconds=TAKEN_WITHIN_S):
        return None
    settled = next((one for one in reversed(state_of(folder).approvals.settled) if one.question == asked.id), None)
    is_own = settled is None or (settled.by, settled.who, settled.answer) == (command.by, command.who, command.text)
    return None if is_own else settled


def _unnamed_choice(questions: Sequence[Question], named: str | None, text: str) -> str | None:
    """Explain why a choice that may stop the session must name its question; ``None`` if it need not, or does."""
    from orchestrator.session.consents import choice

    if named is not None or len(questions) < 2 or all(choice(question, text) is None for question in questions):
        return None
    listed = ", ".join(question.id for question in questions)
    return f"{listed} are open, each with choices of its own: a choice must name the question that it is for"
