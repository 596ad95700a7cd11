"""``orchestrate diff``: show what a session changed."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from orchestrator.cli import completion_values
from orchestrator.cli.shared_options import json_option, workspace_option

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from orchestrator.coordinator.session_diff import SessionDiff

_SHAPES = ("patch", "stat", "name-only")


@click.command("diff")
@click.argument("session", metavar="[SESSION]", required=False, shell_complete=completion_values.sessions)
@click.argument("worker", metavar="[WORKER]", required=False, shell_complete=completion_values.workers)
@click.option("--since", metavar="MILESTONE", help="Since what the reviewers of this review saw: its number or name.")
@click.option("--patch", "shape", flag_value="patch", default="patch", help="As a patch that git can apply [default].")
@click.option("--stat", "shape", flag_value="stat", help="Only the files, with their lines added and deleted.")
@click.option("--name-only", "shape", flag_value="name-only", help="Only the names of the files.")
@workspace_option
@json_option
def command(
    session: str | None, worker: str | None, since: str | None, shape: str, workspace: Path | None, as_json: bool
) -> None:
    """Show what SESSION (default: the newest) changed in its target, or what changed while WORKER was at work.

    While the session has not ended it is the target as it stands now.
    """
    from orchestrator.cli.load_session import state_of
    from orchestrator.cli.session_lookup import which_session, workspace_path
    from orchestrator.coordinator.session_diff import session_diff
    from orchestrator.journal.folder import SESSION_ID

    if session is not None and worker is None and os.sep not in session and not SESSION_ID.fullmatch(session):
        session, worker = None, session
    folder = which_session(workspace_path(workspace), session)
    diff = session_diff(folder, state_of(folder), worker=worker, since=since)
    if diff.uncertain and not as_json:
        _say_uncertain(diff, str(worker))
    if as_json:
        print(_as_document(diff, session=folder.id, worker=worker, since=since))
    elif shape == "patch":
        _print_patch(diff.text(folder.id))
    else:
        for line in _names(diff) if shape == "name-only" else _figures(diff):
            print(line)


def _say_uncertain(diff: SessionDiff, worker: str) -> None:
    """Warn on standard error, so that standard output stays a patch for git."""
    from orchestrator.narration.formatting import quoted_name

    names = ", ".join(quoted_name(name) for name in diff.uncertain)
    print(f"not certainly {worker}'s alone: {names}", file=sys.stderr)


def _print_patch(content: bytes) -> None:
    """Print the patch byte for byte for git; for a terminal, control characters are made visible."""
    from orchestrator.quotation import visible_lines

    if sys.stdout.isatty():
        print(visible_lines(content.decode("utf-8", "surrogateescape")), end="")
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def _names(diff: SessionDiff) -> Iterator[str]:
    from orchestrator.narration.formatting import quoted_name

    yield from (quoted_name(name) for name, _, _ in diff.files)


def _figures(diff: SessionDiff) -> Iterator[str]:
    from orchestrator.narration.formatting import changed_lines, quoted_name

    shown = [(quoted_name(name), more, less) for name, more, less in diff.files]
    width = max((len(name) for name, _, _ in shown), default=0)
    for name, more, less in shown:
        yield f" {name:<{width}} | " + (f"+{more} -{less}" if more or less else "binary, or no line of it")
    yield f" {changed_lines(len(shown), diff.insertions, diff.deletions)}"


def _as_document(diff: SessionDiff, *, session: str, worker: str | None, since: str | None) -> str:
    from orchestrator.cli.documents import document

    return document(
        {
            "session": session,
            "worker": worker,
            "since": since,
            "live": diff.is_live,
            "files": [{"path": name, "insertions": more, "deletions": less} for name, more, less in diff.files],
            "uncertain": list(diff.uncertain),
            "insertions": diff.insertions,
            "deletions": diff.deletions,
            "patch": diff.patch.content.decode("utf-8", "replace"),
            "whole": diff.patch.is_whole,
        }
    )
