"""``orchestrate attach``: open the live view of a session that runs elsewhere."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Final

import click

from orchestrator.cli import completion_values
from orchestrator.cli.shared_options import workspace_option

if TYPE_CHECKING:
    from pathlib import Path

BY: Final = "orchestrate attach"


@click.command("attach")
@click.argument("session", metavar="[SESSION]", required=False, shell_complete=completion_values.sessions)
@workspace_option
@click.option("--quiet", "-q", is_flag=True, help="Plain lines instead of the live view, and only the important ones.")
@click.option("--verbose", "-v", is_flag=True, help="Show more.")
def command(session: str | None, workspace: Path | None, quiet: bool, verbose: bool) -> int:
    """Open the live view of SESSION (default: the newest that runs); q or Ctrl-C leaves it, and the session goes on."""
    import anyio

    from orchestrator.cli.attached import follow_session
    from orchestrator.cli.foreground import attend
    from orchestrator.cli.session_lookup import (
        colours_wanted,
        live_view_possible,
        person_at_terminal,
        put_out,
        running_session,
        terminal_width,
        workspace_path,
        workspace_words,
    )
    from orchestrator.cli.session_run import Showing
    from orchestrator.cli.summary_words import summary_text
    from orchestrator.journal.folder import SessionFolder

    folder = running_session(workspace_path(workspace), session)
    view = Showing(quiet=quiet, verbose=verbose).view(on_terminal=live_view_possible())
    begin = partial(follow_session, folder, caught_up=view.begin_transcript)
    interactive = person_at_terminal()
    result = anyio.run(partial(attend, begin, view, interactive=interactive, by=BY, owns=False))
    if isinstance(result, SessionFolder):
        where = workspace_words(folder.workspace)
        print(f"session {folder.id} goes on; orchestrate attach {folder.id}{where} opens it again", file=sys.stderr)
        return 0
    words = summary_text(result.state, folder, colour=colours_wanted(sys.stdout), width=terminal_width(sys.stdout))
    put_out(words)
    return int(result.exit_code)
