"""``orchestrate show``: tell where a session stands, or how it ended."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from orchestrator.cli import completion_values
from orchestrator.cli.shared_options import json_option, session_option, workspace_option

if TYPE_CHECKING:
    from pathlib import Path


@click.command("show")
@click.argument("named", metavar="[SESSION]", required=False, shell_complete=completion_values.sessions)
@session_option
@workspace_option
@json_option
def command(named: str | None, session: str | None, workspace: Path | None, as_json: bool) -> None:
    """Show where SESSION (default: the newest) stands, or how it ended."""
    from orchestrator.cli.documents import session_document
    from orchestrator.cli.final_words import final_words
    from orchestrator.cli.load_session import standing, state_of
    from orchestrator.cli.session_lookup import colours_wanted, terminal_width, which_session, workspace_path

    folder = which_session(workspace_path(workspace), named or session)
    state = state_of(folder)
    if state.change is None or state.change.problem is not None:
        from orchestrator.coordinator.final_change import measured_now

        state = measured_now(state, folder)
    if as_json:
        print(session_document(state, folder))
        return
    out = sys.stdout
    print(final_words(state, folder, colour=colours_wanted(out), width=terminal_width(out)))
    if state.closed is None:
        print(f"{'now':<11}{standing(state, folder)}")
