"""``orchestrate show``: tell where a session stands, or how it ended."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from orchestrator.cli import completion_values
from orchestrator.cli.shared_options import json_option, session_option, workspace_option

if TYPE_CHECKING:
    from pathlib import Path

    from orchestrator.cli.told_session import Told
    from orchestrator.journal.folder import SessionFolder


@click.command("show")
@click.argument("named", metavar="[SESSION]", required=False, shell_complete=completion_values.sessions)
@session_option
@workspace_option
@json_option
def command(named: str | None, session: str | None, workspace: Path | None, as_json: bool) -> None:
    """Show where SESSION (default: the newest) stands, or how it ended."""
    from orchestrator.cli.session_lookup import colours_wanted, terminal_width, which_session, workspace_path
    from orchestrator.cli.summary_layout import laid_out

    folder = which_session(workspace_path(workspace), named or session)
    told, standing = _told(folder)
    if as_json:
        from orchestrator.cli.documents import located_document

        print(located_document(told.summary, folder))
        return
    out = sys.stdout
    print(laid_out(told.words, folder, colour=colours_wanted(out), width=terminal_width(out)))
    if standing is not None:
        print(f"{'now':<11}{standing}")


def _told(folder: SessionFolder) -> tuple[Told, str | None]:
    """What is told of the session, and how one that has not been closed stands.

    Of one that has ended, that is what was told before, unless its journal or the program has changed since.
    """
    from orchestrator.cli.told_session import Told, keep_told, told_before, told_now
    from orchestrator.journal.kept_summary import stamp_of
    from orchestrator.quotation import quoted_name

    stamp = stamp_of(folder)
    kept = told_before(folder, stamp) if stamp is not None else None
    if isinstance(kept, Told):
        return kept, None
    if kept is not None:
        where = quoted_name(str(folder.kept_summary_file))
        print(f"{where} {kept.why}: told again from the journal", file=sys.stderr)

    from orchestrator.cli.load_session import standing, state_of
    from orchestrator.journal.session_lock import session_holder

    folded = state_of(folder)
    state = folded
    if folded.change is None or folded.change.problem is not None:
        from orchestrator.coordinator.final_change import measured_now

        state = measured_now(folded, folder)
    told = told_now(state, is_running=session_holder(folder) is not None)
    if state.closed is None:
        return told, standing(state, folder)
    # What is measured now may be another thing the next time.
    if stamp is not None and state is folded:
        keep_told(told, folder, stamp=stamp)
    return told, None
