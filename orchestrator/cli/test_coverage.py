"""``orchestrate test-coverage``: judge written tests by what they measurably do."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli.shared_options import AnyPath, Duration, json_option

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@click.group("test-coverage", invoke_without_command=True)
@click.option("--target", hidden=True)
@click.option("--project-root", hidden=True)
@click.option("--current-coverage", hidden=True)
@click.pass_context
def command(context: click.Context, /, **later: str | None) -> None:
    """Judge written tests one by one: which raise the coverage of a project, and notice when its code changes."""
    from orchestrator.errors import UsageError

    if context.invoked_subcommand is None:
        raise UsageError(
            "this version judges tests that are written, and has no workflow yet that writes them",
            hint="orchestrate test-coverage check TEST_FILE… judges; orchestrate gates --only coverage shows gaps",
        )
    if any(value is not None for value in later.values()):
        raise UsageError("options of check stand behind it", hint="orchestrate test-coverage check --help lists them")


@command.command("check")
@click.argument("files", type=AnyPath(), nargs=-1, required=True, metavar="TEST_FILE...")
@click.option("--project-root", type=AnyPath(), default=".", metavar="PATH", help="The project [default: .].")
@click.option("--python", type=AnyPath(), metavar="FILE", help="The interpreter the project's tests run in.")
@click.option(
    "--repeats",
    type=click.IntRange(1, 1_000),
    default=10,
    show_default=True,
    metavar="N",
    help="So often each test has to pass again, alone and in the suite, in random order.",
)
@click.option(
    "--mutants",
    type=click.IntRange(1, 1_000),
    default=20,
    show_default=True,
    metavar="N",
    help="At most so many changes of the newly covered lines are tried for each test.",
)
@click.option(
    "--seed", type=click.IntRange(0, 2**31), default=1, show_default=True, metavar="N", help="Of every choice."
)
@click.option(
    "--timeout",
    type=Duration(),
    default="5m",
    show_default=True,
    metavar="DURATION",
    help="The longest run of the project's tests.",
)
@click.option("--sandbox", default="default", metavar="NAME|FILE", show_default=True, help="The sandbox policy.")
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
