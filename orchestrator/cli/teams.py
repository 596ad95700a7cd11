"""``orchestrate teams``: list the teams there are, show and check one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli import completion_values
from orchestrator.cli.shared_options import AnyPath, json_option, project_option

if TYPE_CHECKING:
    from pathlib import Path

    from orchestrator.composition.team_files import TeamFile

_TARGET = project_option("teams")
BUILT_IN: Mapping[str, str] = {
    "change": "One agent designs, one makes the change, one reviews it.",
    "solo": "One agent makes the change, and another one reviews it.",
    "answer": "One agent reads and answers; nobody may write in the target.",
}


@click.group("teams", invoke_without_command=True)
@json_option
@click.pass_context
def command(context: click.Context, *, as_json: bool) -> None:
    """List the teams: built in, yours, and those of a project that you trust."""
    if context.invoked_subcommand is None:
        from pathlib import Path

        _list(Path(), as_json=as_json)


@command.command("list")
@_TARGET
@json_option
def list_(target: Path, *, as_json: bool) -> None:
    """List the teams there are."""
    _list(target, as_json=as_json)


@command.command("show")
@click.argument("name", shell_complete=completion_values.teams)
@_TARGET
@json_option
def show(name: str, target: Path, *, as_json: bool) -> None:
    """Show the team NAME, or of a file, as a tree."""
    from orchestrator.cli.build_request import target_path
    from orchestrator.cli.named_teams import find_team
    from orchestrator.cli.session_lookup import put_out
    from orchestrator.composition.team_tree import tree_document
    from orchestrator.errors import UsageError

    if name in BUILT_IN:
        raise UsageError(
            f"the team {name} is filled by the agents there are", hint=f'orchestrate plan "task" --team {name} shows it'
        )
    team = find_team(name, target_path(target))
    if as_json:
        from orchestrator.cli.documents import document

        put_out(document({**_row(team), "tree": tree_document(team.plan)}))
    else:
        put_out("\n".join(_lines(team)))


@command.command("check")
@click.argument("file", type=AnyPath())
@_TARGET
def check(file: Path, target: Path) -> None:
    """Say whether FILE is a team; if not, which line is wrong and why."""
    from orchestrator.cli.build_request import target_path
    from orchestrator.cli.named_teams import trusted_project
    from orchestrator.cli.session_lookup import expanded, put_out
    from orchestrator.composition.team_tree import verdict
    from orchestrator.settings.team_library import load_team

    team = load_team(expanded(file).absolute(), project=trusted_project(target_path(target)))
    put_out(f"{file}: {verdict(team)}")


def _list(target: Path, *, as_json: bool) -> None:
    from orchestrator.cli.build_request import target_path
    from orchestrator.cli.named_teams import trusted_project
    from orchestrator.cli.session_lookup import put_out
    from orchestrator.settings.team_library import load_teams, user_folder

    teams = load_teams(project=trusted_project(target_path(target)))
    if as_json:
        from orchestrator.cli.documents import document

        built_in = [
            {"name": name, "description": words, "path": None, "writes": name != "answer"}
            for name, words in BUILT_IN.items()
        ]
        put_out(document({"teams": [*built_in, *(_row(team) for team in teams.values())]}))
        return
    for name, words in BUILT_IN.items():
        put_out(f"{name:<24} {words} (built in)")
    for name, team in sorted(teams.items()):
        put_out(f"{name:<24} {team.description or 'without a description'} ({team.path})")
    if not teams:
        put_out(f"your own go to {user_folder()}; docs/teams.md says how to write one")


def _row(team: TeamFile) -> Mapping[str, Any]:
    return {"name": team.name, "description": team.description, "path": str(team.path), "writes": team.writes}


def _lines(team: TeamFile) -> Iterator[str]:
    from orchestrator.cli.labelled_rows import labelled_lines
    from orchestrator.composition.team_tree import tree_rows

    yield f"{team.name}: {team.description or 'without a description'} ({team.path})"
    yield ""
    yield from labelled_lines(list(tree_rows(team.plan)), width=None)
