"""``orchestrate serve``: show every session of the workspace in the browser."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from orchestrator.cli.shared_options import workspace_option

if TYPE_CHECKING:
    from pathlib import Path


@click.command("serve")
@workspace_option
@click.option("--session", metavar="ID", help="Show this one first [default: the newest that runs, else the newest].")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=8000,
    metavar="PORT",
    show_default=True,
    help="Where to serve; the next free port if it is taken.",
)
@click.option(
    "--listen",
    default="127.0.0.1",
    metavar="ADDRESS",
    show_default=True,
    help="Another address: then others on the network can reach it, unencrypted, and steer agents with the token.",
)
@click.option("--tied", is_flag=True, hidden=True, help="End when standard input ends.")
def command(workspace: Path | None, session: str | None, port: int, listen: str, *, tied: bool) -> None:
    """Serve the dashboard for every session of the workspace, running or finished."""
    import anyio

    from orchestrator.cli.server_console import serve_until_told
    from orchestrator.cli.session_lookup import workspace_path
    from orchestrator.journal.folder import open_session
    from orchestrator.server.server_process import Place

    folder = workspace_path(workspace)
    if session is not None:
        open_session(folder, session)
    anyio.run(serve_until_told, Place(folder, session, port, listen), tied, sys.stdout)
