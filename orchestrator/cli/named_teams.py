"""Find the team that somebody named on the command line."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from orchestrator.cli.session_lookup import expanded, looks_like_file
from orchestrator.composition.team_choice import Team
from orchestrator.composition.team_files import TeamFile
from orchestrator.coordinator.project_trust import SETTINGS_TIME_S, trusted_settings
from orchestrator.errors import UsageError
from orchestrator.files.time_limits import in_time
from orchestrator.settings.team_library import load_team, load_teams


def find_team(asked: str, target: Path, *, trust: bool = False) -> TeamFile:
    """A team by its name, or by its file.  Blocks.

    Args:
        trust: Whether the target's own teams and templates count, whoever has consented to them.

    Raises:
        UsageError: There is no such team, or its file is none, with line and reason.
    """
    project = trusted_project(target, trust=trust)
    if looks_like_file(asked):
        return load_team(expanded(Path(asked)).absolute(), project=project)
    teams = load_teams(project=project)
    if asked in teams:
        return teams[asked]
    known = ", ".join(("auto", *Team, *teams))
    raise UsageError(f"there is no team {asked!r}; there are {known}", hint="a file of your own: --team ./mine.toml")


def trusted_project(target: Path, *, trust: bool = False) -> Path | None:
    """The target where its own settings count; what keeps them from counting is said.  Blocks."""
    trusted = in_time(
        lambda: trusted_settings(target, os.environ, trust=trust, policy="default"),
        within_s=SETTINGS_TIME_S,
        what="the look at the project's settings",
    )
    for warning in trusted.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    return target if trusted.digest else None
