"""``orchestrate release-prep``: say whether a project is ready for a release."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli import completion_values
from orchestrator.cli.shared_options import AnyPath, Names, json_option

if TYPE_CHECKING:
    from pathlib import Path


@click.command("release-prep")
@click.option("--path", type=AnyPath(), default=".", metavar="PATH", help="The project [default: the current folder].")
@click.option("--min-coverage", type=click.FloatRange(0, 100), metavar="PERCENT", help="Of lines [default: 80].")
@click.option("--min-quality", type=click.FloatRange(0, 10), metavar="SCORE", help="Of 10 [default: 7].")
@click.option("--max-critical", type=click.IntRange(min=0), metavar="N", help="Security findings [default: 0].")
@click.option(
    "--min-docs", type=click.FloatRange(0, 100), metavar="PERCENT", help="Of public names [default: 100, warns]."
)
@click.option(
    "--agents",
    type=Names(),
    metavar="LIST",
    help="Agent templates that look besides, or `none` [default: those of a release].",
)
@click.option("--allow-unmeasured", "allowed", multiple=True, metavar="GATE", help="A gate that may go unmeasured.")
@click.option("--strict", is_flag=True, help="Every gate blocks, also those that only warn by default.")
@click.option("--python", type=AnyPath(), metavar="FILE", help="The interpreter the project's tests run in.")
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
@click.option("--osv-url", metavar="URL", help="Where known vulnerabilities are asked for, in place of OSV's service.")
@json_option
def command(path: Path, as_json: bool, **options: Any) -> int:
    """Measure a project, have agents look at it, and say whether it may be released.

    The gates decide.  What an agent finds blocks only where its proof holds, a test that fails here and passes once
    the fault is mended, or where an agent of another vendor points at the same place.
    """
    import anyio

    from orchestrator.cli.build_request import rehearsal_context
    from orchestrator.cli.gates import address_of, allowed_gates, interpreter_of
    from orchestrator.errors import UsageError
    from orchestrator.gates.gate_table import all_gates
    from orchestrator.workflows.orchestrated_release_prep import (
        OrchestratedReleasePrepWorkflow,
        ReleaseOptions,
        ReleaseReadinessReport,
        prepare_release,
    )
    from orchestrator.workflows.orchestrated_release_prep import (
        as_json as document_of,
    )

    stated = {
        "min_coverage": options["min_coverage"],
        "min_quality_score": options["min_quality"],
        "max_critical_issues": options["max_critical"],
        "min_doc_coverage": options["min_docs"],
    }
    thresholds = {name: float(value) for name, value in stated.items() if value is not None}
    chosen = options["agents"]
    agents = [] if chosen == ("none",) else list(chosen) if chosen else None
    wanted = ReleaseOptions(
        strict=options["strict"],
        allow_unmeasured=allowed_gates(all_gates()[0], options["allowed"]),
        trust_project=options["trust_project"],
        is_offline=options["offline"],
        python=interpreter_of(options["python"]),
        osv_url=address_of(options["osv_url"]),
    )
    context = rehearsal_context(options)

    async def prepared() -> ReleaseReadinessReport:
        try:
            workflow = OrchestratedReleasePrepWorkflow(thresholds or None, agents)
            return await prepare_release(workflow, os.fspath(path), context, wanted, _tell)
        except ValueError as error:
            raise UsageError(str(error)) from error

    report = anyio.run(prepared)
    print(document_of(report) if as_json else report.format_console_output())
    return 0 if report.approved else 1


def _tell(text: str) -> None:
    print(f"orchestrate: {text}", file=sys.stderr, flush=True)
