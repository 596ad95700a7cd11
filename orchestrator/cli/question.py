"""``orchestrate question``: show what a session asks a person, with what is needed to decide it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli import completion_values
from orchestrator.cli.shared_options import json_option, workspace_option

if TYPE_CHECKING:
    from pathlib import Path

    from orchestrator.journal.folder import SessionFolder
    from orchestrator.session.open_questions import OpenQuestion
    from orchestrator.session.state import Session


@click.command("question")
@click.argument("session", metavar="[SESSION]", required=False, shell_complete=completion_values.sessions)
@click.option(
    "--question", "named", metavar="ID", shell_complete=completion_values.questions, help="Only this one, e.g. q2."
)
@click.option("--diff", "whole", is_flag=True, help="All of what was changed, not only its first lines.")
@workspace_option
@json_option
def command(session: str | None, named: str | None, whole: bool, workspace: Path | None, as_json: bool) -> int:
    """Show what SESSION (default: the one that runs, else the newest) asks you, and what each answer does."""
    from orchestrator.cli.load_session import state_of
    from orchestrator.cli.session_lookup import which_session, workspace_path
    from orchestrator.errors import ExitCode, OrchestrateError
    from orchestrator.session.open_questions import open_questions

    folder = which_session(workspace_path(workspace), session, live=True)
    state = state_of(folder)
    asked = [one for one in open_questions(state) if named in (None, one.id)]
    if named is not None and not asked:
        settled = next((one for one in state.approvals.settled if one.question == named), None)
        if settled is None:
            there = ", ".join(one.id for one in state.approvals.questions) or "none"
            raise OrchestrateError(f"session {folder.id} has no question {named}", hint=f"open questions: {there}")
    if as_json:
        _print_document(folder, state, asked)
    elif asked:
        for question in asked:
            _print_question(folder, state, question, whole=whole)
    else:
        _print_settled(folder, state, named)
    return int(ExitCode.NEEDS_PERSON if asked else ExitCode.DONE)


def _print_question(folder: SessionFolder, state: Session, question: OpenQuestion, *, whole: bool) -> None:
    from datetime import UTC, datetime

    from orchestrator.cli.decision_desk import MOST_LINES, PATCH_LINES, desk_change, desk_lines
    from orchestrator.cli.session_lookup import colours_wanted

    change = desk_change(folder, state, question)
    lines = desk_lines(question, change, now=datetime.now(UTC), patch_lines=MOST_LINES if whole else PATCH_LINES)
    coloured = colours_wanted(sys.stdout)
    for line in lines:
        print(click.style(line.text, **DESK_STYLES.get(line.part, {})) if coloured else line.text)
    if change is not None and len(change.patch) > PATCH_LINES and not whole:
        print("    orchestrate question --diff shows all of it")
    print(f"answer it  {_how(folder, question)}")


DESK_STYLES: dict[str, dict[str, Any]] = {
    "head": {"bold": True},
    "point": {"dim": True},
    "file": {"bold": True},
    "added": {"fg": "green"},
    "removed": {"fg": "red"},
    "effect": {"dim": True},
    "note": {"dim": True},
}
"""How each part of a question is drawn."""


def _how(folder: SessionFolder, question: OpenQuestion) -> str:
    """The command that answers it."""
    from orchestrator.cli.session_lookup import workspace_words
    from orchestrator.journal.session_lock import session_holder

    where = workspace_words(folder.workspace)
    answer = "1" if question.suggestions else '"…"'
    if session_holder(folder) is None:
        return f"orchestrate resume {folder.id} --answer {answer}{where}"
    return f"orchestrate answer {answer} --session {folder.id} --question {question.id}{where}"


def _print_settled(folder: SessionFolder, state: Session, named: str | None) -> None:
    from orchestrator.narration.sentences import settled_words

    settled = [one for one in state.approvals.settled if one.question and named in (None, one.question)]
    print(f"session {folder.id} asks nothing" if named is None else settled_words(settled[-1]))
    if named is None and settled:
        print(f"the last question: {settled_words(settled[-1])}")


def _print_document(folder: SessionFolder, state: Session, asked: list[OpenQuestion]) -> None:
    from dataclasses import asdict

    from orchestrator.cli.decision_desk import desk_change
    from orchestrator.cli.documents import document

    def described(question: OpenQuestion) -> dict[str, object]:
        change = desk_change(folder, state, question)
        return {**asdict(question), "change": asdict(change) if change is not None else None}

    print(
        document(
            {
                "session": folder.id,
                "questions": [described(question) for question in asked],
                "settled": [asdict(one) for one in state.approvals.settled if one.question],
            }
        )
    )
