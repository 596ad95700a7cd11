"""``orchestrate sessions``: list the sessions of the workspace, newest first."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import click

from orchestrator.cli.shared_options import json_option, workspace_option

if TYPE_CHECKING:
    from pathlib import Path

    from orchestrator.journal.index import SessionRow

_SHOWN = 20


@click.command("sessions")
@workspace_option
@click.option("--all", "everything", is_flag=True, help=f"All of them, not only the newest {_SHOWN}.")
@json_option
def command(workspace: Path | None, everything: bool, as_json: bool) -> None:
    """List the sessions of the workspace, newest first."""
    from orchestrator.cli.session_lookup import workspace_path
    from orchestrator.coordinator.old_sessions import disk_use
    from orchestrator.coordinator.workspace_cleanup import clean_workspace
    from orchestrator.journal.folder import SessionFolder
    from orchestrator.journal.index import SessionIndex
    from orchestrator.narration.formatting import one_line, size

    folder = workspace_path(workspace)
    for leftover in clean_workspace(folder):
        click.echo(f"left over from {leftover}", err=True)
    index = SessionIndex(folder)
    index.refresh()
    rows = index.rows()
    shown = rows if everything else rows[:_SHOWN]
    standings = [_standing(folder, row) for row in shown]
    sizes = [disk_use(SessionFolder(folder / row.id)) for row in shown]
    if as_json:
        from dataclasses import asdict

        from orchestrator.cli.documents import document

        told = zip(shown, standings, sizes, strict=True)
        print(document([{**asdict(row), "standing": words, "bytes": used} for row, words, used in told]))
        return
    if not shown:
        click.echo(f"no session in {folder}", err=True)
    for row, words, used in zip(shown, standings, sizes, strict=True):
        begun = f"{row.opened_at.astimezone():%Y-%m-%d %H:%M}" if row.opened_at else "?"
        print(
            f"{row.id}  {begun}  {size(used):>10}  {one_line(row.problem or words, 200):<14}  {one_line(row.task, 80)}"
        )
    if len(rows) > len(shown):
        click.echo(f"{len(rows) - len(shown)} older ones: orchestrate sessions --all", err=True)


def _standing(workspace: Path, row: SessionRow) -> str:
    """Say how a session stands; a running one is folded to see whether it waits for a person."""
    from orchestrator.cli.standings import standing_words
    from orchestrator.errors import JournalDamaged
    from orchestrator.journal.folder import SessionFolder

    waits = False
    if row.holder is not None and row.problem is None:
        # Only here: the fold takes longer to import than everything else.
        from orchestrator.cli.load_session import state_of
        from orchestrator.session.summary import waits_for_person

        with suppress(JournalDamaged):
            waits = waits_for_person(state_of(SessionFolder(workspace / row.id)))
    return standing_words(row.outcome, row.holder, session=row.id, waits=waits)
