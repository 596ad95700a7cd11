"""``orchestrate continue``: ask for more of a session that is done, in the same conversations."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli import completion_values
from orchestrator.cli.shared_options import (
    AnyPath,
    Count,
    Duration,
    Money,
    dashboard_options,
    fail_option,
    json_option,
    report_options,
    workspace_option,
)
from orchestrator.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


@click.command("continue")
@click.argument("words", nargs=-1, metavar="[SESSION] TEXT", shell_complete=completion_values.sessions)
@click.option("--task-file", type=AnyPath(), metavar="FILE", help="Read TEXT from a file; `-` reads standard input.")
@workspace_option
@click.option(
    "--changed-target",
    is_flag=True,
    help="Go on although the target is not as the session left it; the agents are told which files differ.",
)
@click.option(
    "--timeout",
    "timeout_s",
    type=Duration(),
    metavar="DURATION",
    help="Stop after this time [default: as long as the session might take].",
)
@click.option(
    "--max-cost",
    "max_cost_usd",
    type=Money(),
    metavar="USD",
    help="Stop when the follow-up has cost this much [default: as much as the session might].",
)
@click.option("--max-tokens", type=Count(), metavar="N", help="The same in tokens: 200000, 200k.")
@click.option(
    "--interactive/--no-interactive",
    default=None,
    help="Whether questions wait for you [default: yes in a terminal].",
)
@click.option(
    "--share-target",
    is_flag=True,
    help="Work in the target although another session does; then it is not certain whose a change is.",
)
@json_option
@click.option("--quiet", "-q", is_flag=True, help="Plain lines instead of the live view, and only the important ones.")
@click.option("--verbose", "-v", is_flag=True, help="Say and log more.")
@report_options
@fail_option
@dashboard_options
def command(words: tuple[str, ...], task_file: Path | None, workspace: Path | None, **options: Any) -> int:
    """Ask the team of a session that is done for more (default: of the newest one).

    Every agent goes on in its own conversation, with what is there now; the result is reviewed as the first one was.
    """
    from orchestrator.cli.build_request import environment_with_log_level
    from orchestrator.cli.run import read_task
    from orchestrator.cli.session_lookup import person_at_terminal, which_session, workspace_path
    from orchestrator.cli.session_run import Showing, follow_up_to_end
    from orchestrator.coordinator.session_request import FollowUpRequest
    from orchestrator.journal.session_lock import session_holder

    session, text = _parted(words, is_file=task_file is not None)
    asked = read_task(text, task_file)
    folder = which_session(workspace_path(workspace), session)
    if session_holder(folder) is not None:
        raise UsageError(
            f"session {folder.id} is running, so nothing can follow on it yet",
            hint=f"wait for its end, or stop it: orchestrate stop --session {folder.id}",
        )
    interactive = options["interactive"]
    return follow_up_to_end(
        folder,
        environment_with_log_level(os.environ, verbose=options["verbose"]),
        asked=FollowUpRequest(
            asked,
            changed_target=options["changed_target"],
            max_cost_usd=options["max_cost_usd"],
            max_tokens=options["max_tokens"],
            timeout_s=options["timeout_s"],
        ),
        interactive=person_at_terminal() if interactive is None else interactive,
        share_target=options["share_target"],
        showing=Showing.of(options),
    )


def _parted(words: tuple[str, ...], *, is_file: bool) -> tuple[str | None, str | None]:
    """The session and the text, where they were given.

    Raises:
        UsageError: There are more words than that, as where the quotes are missing.
    """
    most = 1 if is_file else 2
    if len(words) > most:
        raise UsageError(
            f"{len(words)} words were given where {'SESSION' if is_file else '[SESSION] TEXT'} is expected",
            hint='put the text in quotes: orchestrate continue "now also …"',
        )
    if is_file:
        return (words[0] if words else None), None
    if not words:
        return None, None
    return (words[0] if len(words) == most else None), words[-1]
