"""``orchestrate plan``: show what a run of a task would do, without starting anything."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli.option_sections import SectionedCommand
from orchestrator.cli.run import AGENTS, BOUNDS, REVIEWS, RIGHTS, TARGET, read_task
from orchestrator.cli.shared_options import json_option
from orchestrator.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from orchestrator.orchestration.proposed_reading import ProposedReading

_LOOK_TIME_S = 60.0


@click.command("plan", cls=SectionedCommand)
@click.argument("task", required=False)
@TARGET
@AGENTS
@RIGHTS
@REVIEWS
@BOUNDS
@click.option(
    "--analyze-with",
    "reader",
    metavar="AGENT",
    help="Have this agent read the task, too. It proposes and decides nothing, and costs one short session.",
)
@click.option("--rehearse", is_flag=True, help="With --analyze-with: it plays against a scripted model, at no cost.")
@click.option("--stand-ins", is_flag=True, help="With --analyze-with: the same, with the built-in stand-ins.")
@json_option
def command(
    task: str | None,
    task_file: Path | None,
    reader: str | None,
    *,
    rehearse: bool,
    stand_ins: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Show who would do what for TASK, why, and within which bounds.

    It takes the options of a run (a rehearsal's apart). Without --analyze-with it starts nothing and costs nothing:
    versions of CLIs are those that the newest sessions found.
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
    proposed = None
    if reader is not None:
        how: dict[str, Any] = {"rehearse": "stand-ins" if stand_ins else True} if rehearse or stand_ins else {}
        proposed = _proposed(words, reader, {**how, "path": str(target), "workspace": str(workspace)})
    elif rehearse or stand_ins:
        raise UsageError("a plan starts nothing that could be rehearsed", hint="--rehearse goes with --analyze-with")
    if as_json:
        from orchestrator.cli.documents import document

        put_out(document({**plan_document(plan), "proposed": proposed}))
    else:
        put_out("\n".join(plan_lines(plan, width=terminal_width(sys.stdout), proposed=proposed)))


def _proposed(task: str, reader: str, context: dict[str, Any]) -> ProposedReading:
    import anyio

    from orchestrator.cli.build_request import known_agent
    from orchestrator.orchestration.proposed_reading import propose_reading

    # Whoever types the option has asked for what it costs.
    return anyio.run(propose_reading, task, known_agent(reader), {"consent": True, **context})
