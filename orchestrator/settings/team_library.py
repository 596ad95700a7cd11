"""Find the teams that people wrote down: a file by its path, or the user's own and a trusted project's by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from orchestrator.agents.registry import AGENTS
from orchestrator.composition.team_files import TeamFile, included_reader, team_from
from orchestrator.errors import InvalidFile
from orchestrator.files.foreign import ForeignFolder, Unread
from orchestrator.models.agent_template import AgentTemplate
from orchestrator.settings.template_library import load_library
from orchestrator.toml_files import TomlFile, parse_toml

PROJECT_FOLDER: Final = ".orchestrator/teams"
MOST_BYTES: Final = 1024 * 1024
"""Of one file."""


def user_folder() -> Path:
    """Where the user's own teams lie; it need not exist."""
    from platformdirs import user_config_path

    return user_config_path("orchestrate", appauthor=False) / "teams"


def load_team(path: Path, *, project: Path | None = None) -> TeamFile:
    """The team in a file, with the files that it includes.  Blocks.

    Args:
        project: A target that a person trusts, whose own templates count as well.

    Raises:
        InvalidFile: It cannot be read, or is no team; with the reason.
    """
    return _load(path, {name: entry.template for name, entry in load_library(project).items()})


def load_teams(*, project: Path | None = None, user: Path | None = None) -> Mapping[str, TeamFile]:
    """The user's own teams by name, and over them the project's.  Blocks.

    Args:
        project: A target that a person trusts; ``None``: no project's are read.

    Raises:
        InvalidFile: One of them is no team, or two of one folder have the same name.
    """
    templates = {name: entry.template for name, entry in load_library(project).items()}
    found: dict[str, TeamFile] = {}
    roots = [user if user is not None else user_folder()]
    roots += [project / PROJECT_FOLDER] if project is not None else []
    for root in roots:
        own: dict[str, TeamFile] = {}
        for path in team_paths(root):
            team = _load(path, templates)
            if team.name in own:
                raise InvalidFile(path, f"{own[team.name].path} has the name {team.name!r} as well")
            own[team.name] = team
        found |= own
    return found


def _load(path: Path, templates: Mapping[str, AgentTemplate]) -> TeamFile:
    read = included_reader(path.parent, read_team)
    return team_from(
        read_team(path), templates=templates, known_agents=tuple(AGENTS), known_gates=gate_names, read=read
    )


def gate_names() -> Sequence[str]:
    """The names of all gates.  Looks through the installed packages."""
    from orchestrator.gates.gate_table import all_gates

    return tuple(all_gates()[0])


def read_team(path: Path) -> TomlFile:
    content = ForeignFolder(path.parent, links="follow").read(path.name, most_bytes=MOST_BYTES)
    if isinstance(content, Unread):
        said = "there is no such team" if content.reason == "missing" else content.detail
        raise InvalidFile(path, said)
    return parse_toml(path, content)


def team_paths(root: Path) -> Iterator[Path]:
    listing = ForeignFolder(root, links="follow").entries("")
    if isinstance(listing, Unread):
        if listing.reason == "missing":
            return
        raise InvalidFile(root, listing.detail)
    for entry in listing.entries:
        if entry.base.endswith(".toml"):
            yield root / entry.name
