"""``orchestrate gates``: measure a project by its gates, without any agent."""

from __future__ import annotations

import os
import sys
from dataclasses import field
from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli.shared_options import AnyPath, Duration, json_option, report_options
from orchestrator.value_class import value_class

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from orchestrator.gates.gate import Gate
    from orchestrator.gates.gate_verdicts import Counted, Rules
    from orchestrator.measurement.gate_run import GateRequest
    from orchestrator.models.quality_gates import ObeyedSettings

MOST_REPORT_BYTES = 64 * 1024 * 1024


@click.command("gates")
@click.argument("path", type=AnyPath(), default=".", metavar="[PATH]")
@click.option("--only", metavar="LIST", help="Measure these gates alone: tests,lint.")
@click.option(
    "--threshold",
    "thresholds",
    multiple=True,
    metavar="GATE=VALUE",
    help="Another threshold, which then blocks: coverage=90; may be given again.",
)
@click.option("--strict", is_flag=True, help="Every gate blocks, also those that only warn by default.")
@click.option(
    "--allow-unmeasured",
    "allowed",
    multiple=True,
    metavar="GATE",
    help="A gate that may go unmeasured; may be given again.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["fail", "unmeasured", "warning", "never"]),
    default="unmeasured",
    show_default=True,
    help="What ends with exit code 1: a failed gate; also an unmeasured one; also a warning; nothing.",
)
@click.option("--python", "python", type=AnyPath(), metavar="FILE", help="The interpreter the project's tests run in.")
@click.option(
    "--baseline",
    type=AnyPath(),
    metavar="FILE",
    help="An earlier report (--json): a gate that counts less than half as much is not measured.",
)
@click.option(
    "--timeout",
    type=Duration(),
    default="5m",
    show_default=True,
    metavar="DURATION",
    help="The longest run of one tool or test suite.",
)
@click.option("--offline", is_flag=True, help="Use no network: known vulnerabilities cannot be asked for then.")
@click.option("--osv-url", metavar="URL", help="Where known vulnerabilities are asked for, in place of OSV's service.")
@report_options
@click.option("--attest", type=AnyPath(), metavar="FILE", help="Write an in-toto statement: the tree, and its gates.")
@click.option("--sandbox", default="default", metavar="NAME|FILE", show_default=True, help="The sandbox policy.")
@click.option(
    "--trust-project", is_flag=True, help="Obey what the project's settings (.orchestrator/) say of its tests."
)
@json_option
def command(path: Path, as_json: bool, **options: Any) -> int:
    """Measure a project: tests, lint and more, each with its tool.  No agent, no model, no cost.

    The tools are set up once, in the user's cache.  Exit code 0 if no gate blocks, else 1.
    """
    import secrets

    import anyio

    from orchestrator.cli.gate_lines import lines
    from orchestrator.cli.gate_reports import check_places, commands_stopped, is_on_github, tell_github, write_reports
    from orchestrator.cli.session_lookup import colours_wanted
    from orchestrator.measurement.gate_run import measure

    check_places(options)
    request = build_request(path, options, os.environ)
    report = anyio.run(measure, request, _tell)
    write_reports(report, options)
    if as_json:
        from orchestrator.cli.documents import document

        print(document(report))
    else:
        with commands_stopped(os.environ, _print, secrets.token_hex(16), group="Gates"):
            for line in lines(report, colour=colours_wanted(sys.stdout)):
                print(line)
    if is_on_github(os.environ):
        # Standard output is one document with --json; GitHub reads both.
        tell_github(report, os.environ, _say if as_json else _print)
    return 0 if report.approved or options["fail_on"] == "never" else 1


def _print(text: str) -> None:
    print(text, flush=True)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _tell(text: str) -> None:
    print(f"orchestrate: {text}", file=sys.stderr, flush=True)


def build_request(path: Path, options: Mapping[str, Any], environ: Mapping[str, str]) -> GateRequest:
    """Turn the options into a request.

    Raises:
        UsageError: One of them cannot be meant.
    """
    from dataclasses import replace

    from orchestrator.cli.build_request import find_sandbox, target_path
    from orchestrator.coordinator.project_trust import SETTINGS_TIME_S, trusted_settings
    from orchestrator.errors import EnvironmentUnfit
    from orchestrator.files.time_limits import in_time
    from orchestrator.gates.gate_table import all_gates
    from orchestrator.gates.performance import GATE as PERFORMANCE
    from orchestrator.measurement.gate_run import GateRequest
    from orchestrator.rehearsal.installing import default_cache
    from orchestrator.settings.gate_settings import GateSettings
    from orchestrator.settings.settings_files import load_settings

    try:
        target = target_path(path)
    except EnvironmentUnfit as error:
        message = error.message.replace("the target ", "", 1)
        raise EnvironmentUnfit(message, hint="name the project's folder: orchestrate gates PATH") from error
    gates, problems = all_gates()
    sandbox = find_sandbox(options["sandbox"])
    trusted = in_time(
        lambda: trusted_settings(target, environ, trust=options["trust_project"], policy=sandbox.name),
        within_s=SETTINGS_TIME_S,
        what="the look at the project's settings",
    )
    settings, stated = load_settings(target if trusted.digest else None).gates, trusted.commands
    notes = [*trusted.warnings, *problems]
    recorded = read_baseline(options["baseline"]).obeyed
    if recorded is not None:
        if (recorded.allowed_licences, recorded.budget, recorded.commands) != (
            settings.allowed_licences,
            settings.budget,
            stated,
        ):
            notes.append("the settings are those that the baseline records; what the project says now is another thing")
        settings, stated = GateSettings(recorded.allowed_licences, recorded.budget), recorded.commands
    chosen = tuple(chosen_gates(gates, options["only"]))
    rules = rules_of(gates, options)
    if settings.budget and PERFORMANCE.name not in rules.thresholds:
        # A budget is a threshold that somebody has set.
        rules = replace(rules, thresholds={**rules.thresholds, PERFORMANCE.name: PERFORMANCE.threshold})
    return GateRequest(
        target=target,
        gates=chosen,
        others=tuple(gates[name] for name in needed(chosen)),
        settings=settings,
        osv_url=address_of(options["osv_url"]),
        is_offline=options["offline"],
        sandbox=sandbox,
        environ=environ,
        cache=default_cache(),
        rules=rules,
        python=interpreter_of(options["python"]),
        stated=stated,
        is_whole=options["only"] is None,
        selection=None if recorded is None else recorded.selection,
        notes=tuple(notes),
        within_s=options["timeout"],
    )


def chosen_gates(gates: Mapping[str, Gate], only: str | None) -> Sequence[Gate]:
    """The gates of ``--only``, in the order of the table.

    Raises:
        UsageError: There is no gate of that name.
    """
    if only is None:
        return list(gates.values())
    names = [name.strip().lower() for name in only.split(",") if name.strip()]
    for name in names or [only]:
        known_gate(gates, name)
    return [gate for name, gate in gates.items() if name in names]


def needed(chosen: Sequence[Gate]) -> Sequence[str]:
    """Name the gates that the chosen ones are computed from and that were not chosen themselves."""
    have = {gate.name for gate in chosen}
    return [name for gate in chosen for name in gate.needs if name not in have]


def address_of(given: str | None) -> str:
    """The address as it was given; empty where none was.

    Raises:
        UsageError: It is none.
    """
    from orchestrator.errors import UsageError

    if given is not None and not given.startswith(("http://", "https://")):
        raise UsageError(f"{given!r} is no address", hint="--osv-url https://…")
    return given or ""


def known_gate(gates: Collection[str], name: str) -> str:
    """The name, where there is such a gate.

    Raises:
        UsageError: There is no gate of that name.
    """
    import difflib

    from orchestrator.errors import UsageError

    if name in gates:
        return name
    near = difflib.get_close_matches(name, gates, n=1)
    meant = f"did you mean {near[0]}? " if near else ""
    raise UsageError(f"there is no gate {name!r}", hint=f"{meant}There are {', '.join(gates)}")


def rules_of(gates: Mapping[str, Gate], options: Mapping[str, Any]) -> Rules:
    """Turn the thresholds and gates' names of the options into rules.

    Raises:
        UsageError: A threshold or a gate's name cannot be meant.
    """
    from orchestrator.gates.gate_verdicts import Rules

    return Rules(
        thresholds=dict(_threshold(gates, given) for given in options["thresholds"]),
        strict=options["strict"],
        allow_unmeasured=allowed_gates(gates, options["allowed"]),
        fail_on=options["fail_on"],
        baseline=read_baseline(options["baseline"]).counted,
    )


def allowed_gates(gates: Collection[str], allowed: Sequence[str]) -> frozenset[str]:
    """The gates that may go unmeasured, each given by itself or several with commas between.

    Raises:
        UsageError: There is no gate of that name.
    """
    return frozenset(known_gate(gates, name.strip().lower()) for given in allowed for name in given.split(","))


def _threshold(gates: Mapping[str, Gate], given: str) -> tuple[str, float]:
    from orchestrator.errors import UsageError

    name, sign, text = given.partition("=")
    gate = gates[known_gate(gates, name.strip().lower())]
    try:
        value = float(text.strip().removesuffix("%"))
    except ValueError:
        value = float("nan")
    most = {"%": 100.0, "of 10": 10.0}.get(gate.unit, float("inf"))
    if not sign or not 0 <= value <= most or value == float("inf"):
        upper = f" to {most:g}" if most != float("inf") else " or more"
        raise UsageError(f"{given!r} is no threshold: write {gate.name}={gate.threshold:g}, a number from 0{upper}")
    return gate.name, value


@value_class
class Baseline:
    """What is taken from an earlier report."""

    counted: Mapping[str, Counted] = field(default_factory=dict)
    obeyed: ObeyedSettings | None = None
    """The settings that were obeyed then; whoever changes the project since cannot have changed these."""


def read_baseline(file: Path | None) -> Baseline:
    """An earlier report; nothing where none is named.

    Raises:
        UsageError: The file is no such report.
    """
    import json

    from pydantic import TypeAdapter

    from orchestrator.errors import UsageError
    from orchestrator.files.foreign import ForeignFolder, Unread
    from orchestrator.gates.gate_verdicts import Counted
    from orchestrator.models.quality_gates import ObeyedSettings

    if file is None:
        return Baseline()
    text = ForeignFolder(file.absolute().parent, links="follow").read(file.name, most_bytes=MOST_REPORT_BYTES)
    if isinstance(text, Unread):
        raise UsageError(f"the baseline {text}", hint="make one: orchestrate gates --json > FILE")
    try:
        document = json.loads(text)
        counted = {
            str(row["name"]): Counted(int(row["counted"]), str(row.get("counts", "")))
            for row in document["gates"]
            if row["counted"] is not None
        }
        obeyed = document.get("obeyed")
        return Baseline(counted, None if obeyed is None else TypeAdapter(ObeyedSettings).validate_python(obeyed))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UsageError(
            f"the baseline {file} is no report of gates", hint="orchestrate gates --json > FILE"
        ) from error


def interpreter_of(given: Path | None) -> Path | None:
    """The interpreter that somebody named; ``None`` where nobody did.

    Raises:
        UsageError: The path leads to no program.
    """
    from orchestrator.errors import UsageError

    if given is None:
        return None
    # Its links stay: a virtual environment is known by the path of its interpreter.
    path = given.expanduser().absolute()
    if not path.is_file() or not os.access(path, os.X_OK):
        raise UsageError(f"{path} is no program", hint="name an interpreter: --python .venv/bin/python")
    return path
