"""``orchestrate security-deep-dive``: audit a project's security by tools, auditors and proofs."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli import completion_values
from orchestrator.cli.shared_options import AnyPath, Names, json_option

if TYPE_CHECKING:
    from pathlib import Path


@click.command("security-deep-dive")
@click.option("--path", type=AnyPath(), default=".", metavar="PATH", help="The project [default: the current folder].")
@click.option("--agents", type=Names(), metavar="none", help="`none` runs the tools alone: no agent, no cost.")
@click.option(
    "--profile",
    default="asvs-l1",
    show_default=True,
    metavar="NAME|FILE",
    help="The requirements that the project is held against.",
)
@click.option("--accepted", type=AnyPath(), metavar="FILE", help="What people accepted: id, who, why, until (TOML).")
@click.option("--show-suppressed", is_flag=True, help="List what is not reported: rule, who, evidence.")
@click.option("--sarif", type=AnyPath(), metavar="FILE", help="Write the findings as SARIF 2.1.0.")
@click.option("--allow-unmeasured", "allowed", multiple=True, metavar="GATE", help="A tool that may go unmeasured.")
@click.option("--strict", is_flag=True, help="A requirement that was not measured blocks, too.")
@click.option("--python", type=AnyPath(), metavar="FILE", help="The interpreter that proofs run in.")
@click.option("--osv-url", metavar="URL", help="Where known vulnerabilities are asked for, in place of OSV's service.")
@click.option("--offline", is_flag=True, help="Use no network: known vulnerabilities cannot be asked for then.")
@click.option("--trust-project", is_flag=True, help="Obey the project's own settings (.orchestrator/).")
@click.option("--rehearse", is_flag=True, help="The agents play against a scripted model: no account, no cost.")
@click.option("--stand-ins", is_flag=True, help="Rehearse with the built-in stand-ins instead of the real CLIs.")
@click.option(
    "--scenario",
    shell_complete=completion_values.scenarios,
    metavar="NAME|FILE",
    help="What is played (implies --rehearse).",
)
@json_option
def command(path: Path, as_json: bool, **options: Any) -> int:
    """Audit a project: tools, three auditors of several vendors who debate, and proofs run in the sandbox.

    What a critical or high finding rests on decides: a tool, two vendors, or a proof by another vendor.  One that
    nobody verified blocks nothing by itself, and a person has to decide on it (exit code 3).
    """
    import anyio

    from orchestrator.cli.build_request import rehearsal_context
    from orchestrator.cli.documents import document
    from orchestrator.cli.gate_reports import check_places
    from orchestrator.cli.gates import address_of, allowed_gates, interpreter_of
    from orchestrator.cli.session_lookup import put_out
    from orchestrator.errors import UsageError
    from orchestrator.files.atomic_replace import write_atomically
    from orchestrator.gates.gate_table import all_gates
    from orchestrator.workflows.orchestrated_security_deep_dive import (
        DiveOptions,
        SecurityDeepDiveReport,
        SecurityDeepDiveWorkflow,
        dive,
    )
    from orchestrator.workflows.weakness_sarif import weakness_sarif

    if options["agents"] not in (None, (), ("none",)):
        raise UsageError("the auditors are always the same three", hint="--agents none runs the tools alone")
    check_places({"sarif": options["sarif"]})
    known = (*all_gates()[0], "compliance")
    wanted = DiveOptions(
        accepted=options["accepted"],
        allow_unmeasured=allowed_gates(known, options["allowed"]),
        strict=options["strict"],
        trust_project=options["trust_project"],
        is_offline=options["offline"],
        python=interpreter_of(options["python"]),
        osv_url=address_of(options["osv_url"]),
    )
    context = rehearsal_context(options)

    async def dived() -> SecurityDeepDiveReport:
        try:
            workflow = SecurityDeepDiveWorkflow(agents=options["agents"] != ("none",), profile=options["profile"])
            return await dive(workflow, os.fspath(path), context, wanted, _tell)
        except ValueError as error:
            raise UsageError(str(error)) from error

    report = anyio.run(dived)
    if options["sarif"] is not None:
        text = document(weakness_sarif(report.findings, report.suppressed, report.measured)) + "\n"
        write_atomically(options["sarif"].expanduser().absolute(), text)
    shown = report.format_console_output(show_suppressed=options["show_suppressed"])
    put_out(document(report.to_dict()) if as_json else shown)
    return report.exit_code


def _tell(text: str) -> None:
    print(f"orchestrate: {text}", file=sys.stderr, flush=True)
