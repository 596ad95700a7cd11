"""``orchestrate settings``: show what is set and by whom, change one setting, and check a file."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from orchestrator.cli.shared_options import AnyPath, json_option, project_option

if TYPE_CHECKING:
    from pathlib import Path

    from orchestrator.settings.settings_files import Settings

_TARGET = project_option("settings")


@click.group("settings", invoke_without_command=True)
@json_option
@click.pass_context
def command(context: click.Context, *, as_json: bool) -> None:
    """Show what is set: the models of each tier, budgets, and what gates are held to."""
    if context.invoked_subcommand is None:
        from pathlib import Path

        _show(Path(), as_json=as_json)


@command.command("show")
@_TARGET
@json_option
def show(target: Path, *, as_json: bool) -> None:
    """Show what is set, and where it was said."""
    _show(target, as_json=as_json)


@command.command("set")
@click.argument("name")
@click.argument("value")
@click.option("--project", is_flag=True, help="In the project's .orchestrator/settings.toml instead of your own file.")
@_TARGET
def set_(name: str, value: str, target: Path, *, project: bool) -> None:
    """Set NAME (tiers.CHEAP.claude, budget.per_day …) to VALUE, and keep the rest of the file."""
    from orchestrator.cli.build_request import target_path
    from orchestrator.cli.session_lookup import put_out
    from orchestrator.settings.settings_files import PROJECT_FILE, change_setting, user_file

    folder = target_path(target) if project else None
    path = folder / PROJECT_FILE if folder is not None else user_file()
    lacks = change_setting(path, name, value, project=folder)
    put_out(f"{path}: {name} is set")
    if lacks:
        put_out(f"set the others as well, until then the file is refused: {lacks}")
    if project:
        put_out("a project's settings count once you consent to them: orchestrate trust")


@command.command("check")
@click.argument("file", type=AnyPath(), required=False)
def check(file: Path | None) -> None:
    """Say whether FILE (default: your own) holds settings; if not, which line is wrong and why."""
    from orchestrator.cli.session_lookup import expanded, put_out
    from orchestrator.errors import InvalidFile
    from orchestrator.settings.settings_files import read_settings_file, user_file

    path = expanded(file).absolute() if file is not None else user_file()
    if read_settings_file(path.parent, path.name, follow=True) is None:
        if file is not None:
            raise InvalidFile(path, "there is no such file of settings")
        put_out(f"{path}: not there, so nothing is set")
        return
    put_out(f"{path}: right")


def _show(target: Path, *, as_json: bool) -> None:
    from orchestrator.cli.documents import document
    from orchestrator.cli.session_lookup import put_out
    from orchestrator.settings.keys import KNOWN
    from orchestrator.settings.settings_files import as_table, user_file
    from orchestrator.toml_files import toml_text

    settings = _load(target)
    origins = {".".join(path): origin for path, (_, origin) in settings.values.items()}
    if as_json:
        put_out(document({"file": str(user_file()), "settings": as_table(settings), "set_by": origins}))
        return
    put_out(toml_text(as_table(settings)).rstrip())
    put_out('\n# not said here: the model that the program or the CLI has for the tier; "" is the CLI\'s own')
    for name, origin in origins.items():
        put_out(f"# {name}: said by the {origin}")
    unsaid = [
        key
        for key in KNOWN.keys.values()
        if key.path[0] in {"budget", "escalation", "feedback", "gates"} and key.name not in origins
    ]
    for key in unsaid:
        put_out(f"# {key.name}: not set; {key.means}")


def _load(target: Path) -> Settings:
    """The settings; those of a project that nobody trusts are left out, and it is said."""
    import os

    from orchestrator.cli.build_request import target_path
    from orchestrator.coordinator.project_trust import SETTINGS_TIME_S, trusted_settings
    from orchestrator.files.time_limits import in_time
    from orchestrator.settings.settings_files import load_settings

    real = target_path(target)
    trusted = in_time(
        lambda: trusted_settings(real, os.environ, trust=False, policy="default"),
        within_s=SETTINGS_TIME_S,
        what="the look at the project's settings",
    )
    for warning in trusted.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    return load_settings(real if trusted.digest else None)
