"""``orchestrate logs``: show what the workers said and did, from the journal or as their raw bytes."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

import click

from orchestrator.cli.shared_options import session_option, workspace_option

if TYPE_CHECKING:
    from pathlib import Path


@click.command("logs")
@click.argument("agent", required=False)
@click.option("-f", "--follow", is_flag=True, help="Go on until the session ends.")
@click.option(
    "--raw", is_flag=True, help="The agent's own output, unredacted; byte for byte, unless a terminal reads it."
)
@session_option
@workspace_option
def command(agent: str | None, follow: bool, raw: bool, session: str | None, workspace: Path | None) -> None:
    """Read what happened in the newest (running) session, or only what concerns AGENT.

    AGENT is a worker's id or an agent's name.  Without --raw the lines come from the journal, secrets left out.
    """
    import anyio

    from orchestrator.cli.session_lookup import which_session, workspace_path
    from orchestrator.cli.tail_output import follow_journal, follow_raw

    folder = which_session(workspace_path(workspace), session, live=True)
    if raw:
        from orchestrator.cli.tail_output import raw_file

        path = raw_file(folder, agent)
        print(f"{path}: the agent's own bytes, unredacted; they may hold secrets", file=sys.stderr)
        anyio.run(partial(follow_raw, folder, path, follow=follow))
    else:
        anyio.run(partial(follow_journal, folder, agent, follow=follow))
