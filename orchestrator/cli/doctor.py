"""``orchestrate doctor``: say what is there to run with, what is missing, and what to do about it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from orchestrator.cli.shared_options import json_option, workspace_option

if TYPE_CHECKING:
    from pathlib import Path

    from orchestrator.cli.checkup import Finding

_MARKS = {"ok": ("ok", "32"), "doubtful": ("!", "33"), "missing": ("x", "31")}


@click.command("doctor")
@workspace_option
@click.option("--sandbox", default="default", metavar="NAME|FILE", show_default=True, help="The sandbox policy to try.")
@json_option
def command(workspace: Path | None, sandbox: str, as_json: bool) -> int:
    """Check the agents' CLIs and the machine.  Costs nothing: no model is asked anything.

    Exit code 0 if a run is possible, else the one of such a run: 3 without a usable agent, 2 if the sandbox policy
    cannot be kept here.
    """
    from orchestrator.cli.build_request import find_sandbox
    from orchestrator.cli.checkup import check_up
    from orchestrator.cli.session_lookup import colours_wanted, workspace_path

    report = check_up(find_sandbox(sandbox), os.environ, workspace=workspace_path(workspace))
    if as_json:
        from orchestrator.cli.documents import document

        print(document(report))
    else:
        colour = colours_wanted(sys.stdout)
        for finding in report.findings:
            print(_line(finding, colour=colour))
        print(f"\n{report.verdict}")
    return int(report.exit_code)


def _line(finding: Finding, *, colour: bool) -> str:
    mark, code = _MARKS[finding.state]
    padded = f"{mark:<2}"
    if colour:
        padded = f"\x1b[{code}m{padded}\x1b[0m"
    step = f"\n{'':15}next: {finding.next_step}" if finding.next_step else ""
    return f"{padded} {finding.name:<11} {finding.text}{step}"
