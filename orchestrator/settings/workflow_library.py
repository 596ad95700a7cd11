"""Find the workflows that people wrote down: a file by its path, or the user's own and a trusted project's by name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from orchestrator.agents.registry import AGENTS
from orchestrator.composition.team_files import TeamFile, included_reader
from orchestrator.composition.workflow_files import KnownNames, WorkflowFile, workflow_from
from orchestrator.errors import InvalidFile
from orchestrator.files.foreign import ForeignFolder, Unread
from orchestrator.gates.gate_table import all_gates
from orchestrator.settings.team_library import MOST_BYTES, load_teams
from orchestrator.settings.template_library import load_library
from orchestrator.toml_files import TomlFile, parse_toml

PROJECT_FOLDER: Final = ".orchestrator/workflows"


def user_folder() -> Path:
    """Where the user's own workflows lie; it need not exist."""
    from platformdirs import user_config_path

    return user_config_path("orchestrate", appauthor=False) / "workflows"


def load_workflow(path: Path, *, project: Path | None = None) -> WorkflowFile:
    """The workflow in a file.  Blocks.

    Args:
        project: A target that a person trusts, whose own teams and templates count as well.

    Raises:
        InvalidFile: It cannot be read, or is no workflow; with the reason.
    """

    def find_team(name: str) -> TeamFile | None:
        return load_teams(project=project).get(name)

    around = KnownNames(
        templates={name: entry.template for name, entry in load_library(project).items()},
        known_agents=tuple(AGENTS),
        known_gates=tuple(all_gates()[0]),
        read=included_reader(path.parent, _read),
        find_team=find_team,
    )
    return workflow_from(_read(path), around)


def load_workflows(*, project: Path | None = None, user: Path | None = None) -> Mapping[str, WorkflowFile]:
    """The user's own workflows by name, and over them the project's.  Blocks.

    Raises:
        InvalidFile: One of them is none, or two of one folder have the same name.
    """
    found: dict[str, WorkflowFile] = {}
    roots = [user if user is not None else user_folder()]
    roots += [project / PROJECT_FOLDER] if project is not None else []
    for root in roots:
        own: dict[str, WorkflowFile] = {}
        for path in _files(root):
            workflow = load_workflow(path, project=project)
            if workflow.name in own:
                raise InvalidFile(path, f"{own[workflow.name].path} has the name {workflow.name!r} as well")
            own[workflow.name] = workflow
        found |= own
    return found


def _read(path: Path) -> TomlFile:
    content = ForeignFolder(path.parent, links="follow").read(path.name, most_bytes=MOST_BYTES)
    if isinstance(content, Unread):
        raise InvalidFile(path, "there is no such file" if content.reason == "missing" else content.detail)
    return parse_toml(path, content)


def _files(root: Path) -> list[Path]:
    listing = ForeignFolder(root, links="follow").entries("")
    if isinstance(listing, Unread):
        if listing.reason == "missing":
            return []
        raise InvalidFile(root, listing.detail)
    return [root / entry.name for entry in listing.entries if entry.base.endswith(".toml")]
