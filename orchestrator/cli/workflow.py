"""``orchestrate workflow``: run a workflow of one's own: a team, and the gates that decide."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli import completion_values
from orchestrator.cli.option_sections import SectionedCommand, section
from orchestrator.cli.run import BOUNDS, DASHBOARD, OUTPUT, REHEARSAL, REPORTS, REVIEWS, RIGHTS, TARGET
from orchestrator.cli.shared_options import AnyPath, Names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orchestrator.composition.workflow_files import WorkflowFile

AGENTS = section(
    "Who works",
    click.option("--agents", type=Names(), metavar="LIST", help="Only these agents, e.g. claude,codex."),
    click.option("--without", type=Names(), metavar="LIST", help="All agents but these."),
    click.option(
        "--model", "models", multiple=True, metavar="AGENT=MODEL", help="The model an agent uses (repeatable)."
    ),
    click.option("--prompts", type=AnyPath(), metavar="DIR", help="Prompt templates that replace the built-in ones."),
    click.option("--python", type=AnyPath(), metavar="FILE", help="The interpreter of the tests, where gates are all."),
)


@click.command("workflow", cls=SectionedCommand)
@click.argument("file", metavar="FILE|NAME", shell_complete=completion_values.workflows)
@click.argument("task", required=False)
@TARGET
@AGENTS
@RIGHTS
@REVIEWS
@BOUNDS
@REHEARSAL
@OUTPUT
@REPORTS
@DASHBOARD
def command(file: str, task: str | None, task_file: Path | None, **options: Any) -> int:
    """Run the workflow in FILE: its team on TASK, or on its own task, and then the gates, which decide.

    A workflow without a team measures its gates, and starts no agent.
    """
    from orchestrator.cli.build_request import run_task, target_path
    from orchestrator.cli.named_workflows import find_workflow
    from orchestrator.cli.run import read_task
    from orchestrator.errors import UsageError

    target = target_path(options["target"])
    workflow = find_workflow(file, target, trust=options["trust_project"])
    options |= {kind: options[kind] or place for kind, place in report_places(workflow, target).items()}
    if workflow.plan is None:
        if task is not None or task_file is not None:
            raise UsageError(f"the workflow {workflow.name} has no team that could work on a task")
        return _measured(workflow, target, options)
    has_own = task is None and task_file is None and workflow.task
    words = workflow.task if has_own else read_task(task, task_file)
    _make_folders(workflow, target)
    return run_task(words, {**options, "team": None, "no_change": False, "own_team": workflow})


def report_places(workflow: WorkflowFile, target: Path) -> Mapping[str, Path]:
    """Where each report of the workflow goes.

    Raises:
        UsageError: By a link in the project it would leave the project.
    """
    from orchestrator.errors import UsageError

    found = {}
    for kind, place in workflow.report.items():
        path = target / place
        if not Path(os.path.realpath(path)).is_relative_to(target):
            raise UsageError(f"{workflow.path}: `report.{kind}` leads out of the project by a link: {place}")
        found[kind] = path
    return found


def _make_folders(workflow: WorkflowFile, target: Path) -> None:
    from orchestrator.errors import UsageError

    for kind, place in report_places(workflow, target).items():
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"the folder of `report.{kind}` cannot be made: {error}") from error


def _measured(workflow: WorkflowFile, target: Path, options: Mapping[str, Any]) -> int:
    """What ``orchestrate gates`` does, with the workflow's gates and thresholds."""
    from orchestrator.cli.gates import command as gates

    assert workflow.gates is not None
    words = [str(target), "--only", ",".join(workflow.gates.gates)]
    for name, value in workflow.gates.thresholds.items():
        words += ["--threshold", f"{name}={value:g}"]
    for name in ("report", "junit", "sarif", "code_quality", "artifacts", "fail_on", "python"):
        if options.get(name) is not None:
            words += [f"--{name.replace('_', '-')}", str(options[name])]
    words += ["--json"] if options["as_json"] else []
    words += ["--trust-project"] if options["trust_project"] else []
    _make_folders(workflow, target)
    return int(gates.main(words, prog_name="orchestrate gates", standalone_mode=False) or 0)
