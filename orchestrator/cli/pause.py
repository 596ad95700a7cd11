"""``orchestrate pause``: freeze a running session's workers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from orchestrator.cli import completion_values
from orchestrator.cli.shared_options import session_option, workspace_option

if TYPE_CHECKING:
    from pathlib import Path


@click.command("pause")
@click.argument("worker", required=False, shell_complete=completion_values.workers)
@session_option
@workspace_option
def command(worker: str | None, session: str | None, workspace: Path | None) -> None:
    """Freeze the running session's workers, or only WORKER; their clocks stand still."""
    from orchestrator.cli.control_command import send
    from orchestrator.cli.session_lookup import running_session, workspace_path
    from orchestrator.models.entries import Command

    folder = running_session(workspace_path(workspace), session)
    send(folder, Command.PAUSE, by="orchestrate pause", worker=worker)
    print(f"session {folder.id}: told to pause {worker or 'every worker'}; orchestrate resume lets it run on")
