"""``orchestrate stop``: end a running session cleanly, or kill it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from orchestrator.cli import completion_values
from orchestrator.cli.shared_options import Duration, session_option, workspace_option

if TYPE_CHECKING:
    from pathlib import Path

    from orchestrator.journal.folder import SessionFolder
    from orchestrator.session.state import Session


@click.command("stop")
@click.argument("worker", required=False, shell_complete=completion_values.workers)
@session_option
@workspace_option
@click.option("--kill", is_flag=True, help="At once, without asking the agents first.")
@click.option(
    "--wait", type=Duration(), default=60.0, metavar="DURATION", help="How long to wait for the end [default: 60s]."
)
def command(worker: str | None, session: str | None, workspace: Path | None, kill: bool, wait: float) -> int:
    """Stop the running session, or only one WORKER of it.

    Stopping a session that has ended already is no error.  Of one that has lost its coordinator the agents that still
    run are ended; it can be resumed.
    """
    from orchestrator.cli.control_command import send, wait_until
    from orchestrator.cli.load_session import standing, state_of
    from orchestrator.cli.session_lookup import running_session, which_session, workspace_path
    from orchestrator.journal.session_lock import session_holder
    from orchestrator.models.entries import Command
    from orchestrator.models.identity import WorkerId
    from orchestrator.models.workers import TERMINAL

    where = workspace_path(workspace)
    folder = which_session(where, session, live=True)
    if session_holder(folder) is None:
        state = state_of(folder)
        if state.closed is None and worker is None:
            return _end_abandoned(folder, kill=kill, wait_s=wait)
        if session is not None:
            print(f"session {folder.id} is not running: {standing(state, folder)}")
            return 0 if state.closed else 1
    folder = running_session(where, session)
    send(folder, Command.KILL if kill else Command.STOP, by="orchestrate stop", worker=worker)

    def is_over(state: Session) -> bool:
        if worker is None:
            return state.closed is not None
        return state.workers[WorkerId(worker)].status in TERMINAL

    ended = wait_until(folder, is_over, seconds=wait)
    what = f"worker {worker} of session {folder.id}" if worker else f"session {folder.id}"
    print(f"{what} has ended" if ended else f"{what} has been told to stop, and has not ended yet")
    return 0 if ended else 1


def _end_abandoned(folder: SessionFolder, *, kill: bool, wait_s: float) -> int:
    from orchestrator.cli.summary_words import changed_words
    from orchestrator.coordinator.abandoned import report_abandoned
    from orchestrator.coordinator.clocks import utc_now
    from orchestrator.coordinator.orphans import stop_abandoned

    ended, running = stop_abandoned(folder, hard=kill, within_s=wait_s)
    print(f"session {folder.id} has lost its coordinator")
    for leftover in ended:
        print(f"ended {leftover}")
    if running:
        print(f"told to stop, and not ended yet: {', '.join(running)}")
        return 1
    state = report_abandoned(folder, ended, by="orchestrate stop", now=utc_now())
    for line in changed_words(state):
        print(f"changed: {line}")
    print(f"report: {folder.report_text_file}")
    print(f"nothing of it runs; orchestrate resume {folder.id} goes on with it")
    return 0
