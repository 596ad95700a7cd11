"""``orchestrate answer``: answer a question of a running session from another terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from orchestrator.cli.shared_options import session_option, workspace_option

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from orchestrator.models.facts import Question

BY: Final = "orchestrate answer"


@click.command("answer")
@click.argument("text")
@session_option
@workspace_option
@click.option("--question", metavar="ID", help="Another question than the oldest open one, e.g. q2.")
def command(text: str, session: str | None, workspace: Path | None, question: str | None) -> None:
    """Answer the running session's oldest open question with TEXT."""
    from datetime import UTC, datetime

    from orchestrator.cli.load_session import state_of
    from orchestrator.cli.session_lookup import which_session, workspace_path
    from orchestrator.errors import OrchestrateError, UsageError
    from orchestrator.journal.control import drop_command, person
    from orchestrator.journal.session_lock import session_holder
    from orchestrator.models.entries import Command
    from orchestrator.session.choices import answer_command, no_answer
    from orchestrator.session.consents import unclear

    if not text.strip():
        raise UsageError("the answer is empty")
    folder = which_session(workspace_path(workspace), session, live=True)
    if session_holder(folder) is None:
        raise OrchestrateError(
            f"session {folder.id} is not running",
            hint=f'if it waits for this answer: orchestrate resume {folder.id} --answer "…"',
        )
    state = state_of(folder)
    questions = state.approvals.questions
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
    done = "is being stopped" if command.command is Command.STOP else f"{asked.id} answered"
    print(f"session {folder.id}: {done} ({asked.text})")


def _unnamed_choice(questions: Sequence[Question], named: str | None, text: str) -> str | None:
    """Explain why a choice that may stop the session must name its question; ``None`` if it need not, or does."""
    from orchestrator.session.consents import choice

    if named is not None or len(questions) < 2 or all(choice(question, text) is None for question in questions):
        return None
    listed = ", ".join(question.id for question in questions)
    return f"{listed} are open, each with choices of its own: a choice must name the question that it is for"
