"""``orchestrate workflows``: list the workflows there are, show and check one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli import completion_values
from orchestrator.cli.shared_options import AnyPath, json_option, project_option

if TYPE_CHECKING:
    from pathlib import Path

    from orchestrator.composition.workflow_files import WorkflowFile

_TARGET = project_option("workflows")


@click.group("workflows", invoke_without_command=True)
@json_option
@click.pass_context
def command(context: click.Context, *, as_json: bool) -> None:
    """List the workflows: built in, yours, and those of a project that you trust."""
    if context.invoked_subcommand is None:
        from pathlib import Path

        _list(Path(), as_json=as_json)


@command.command("list")
@_TARGET
@json_option
def list_(target: Path, *, as_json: bool) -> None:
    """List the workflows there are."""
    _list(target, as_json=as_json)


@command.command("show")
@click.argument("name", metavar="FILE|NAME", shell_complete=completion_values.workflows)
@_TARGET
@json_option
def show(name: str, target: Path, *, as_json: bool) -> None:
    """Show the workflow NAME, or of a file: its team as a tree, its gates, its reports."""
    from orchestrator.cli.build_request import target_path
    from orchestrator.cli.named_workflows import find_workflow
    from orchestrator.cli.session_lookup import put_out
    from orchestrator.composition.team_tree import tree_document

    workflow = find_workflow(name, target_path(target))
    if as_json:
        from orchestrator.cli.documents import document

        tree = None if workflow.plan is None else tree_document(workflow.plan)
        put_out(document({**_row(workflow), "task": workflow.task, "report": dict(workflow.report), "tree": tree}))
    else:
        put_out("\n".join(_lines(workflow)))


@command.command("check")
@click.argument("file", type=AnyPath())
@_TARGET
def check(file: Path, target: Path) -> None:
    """Say whether FILE is a workflow; if not, which line is wrong and why."""
    from orchestrator.cli.build_request import target_path
    from orchestrator.cli.named_teams import trusted_project
    from orchestrator.cli.session_lookup import expanded, put_out
    from orchestrator.composition.workflow_files import words_of
    from orchestrator.settings.workflow_library import load_workflow

    workflow = load_workflow(expanded(file).absolute(), project=trusted_project(target_path(target)))
    put_out(f"{file}: right; {workflow.name}, {words_of(workflow)}")


def _list(target: Path, *, as_json: bool) -> None:
    from orchestrator.cli.build_request import target_path
    from orchestrator.cli.named_teams import trusted_project
    from orchestrator.cli.session_lookup import put_out
    from orchestrator.composition.workflow_files import BUILT_IN
    from orchestrator.settings.workflow_library import load_workflows, user_folder

    workflows = load_workflows(project=trusted_project(target_path(target)))
    if as_json:
        from orchestrator.cli.documents import document

        built_in = [{"name": name, "description": words, "path": None} for name, words in BUILT_IN.items()]
        put_out(document({"workflows": [*built_in, *(_row(workflow) for workflow in workflows.values())]}))
        return
    for name, words in BUILT_IN.items():
        put_out(f"{name:<24} {words} (orchestrate {name})")
    for name, workflow in sorted(workflows.items()):
        put_out(f"{name:<24} {workflow.description or 'without a description'} ({workflow.path})")
    if not workflows:
        put_out(f"your own go to {user_folder()}; docs/workflows.md says how to write one")


def _row(workflow: WorkflowFile) -> Mapping[str, Any]:
    gates = workflow.gates
    return {
        "name": workflow.name,
        "description": workflow.description,
        "path": str(workflow.path),
        "writes": workflow.writes,
        "gates": [] if gates is None else list(gates.gates),
        "thresholds": {} if gates is None else dict(gates.thresholds),
    }


def _lines(workflow: WorkflowFile) -> Iterator[str]:
    from orchestrator.cli.labelled_rows import labelled_lines
    from orchestrator.composition.team_tree import tree_rows
    from orchestrator.composition.workflow_files import words_of

    yield f"{workflow.name}: {workflow.description or 'without a description'} ({workflow.path})"
    yield words_of(workflow)
    if workflow.task:
        yield f"task: {workflow.task}"
    if workflow.plan is not None:
        yield ""
        yield from labelled_lines(list(tree_rows(workflow.plan)), width=None)
