"""``orchestrate clean``: delete old sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from orchestrator.cli.shared_options import Age, json_option, workspace_option

if TYPE_CHECKING:
    from pathlib import Path


@click.command("clean")
@click.option(
    "--older-than", type=Age(), metavar="AGE", help="Sessions in which nothing has happened for so long: 30d."
)
@click.option("--keep", type=click.IntRange(min=0), metavar="N", help="All sessions but the newest N.")
@click.option("--dry-run", is_flag=True, help="Only say what would be deleted.")
@workspace_option
@json_option
def command(older_than: float | None, keep: int | None, dry_run: bool, workspace: Path | None, as_json: bool) -> int:
    """Delete sessions of the workspace: journals, reports, snapshots, everything.

    One that is running, or of which anything still runs, is never deleted. What was deleted can neither be undone nor
    resumed any more.
    """
    from datetime import timedelta

    from orchestrator.cli.documents import document
    from orchestrator.cli.session_lookup import workspace_path
    from orchestrator.coordinator.clocks import utc_now
    from orchestrator.coordinator.old_sessions import delete, delete_remains, old_sessions
    from orchestrator.errors import ExitCode, UsageError
    from orchestrator.narration.formatting import counted, one_line, size

    if older_than is None and keep is None:
        raise UsageError("it is not said which sessions may go", hint="--older-than 30d, or --keep 20, or both")
    where = workspace_path(workspace)
    age = timedelta(seconds=older_than) if older_than is not None else None
    found = old_sessions(where, now=utc_now(), older_than=age, keep=keep)
    if not dry_run:
        delete_remains(where)
        found = list(delete(found))
    gone = [session for session in found if not session.problem]
    total = sum(session.bytes or 0 for session in gone)
    if as_json:
        rows = [
            {"id": s.folder.id, "last_active": s.last_active, "bytes": s.bytes, "problem": s.problem or None}
            for s in found
        ]
        print(document({"deleted": not dry_run, "bytes": total, "sessions": rows}))
    else:
        for session in found:
            what = f"NOT DELETED: {one_line(session.problem)}" if session.problem else size(session.bytes)
            print(f"{session.folder.id}  {session.last_active:%Y-%m-%d %H:%M}  {what}")
        print(f"{counted(len(gone), 'session')} {'to be deleted' if dry_run else 'deleted'}, {size(total)}")
    return ExitCode.FAILED if len(gone) < len(found) else ExitCode.DONE
