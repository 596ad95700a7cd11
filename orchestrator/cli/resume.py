"""``orchestrate resume``: go on with a session that is paused, was interrupted, or waits for a person."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, Final

import click

from orchestrator.cli import completion_values
from orchestrator.cli.shared_options import (
    dashboard_options,
    fail_option,
    json_option,
    report_options,
    workspace_option,
)

if TYPE_CHECKING:
    from pathlib import Path

    from orchestrator.models.entries import PersonsWords

BY: Final = "orchestrate resume"
REPORTS: Final = ("junit", "sarif", "report", "code_quality", "artifacts", "fail_on")
"""What is for the process that a session runs in."""


@click.command("resume")
@click.argument("session", required=False, shell_complete=completion_values.sessions)
@click.option(
    "--answer",
    metavar="TEXT",
    help="The answer to its question, or your words to what it was stopped for: its agent goes on by them.",
)
@workspace_option
@click.option(
    "--interactive/--no-interactive",
    default=None,
    help="Whether further questions wait for you [default: yes in a terminal].",
)
@click.option(
    "--share-target",
    is_flag=True,
    help="Work in the target although another session does; then it is not certain whose a change is.",
)
@json_option
@click.option("--quiet", "-q", is_flag=True, help="Plain lines instead of the live view, and only the important ones.")
@click.option("--verbose", "-v", is_flag=True, help="Say and log more.")
@click.option("--words-on-stdin", is_flag=True, hidden=True, help="A dashboard says what its person said, and who.")
@report_options
@fail_option
@dashboard_options
def command(
    session: str | None, answer: str | None, workspace: Path | None, words_on_stdin: bool, **options: Any
) -> int:
    """Let a paused session run on, or take over one whose coordinator is gone (default: the newest)."""
    from datetime import UTC, datetime

    from orchestrator.cli.build_request import environment_with_log_level
    from orchestrator.cli.control_command import send
    from orchestrator.cli.load_session import state_of
    from orchestrator.cli.session_lookup import person_at_terminal, which_session, workspace_path
    from orchestrator.errors import UsageError
    from orchestrator.journal.control import drop_command, person
    from orchestrator.journal.session_lock import session_holder
    from orchestrator.models.entries import Command
    from orchestrator.session.choices import answer_command, no_answer
    from orchestrator.session.consents import unclear

    folder = which_session(workspace_path(workspace), session)
    if session_holder(folder) is not None:
        if options["share_target"]:
            raise UsageError(
                f"session {folder.id} is running, and whether it shares its target was settled when it began",
                hint=f"orchestrate resume {folder.id} lets it run on as it is",
            )
        asked_for = [name for name in REPORTS if options[name] is not None]
        if asked_for:
            raise UsageError(
                f"session {folder.id} is running, and who started it writes its reports",
                hint=f"orchestrate resume {folder.id} without --{asked_for[0].replace('_', '-')} lets it run on",
            )
        if answer is not None:
            state = state_of(folder)
            asked = next(iter(state.approvals.questions), None)
            if asked is None:
                raise UsageError(
                    "no question is open, and it is running: your words were told to nobody",
                    hint=f"orchestrate resume {folder.id} lets it run on if it is paused",
                )
            problem = unclear(state, None, BY, datetime.now(UTC)) or no_answer(state, asked, answer)
            if problem is not None:
                raise UsageError(problem, hint="the session runs on and the question is still open")
            drop_command(folder, answer_command(asked, answer, by=BY, who=person()))
        send(folder, Command.RESUME, by=BY)
        print(f"session {folder.id} is running; it was told to run on")
        return 0
    from orchestrator.cli.session_run import Showing, resume_session_to_end

    interactive = options["interactive"]
    return resume_session_to_end(
        folder,
        environment_with_log_level(os.environ, verbose=options["verbose"]),
        answer=_words_from_stdin() if words_on_stdin else answer,
        interactive=person_at_terminal() if interactive is None else interactive,
        share_target=options["share_target"],
        showing=Showing.of(options),
    )


def _words_from_stdin() -> PersonsWords:
    from orchestrator.journal.control import read_words

    return read_words(sys.stdin.buffer.read())
