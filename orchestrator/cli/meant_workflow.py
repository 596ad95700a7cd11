"""Run the workflow that a task asks for, where its command takes what was said besides; else say the command."""

from __future__ import annotations

import importlib
import os
import shlex
import sys
from collections.abc import Mapping
from typing import Any, Final

import click

from orchestrator.composition.team_choice import AUTO
from orchestrator.composition.workflow_choice import MeantWorkflow, workflow_meant
from orchestrator.quotation import one_line

TAKEN: Final = frozenset({"task", "task_file", "target", "as_json", "team", "workspace"})
"""Options of a run that every workflow takes as well, or that only say what is run."""
_PLACES: Final = {
    "release-prep": ("--path", None),
    "security-deep-dive": ("--path", None),
    "test-coverage": ("--project-root", "--workspace"),
}
"""By workflow, its options for the project and for the workspace."""


def meant_by(task: str, options: Mapping[str, Any]) -> MeantWorkflow | None:
    """The workflow that a task asks for, where nobody named a team."""
    if (options.get("team") or AUTO) != AUTO or options.get("no_change"):
        return None
    return workflow_meant(task)


def run_meant(task: str, options: Mapping[str, Any]) -> int | None:
    """Run the workflow that the task asks for; ``None`` where a team is to work on it.

    Raises:
        click.ClickException: The workflow's command cannot mean what was said.
    """
    meant = meant_by(task, options)
    if meant is None:
        return None
    others = options_beside()
    if others:
        _tell(f"{meant.because}: {meant.command()} does that, and takes no {', '.join(others)}; so a team works on it")
        return None
    _tell(f"workflow {meant.name}: {meant.because}; otherwise --team change")
    command: click.Command = importlib.import_module(f"orchestrator.cli.{meant.name.replace('-', '_')}").command
    return int(
        command.main(arguments(meant, options), prog_name=f"orchestrate {meant.name}", standalone_mode=False) or 0
    )


def options_beside() -> tuple[str, ...]:
    """The options on the command line that a workflow does not take, as people write them."""
    context = click.get_current_context(silent=True)
    if context is None:
        return ()
    given = click.core.ParameterSource.COMMANDLINE
    return tuple(
        each.opts[0]
        for each in context.command.params
        if each.name not in TAKEN and context.get_parameter_source(each.name) is given
    )


def arguments(meant: MeantWorkflow, options: Mapping[str, Any]) -> list[str]:
    """What the workflow's command is given."""
    project, workspace = _PLACES[meant.name]
    words = [*meant.words, project, os.fspath(options["target"])]
    if workspace is not None and options.get("workspace") is not None:
        words += [workspace, os.fspath(options["workspace"])]
    return [*words, "--json"] if options.get("as_json") else words


def plan_words(task: str, options: Mapping[str, Any]) -> str:
    """For ``orchestrate plan``: which workflow a run would be; empty where it would be none."""
    meant = meant_by(task, options)
    if meant is None or options_beside():
        return ""
    return f"{shlex.join(['orchestrate', meant.name, *meant.words])}: {meant.because}; otherwise --team change"


def _tell(text: str) -> None:
    print(f"orchestrate: {one_line(text, 500)}", file=sys.stderr, flush=True)
