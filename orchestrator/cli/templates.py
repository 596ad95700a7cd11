"""``orchestrate templates``: list the agent templates there are, show and check one, and begin a new one."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli import completion_values
from orchestrator.cli.shared_options import AnyPath, json_option, project_option

if TYPE_CHECKING:
    from pathlib import Path

    from orchestrator.models.agent_template import AgentTemplate
    from orchestrator.settings.template_library import LibraryEntry

_TARGET = project_option("templates")


@click.group("templates", invoke_without_command=True)
@json_option
@click.pass_context
def command(context: click.Context, *, as_json: bool) -> None:
    """List the agent templates: built in, yours, and those of a project that you trust."""
    if context.invoked_subcommand is None:
        from pathlib import Path

        _list(Path(), as_json=as_json)


@command.command("list")
@_TARGET
@json_option
def list_(target: Path, *, as_json: bool) -> None:
    """List the templates there are."""
    _list(target, as_json=as_json)


@command.command("show")
@click.argument("name", shell_complete=completion_values.templates)
@_TARGET
@json_option
def show(name: str, target: Path, *, as_json: bool) -> None:
    """Show the template NAME, or of a file, whole, with the form of its answer."""
    from orchestrator.cli.session_lookup import put_out

    template = _find(name, target)
    if as_json:
        from orchestrator.cli.documents import document

        put_out(document(_document(template)))
        return
    put_out("\n".join(_lines(template)))


@command.command("check")
@click.argument("file", type=AnyPath())
def check(file: Path) -> None:
    """Say whether FILE is a template; if not, which line is wrong and why."""
    from orchestrator.cli.session_lookup import expanded, put_out
    from orchestrator.composition.template_files import load_template

    template = load_template(expanded(file).absolute())
    put_out(f"{file}: right; {template.id}, {template.tier_preference}, {_access(template)}")
    said = _said_of_memory(template)
    if said:
        put_out(f"note: {said}")


@command.command("new")
@click.argument("name")
@click.option("--project", is_flag=True, help="In the project's .orchestrator/templates instead of your own folder.")
@_TARGET
def new(name: str, target: Path, *, project: bool) -> None:
    """Begin a template called NAME, and say where it lies."""
    from orchestrator.cli.session_lookup import expanded, put_out
    from orchestrator.composition.template_files import STARTER, parse_template
    from orchestrator.errors import EnvironmentUnfit, InvalidFile, UsageError
    from orchestrator.settings.template_library import PROJECT_FOLDER, user_folder
    from orchestrator.toml_files import parse_toml

    folder = expanded(target).absolute() / PROJECT_FOLDER if project else user_folder()
    path = folder / f"{name}.toml"
    text = STARTER.format(id=name, role=name.replace("_", " ").replace("-", " ").title())
    try:
        parse_template(parse_toml(path, text.encode("utf-8", "surrogateescape")))
    except InvalidFile:
        raise UsageError(
            f"{name!r} cannot be a template's name", hint="letters, digits, '_' and '-', a letter first"
        ) from None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{path} is there already", hint=f"orchestrate templates check {path}") from None
    except OSError as error:
        raise EnvironmentUnfit(f"{path} cannot be written: {error.strerror}") from error
    put_out(f"{path}\nchange it, then: orchestrate templates check {path}")
    if project:
        put_out("a project's templates count once you consent to its settings: orchestrate trust")


def _list(target: Path, *, as_json: bool) -> None:
    from orchestrator.cli.session_lookup import put_out

    library = _library(target)
    if as_json:
        from orchestrator.cli.documents import document

        put_out(document({"templates": [_row(entry) for entry in library.values()]}))
        return
    for name, entry in sorted(library.items()):
        template = entry.template
        whose = entry.origin + (f", instead of the one {entry.replaces}" if entry.replaces else "")
        put_out(f"{name:<24} {template.tier_preference:<8} {_access(template):<7} {template.role} ({whose})")
        put_out(f"{'':<24} {', '.join(template.capabilities)}")


def _library(target: Path) -> Mapping[str, LibraryEntry]:
    """All templates; those of a project that nobody trusts are left out, and it is said."""
    import os

    from orchestrator.cli.build_request import target_path
    from orchestrator.coordinator.project_trust import SETTINGS_TIME_S, trusted_settings
    from orchestrator.files.time_limits import in_time
    from orchestrator.settings.template_library import load_library

    real = target_path(target)
    trusted = in_time(
        lambda: trusted_settings(real, os.environ, trust=False, policy="default"),
        within_s=SETTINGS_TIME_S,
        what="the look at the project's settings",
    )
    for warning in trusted.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    return load_library(real if trusted.digest else None)


def _find(name: str, target: Path) -> AgentTemplate:
    from pathlib import Path as RealPath

    from orchestrator.cli.session_lookup import expanded, looks_like_file
    from orchestrator.composition.template_files import load_template
    from orchestrator.errors import UsageError

    library = _library(target)
    if name in library:
        return library[name].template
    if looks_like_file(name):
        return load_template(expanded(RealPath(name)).absolute())
    raise UsageError(f"there is no template {name!r}", hint=f"there are {', '.join(sorted(library))}")


def _access(template: AgentTemplate) -> str:
    return "writes" if template.access == "write" else "reads"


def _said_of_memory(template: AgentTemplate) -> str | None:
    from orchestrator.agents.registry import AGENTS, TEAM
    from orchestrator.composition.memory_floors import below_floors

    return below_floors(template.resource_requirements.memory_mb, [AGENTS[name] for name in TEAM])


def _row(entry: LibraryEntry) -> Mapping[str, Any]:
    return {
        "origin": entry.origin,
        "path": str(entry.path),
        "replaces": entry.replaces,
        **_document(entry.template),
    }


def _document(template: AgentTemplate) -> dict[str, Any]:
    from dataclasses import asdict

    from orchestrator.models.agent_template import answer_schema

    return {**asdict(template), "answer_schema": answer_schema(template), "note": _said_of_memory(template)}


def _lines(template: AgentTemplate) -> Iterator[str]:
    from orchestrator.composition.capabilities import KNOWN_CAPABILITIES
    from orchestrator.models.agent_template import answer_schema

    limits = template.resource_requirements
    yield f"{template.id}: {template.role}, {template.tier_preference}, {_access(template)}"
    yield ""
    for name in template.capabilities:
        known = KNOWN_CAPABILITIES.get(name)
        yield f"  {name:<24} {known.description}" if known else f"  {name}"
    yield f"  tools: {', '.join(template.tools) or 'none'}"
    for name, threshold in template.quality_gates.items():
        yield f"  gate: {name} {threshold}"
    yield (
        f"  limits: {limits.min_tokens:,} to {limits.max_tokens:,} generated tokens, {limits.timeout_seconds:,} s, "
        f"{limits.memory_mb:,} MiB"
    )
    said = _said_of_memory(template)
    if said:
        yield f"  note: {said}"
    yield ""
    yield template.default_instructions
    yield ""
    yield "Its answer holds:"
    for name, schema in answer_schema(template)["properties"].items():
        yield f"  {name:<16} {schema.get('type')}  {schema.get('description', '')}".rstrip()
