"""Find the workflow that somebody named on the command line."""

from __future__ import annotations

from pathlib import Path

from orchestrator.cli.named_teams import trusted_project
from orchestrator.cli.session_lookup import expanded, looks_like_file
from orchestrator.composition.workflow_files import BUILT_IN, WorkflowFile
from orchestrator.errors import UsageError
from orchestrator.settings.workflow_library import load_workflow, load_workflows


def find_workflow(asked: str, target: Path, *, trust: bool = False) -> WorkflowFile:
    """A workflow by its name, or by its file.  Blocks.

    Args:
        trust: Whether the target's own workflows, teams and templates count, whoever has consented to them.

    Raises:
        UsageError: There is no such workflow, or its file is none, with line and reason.
    """
    project = trusted_project(target, trust=trust)
    if looks_like_file(asked):
        return load_workflow(expanded(Path(asked)).absolute(), project=project)
    if asked in BUILT_IN:
        raise UsageError(f"the workflow {asked} is a command of its own", hint=f"orchestrate {asked}")
    workflows = load_workflows(project=project)
    if asked in workflows:
        return workflows[asked]
    known = ", ".join((*BUILT_IN, *workflows))
    raise UsageError(
        f"there is no workflow {asked!r}; there are {known}",
        hint="a file of your own: orchestrate workflow ./mine.toml",
    )
