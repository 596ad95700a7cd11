"""``orchestrate test-coverage``: raise a project's coverage, and judge written tests by what they measurably do."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli.group import Misunderstanding
from orchestrator.cli.shared_options import AnyPath, Duration, Names, json_option, workspace_option

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Percent(click.FloatRange):
    """A figure from 0 to 100.  ``--target`` names a project elsewhere, so a path is understood and said to be wrong."""

    name = "percent"

    def __init__(self) -> None:
        super().__init__(0, 100)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        text = str(value).strip().removesuffix("%").strip()
        if isinstance(value, str) and not re.fullmatch(r"[-+]?(?:\d+\.?\d*|\.\d+)", text):
            raise Misunderstanding(
                f"{value!r} is no percentage; --target is the coverage that is wanted, from 0 to 100",
                "the project is named by --project-root PATH",
            )
        return float(super().convert(float(text), param, ctx))


# Options that a boost shares with `check`, which only judges.
_PYTHON = click.option("--python", type=AnyPath(), metavar="FILE", help="The interpreter the project's tests run in.")
_MUTANTS = click.option(
    "--mutants",
    type=click.IntRange(1, 1_000),
    default=20,
    show_default=True,
    metavar="N",
    help="At most so many changes of the newly covered lines are tried for each test.",
)
_SEED = click.option(
    "--seed", type=click.IntRange(0, 2**31), default=1, show_default=True, metavar="N", help="Of every choice."
)
_TIMEOUT = click.option(
    "--timeout",
    type=Duration(),
    default="5m",
    show_default=True,
    metavar="DURATION",
    help="The longest run of the project's tests.",
)
_SANDBOX = click.option(
    "--sandbox", default="default", metavar="NAME|FILE", show_default=True, help="The sandbox policy."
)
_REPEATS = click.option(
    "--repeats",
    type=click.IntRange(1, 1_000),
    default=10,
    show_default=True,
    metavar="N",
    help="So often each test has to pass again, alone and in the suite, in random order.",
)


@click.group("test-coverage", invoke_without_command=True)
@click.option("--target", type=Percent(), metavar="PERCENT", help="The coverage that is wanted [default: 80].")
@click.option("--project-root", type=AnyPath(), metavar="PATH", help="The project [default: the current folder].")
@click.option(
    "--current-coverage", type=Percent(), metavar="PERCENT", help="What you take it for: compared, never believed."
)
@click.option("--priority", metavar="LIST", help="Modules whose gaps come first: auth,payment.")
@click.option(
    "--agents", type=Names(), metavar="LIST", help="Only these agents, or `none`: the gaps are measured, no more."
)
@click.option(
    "--budget", type=Duration(), default="30m", show_default=True, metavar="DURATION", help="The time for everything."
)
@click.option(
    "--rounds",
    type=click.IntRange(1, 20),
    default=3,
    show_default=True,
    metavar="N",
    help="So often tests are written at most.",
)
@_REPEATS
@_MUTANTS
@click.option(
    "--sample",
    type=click.IntRange(0, 10_000),
    default=20,
    show_default=True,
    metavar="N",
    help="So many changes of all lines are tried before and after.",
)
@_SEED
@_PYTHON
@_TIMEOUT
@_SANDBOX
@click.option("--rehearse", is_flag=True, help="Play it against a scripted model, on a small project that comes along.")
@click.option("--stand-ins", is_flag=True, help="Rehearse with the built-in stand-ins instead of the real CLIs.")
@click.option("--scenario", type=AnyPath(), metavar="FILE", help="What is played instead (implies --rehearse).")
@workspace_option
@json_option
@click.pass_context
def command(context: click.Context, /, **options: Any) -> int | None:
    """Raise the test coverage of a project: an analyst and a writer at work, each test proven or refused by itself.

    Nothing that anybody says is believed: coverage, changes that tests notice, and times are measured in the sandbox.
    The project stays as it is; `orchestrate apply` then takes the tests that were proven.
    """
    from orchestrator.errors import UsageError

    if context.invoked_subcommand is None:
        return _boost(options)
    given = click.core.ParameterSource.COMMANDLINE
    if any(context.get_parameter_source(name) is given for name in options):
        raise UsageError("options of check stand behind it", hint="orchestrate test-coverage check --help lists them")
    return None


def _boost(options: Mapping[str, Any]) -> int:
    import anyio

    from orchestrator.cli.build_request import find_sandbox
    from orchestrator.cli.documents import document
    from orchestrator.cli.gates import interpreter_of
    from orchestrator.cli.session_lookup import put_out
    from orchestrator.errors import UsageError
    from orchestrator.workflows.boost_report import BoostReport
    from orchestrator.workflows.test_coverage_boost import BoostOptions, boost_coverage

    find_sandbox(options["sandbox"])
    project, python = _project(options, interpreter_of(options["python"]))
    wanted = BoostOptions(
        agents=_agents(options["agents"]),
        rounds=options["rounds"],
        budget_s=options["budget"],
        repeats=options["repeats"],
        mutants=options["mutants"],
        sample=options["sample"],
        seed=options["seed"],
        within_s=options["timeout"],
        python=python,
        sandbox=options["sandbox"],
        is_target_stated=options["target"] is not None,
    )
    told: dict[str, Any] = {
        "current_coverage": options["current_coverage"],
        "priority_modules": _listed(options["priority"]),
        **_manner(options),
    }
    target = 80.0 if options["target"] is None else options["target"]

    async def boosted() -> BoostReport:
        try:
            return await boost_coverage(target, project, told, wanted, _tell)
        except ValueError as error:
            raise UsageError(str(error)) from error

    report = anyio.run(boosted)
    put_out(document(report.to_dict()) if options["as_json"] else "\n".join(report.lines()))
    return report.exit_code


def _project(options: Mapping[str, Any], python: Path | None) -> tuple[Path, Path | None]:
    """The project, and the interpreter of its tests: those of a rehearsal where nobody names others."""
    from orchestrator.cli.build_request import target_path

    if options["project_root"] is not None or not _is_rehearsed(options):
        return target_path(options["project_root"] or Path()), python
    from orchestrator.rehearsal.installing import default_cache
    from orchestrator.workflows.rehearsed_project import lay_shop, python_with_pytest

    return lay_shop(default_cache()), python or python_with_pytest()


def _is_rehearsed(options: Mapping[str, Any]) -> bool:
    return bool(options["rehearse"] or options["stand_ins"] or options["scenario"])


def _manner(options: Mapping[str, Any]) -> Mapping[str, Any]:
    """How the session is run: whoever types the command has asked for what it costs."""
    from orchestrator.cli.session_lookup import workspace_path

    where = {"workspace": os.fspath(workspace_path(options["workspace"]))}
    if options["scenario"] is not None:
        return {**where, "rehearse": os.fspath(options["scenario"]), "stand_ins": options["stand_ins"]}
    if _is_rehearsed(options):
        return {**where, "rehearse": "stand-ins" if options["stand_ins"] else True}
    return {**where, "consent": True}


def _agents(chosen: Sequence[str] | None) -> tuple[str, ...] | None:
    from orchestrator.cli.build_request import known_agent

    if chosen is None:
        return None
    return () if tuple(chosen) == ("none",) else tuple(known_agent(name) for name in chosen)


def _listed(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(",") if part.strip()]


@command.command("check")
@click.argument("files", type=AnyPath(), nargs=-1, required=True, metavar="TEST_FILE...")
@click.option("--project-root", type=AnyPath(), default=".", metavar="PATH", help="The project [default: .].")
@_PYTHON
@_REPEATS
@_MUTANTS
@_SEED
@_TIMEOUT
@_SANDBOX
@json_option
def check(files: Sequence[Path], *, as_json: bool, **options: Any) -> int:
    """Judge each test of TEST_FILE by itself, in the sandbox, on throw-away layers.

    One is kept that passes, runs lines that the project's own tests do not, notices changes of them, and does so
    every time.  The files lie in the project; what is theirs counts as new.  Exit code 0 if every test is kept, else 1.
    """
    import anyio

    from orchestrator.cli.build_request import find_sandbox, target_path
    from orchestrator.cli.documents import document
    from orchestrator.cli.gates import interpreter_of
    from orchestrator.cli.session_lookup import put_out
    from orchestrator.rehearsal.installing import default_cache
    from orchestrator.workflows.coverage_check import CheckRequest, check_tests

    target = target_path(options["project_root"])
    request = CheckRequest(
        target=target,
        files=tuple(dict.fromkeys(_name(file, target) for file in files)),
        sandbox=find_sandbox(options["sandbox"]),
        environ=os.environ,
        cache=default_cache(),
        python=interpreter_of(options["python"]),
        repeats=options["repeats"],
        mutants=options["mutants"],
        seed=options["seed"],
        within_s=options["timeout"],
    )
    found = anyio.run(check_tests, request, _tell)
    put_out(document(found.to_dict()) if as_json else "\n".join(found.lines()))
    return 0 if len(found.kept) == len(found.verdicts) else 1


def _name(file: Path, target: Path) -> str:
    """The file as the project names it; it is looked for from where the user is, then from the project.

    Raises:
        UsageError: The file is not there, or lies outside the project.
    """
    from orchestrator.errors import UsageError

    given = file.expanduser()
    there = [path for path in (given.absolute(), target / given) if os.path.lexists(path)]
    for path in there:
        name = os.path.relpath(f"{os.path.realpath(path.parent)}/{path.name}", target)
        if name.partition("/")[0] != os.pardir:
            return name
    if there:
        raise UsageError(f"{file} is no file of {target}", hint="--project-root names another project")
    raise UsageError(f"there is no file {file}", hint="tests are judged where they lie in the project")


def _tell(text: str) -> None:
    print(f"orchestrate: {text}", file=sys.stderr, flush=True)
