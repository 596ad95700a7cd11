"""``orchestrate plan``: show what a run of a task would do, without starting anything."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli.option_sections import SectionedCommand
from orchestrator.cli.run import AGENTS, BOUNDS, REVIEWS, RIGHTS, TARGET, read_task
from orchestrator.cli.shared_options import json_option

if TYPE_CHECKING:
    from pathlib import Path

_LOOK_TIME_S = 60.0


@click.command("plan", cls=SectionedCommand)
@click.argument("task", required=False)
@TARGET
@AGENTS
@RIGHTS
@REVIEWS
@BOUNDS
@json_option
def command(task: str | None, task_file: Path | None, as_json: bool, **options: Any) -> None:
    """Show who would do what for TASK, why, and within which bounds.

    It takes the options of a run (a rehearsal's apart), starts nothing and costs nothing: versions of CLIs are those
    that the newest sessions found.
    """
    words = read_task(task, task_file)
    from orchestrator.cli.build_request import target_path
    from orchestrator.cli.session_lookup import put_out, terminal_width, workspace_path
    from orchestrator.cli.session_plan import plan_document, plan_lines, plan_session
    from orchestrator.files.time_limits import in_time

    target, workspace = target_path(options["target"]), workspace_path(options["workspace"])
    plan = in_time(
        lambda: plan_session(words, target, workspace, options, os.environ),
        within_s=_LOOK_TIME_S,
        what="the look at the project",
    )
    if as_json:
        from orchestrator.cli.documents import document

        put_out(document(plan_document(plan)))
    else:
        put_out("\n".join(plan_lines(plan, width=terminal_width(sys.stdout))))
