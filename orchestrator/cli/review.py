"""``orchestrate review``: ask for a peer review now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from orchestrator.cli import completion_values
from orchestrator.cli.shared_options import session_option, workspace_option

if TYPE_CHECKING:
    from pathlib import Path


@click.command("review")
@click.argument("text", required=False, default="")
@click.option(
    "--worker",
    metavar="ID",
    shell_complete=completion_values.workers,
    help="Whose work to review; without it, the session as a whole.",
)
@session_option
@workspace_option
def command(text: str, worker: str | None, session: str | None, workspace: Path | None) -> None:
    """Ask for a review of the running session's work; TEXT says what to look at."""
    from orchestrator.cli.control_command import send
    from orchestrator.cli.session_lookup import running_session, workspace_path
    from orchestrator.models.entries import Command

    folder = running_session(workspace_path(workspace), session)
    send(folder, Command.REVIEW, by="orchestrate review", worker=worker, text=text)
    print(f"session {folder.id}: a review has been asked for; orchestrate logs -f shows it")
