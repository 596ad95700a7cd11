"""``orchestrate tests``: show which test suites a project has and how each would be run; it runs nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli.shared_options import AnyPath, json_option

if TYPE_CHECKING:
    from pathlib import Path

    from orchestrator.suites.suite import Detection

_LOOK_TIME_S = 60.0
_WIDEST = 400


@click.command("tests")
@click.option(
    "--target",
    type=AnyPath(),
    default=".",
    metavar="PATH",
    help="The project to look at [default: the current folder].",
)
@json_option
def command(target: Path, as_json: bool) -> None:
    """Show which test suites are found, where, and how each would be run.  Nothing is run."""
    import os

    from orchestrator.cli.documents import document
    from orchestrator.coordinator.project_files import detect_in
    from orchestrator.errors import UsageError
    from orchestrator.files.time_limits import in_time

    if not target.is_dir():
        raise UsageError(f"the target is no folder: {target}")
    found = in_time(lambda: detect_in(target, os.environ), within_s=_LOOK_TIME_S, what="the look at the project")
    if as_json:
        print(document(as_document(found)))
        return
    for line in lines(found):
        print(line)


def lines(found: Detection) -> Iterator[str]:
    """The detection for people: a block for each suite, then what is not run and why."""
    from orchestrator.narration.formatting import one_line
    from orchestrator.suites.suite import Form

    if not found.suites:
        yield "no test suite was found"
    for suite in found.suites:
        yield one_line(suite.name, _WIDEST)
        yield f"  found in  {one_line(suite.found, _WIDEST)}"
        yield f"  runs      {one_line(suite.command, _WIDEST)}"
        yield f"  in        {one_line(suite.cwd or '.', _WIDEST)}"
        if suite.interpreter:
            yield f"  with      {one_line(suite.interpreter, _WIDEST)}"
        shown = "none, so it can be no evidence" if suite.form is Form.NONE else str(suite.form)
        yield f"  report    {shown}{' on its output' if suite.from_output else ''}"
    if found.not_taken:
        yield "not run:"
    for left in found.not_taken:
        place = f" ({one_line(left.found, _WIDEST)})" if left.found else ""
        yield f"  {one_line(left.what, _WIDEST)}{place}: {one_line(left.why, _WIDEST)}"


def as_document(found: Detection) -> Any:
    """The detection for programs; ``argv`` holds marks in place of the folders that each run has of its own."""
    return {
        "suites": [
            {
                "name": suite.name,
                "runner": suite.runner,
                "command": suite.command,
                "argv": list(suite.argv),
                "environment": {setting.name: setting.value for setting in suite.env},
                "folder": suite.cwd or ".",
                "found": suite.found,
                "report": str(suite.form),
                "interpreter": suite.interpreter,
                "stated_by_project": suite.stated,
            }
            for suite in found.suites
        ],
        "not_run": [{"what": left.what, "found": left.found, "why": left.why} for left in found.not_taken],
    }
