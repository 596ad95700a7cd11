"""``orchestrate run``: take one task from the command line to its exit code."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli import completion_values
from orchestrator.cli.option_sections import SectionedCommand, section
from orchestrator.cli.shared_options import (
    AnyPath,
    Count,
    Duration,
    Limit,
    Money,
    Names,
    Size,
    dashboard_options,
    fail_option,
    json_option,
    report_options,
    workspace_option,
)
from orchestrator.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

_MOST_TASK_BYTES = 16_000_000


def _conditions(context: click.Context, option: click.Parameter, texts: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse what is no condition of escalation."""
    if texts:
        from orchestrator.models.escalation import conditions_of

        try:
            conditions_of(texts)
        except ValueError as error:
            raise click.BadParameter(str(error), context, option) from None
    return texts


def _parameters(context: click.Context, option: click.Parameter, texts: tuple[str, ...]) -> Mapping[str, Any]:
    """The values by parameter; of two for one the later stands."""
    if not texts:
        return {}
    from orchestrator.tuning.parameters import PARAMETERS, SAYABLE, value_of

    found = {}
    for text in texts:
        name, _, value = text.partition("=")
        name = name.strip()
        if name in PARAMETERS and name not in SAYABLE:
            raise click.BadParameter(f"{name} has an option of its own: {PARAMETERS[name].option}", context, option)
        if name not in SAYABLE:
            raise click.BadParameter(f"no parameter {name!r}: {', '.join(SAYABLE)}", context, option)
        try:
            found[name] = value_of(name, value)
        except ValueError as error:
            raise click.BadParameter(str(error), context, option) from None
    return found


# An option that needs no check bears the name of the field of RunRequest, or else of SessionOptions, that it sets:
# nothing else has to be told of it.
TARGET = section(
    "Where it works",
    click.option(
        "--target",
        type=AnyPath(),
        default=".",
        metavar="PATH",
        help="The project to work on [default: the current folder].",
    ),
    workspace_option,
    click.option(
        "--isolated",
        is_flag=True,
        help="Work on a copy of the target; `orchestrate apply` then brings the change there.",
    ),
    click.option(
        "--share-target",
        is_flag=True,
        help="Work there although another session does; then it is not certain whose a change is.",
    ),
    click.option(
        "--yes-whole-home",
        "whole_home",
        is_flag=True,
        help="Let agents work in a folder that holds logins: a home, or one with .ssh or a browser profile in it.",
    ),
    click.option(
        "--task-file",
        type=AnyPath(),
        metavar="FILE",
        help="Read the task from a file; TASK `-` reads standard input.",
    ),
)

AGENTS = section(
    "Who works",
    click.option(
        "--team",
        shell_complete=completion_values.teams,
        metavar="NAME|FILE",
        help="Who works: `change` (design, change, review), `solo` (one writes, another reviews), `answer` (one reads "
        "and answers, nobody may write), one of your own (`orchestrate teams`) or its file, or `auto`, which reads in "
        "the task what it asks for [default: auto].",
    ),
    click.option("--no-change", is_flag=True, help="The same as --team answer."),
    click.option("--agents", type=Names(), metavar="LIST", help="Only these agents, e.g. claude,codex."),
    click.option("--without", type=Names(), metavar="LIST", help="All agents but these."),
    click.option(
        "--model",
        "models",
        multiple=True,
        metavar="AGENT=MODEL",
        shell_complete=completion_values.models,
        help="The model an agent uses (repeatable).",
    ),
    click.option(
        "--prompts",
        type=AnyPath(),
        metavar="DIR",
        help="Prompt templates that replace the built-in ones.",
    ),
)

RIGHTS = section(
    "What agents may do",
    click.option(
        "--sandbox",
        shell_complete=completion_values.sandbox_policies,
        default="default",
        metavar="NAME|FILE",
        show_default=True,
        help="What workers may touch; `open` is no sandbox at all.",
    ),
    click.option(
        "--network",
        type=click.Choice(("open", "allow-list", "none")),
        help="Another network than the sandbox policy's: `open` is all that this machine reaches.",
    ),
    click.option(
        "--allow-host",
        "allowed_hosts",
        multiple=True,
        metavar="HOST[:PORT]",
        help="One more host that workers may reach: git.example.org, *.example.org, 10.1.2.3:8080 (repeatable).",
    ),
    click.option(
        "--approve",
        "approvals",
        multiple=True,
        metavar="RULE",
        help="Consent beforehand to a command the sandbox policy would ask about: 'git push' (repeatable).",
    ),
    click.option(
        "--limit",
        "worker_limits",
        type=Limit(),
        multiple=True,
        metavar="NAME=VALUE",
        help="A limit of each worker: cpu=50 (percent of a core), memory=2G, disk=4G, runtime=1h (repeatable).",
    ),
    click.option(
        "--trust-project",
        is_flag=True,
        help="Obey the project's own settings (.orchestrator/) in this run; `orchestrate trust` consents for longer.",
    ),
)

REVIEWS = section(
    "Reviews and tests",
    click.option(
        "--lessons",
        "learns",
        is_flag=True,
        help="Show writers what reviewers taught in earlier sessions of this project, and let this one teach; "
        "`orchestrate lessons` lists it.",
    ),
    click.option(
        "--policy",
        shell_complete=completion_values.review_policies,
        default="standard",
        metavar="NAME|FILE",
        show_default=True,
        help="How reviews are decided; see `orchestrate policies`.",
    ),
    click.option(
        "--feedback",
        "asks_feedback",
        is_flag=True,
        help="Ask up to three agents, once all is done, how it went; their answers are shown and decide nothing.",
    ),
    click.option(
        "--escalate",
        multiple=True,
        callback=_conditions,
        metavar="CONDITION",
        help="When a metric calls for an action: 'failed_tool_share > 0.5 for 10m: ask_person' (repeatable); see "
        "`orchestrate policies escalation`.",
    ),
    click.option(
        "--criticality",
        type=click.Choice(("low", "normal", "high", "critical")),
        help="What is at stake: bounds how often is reviewed and what thresholds ask for; see docs/tuning.md [default: "
        "the setting tuning.criticality, else normal].",
    ),
    click.option(
        "--parameter",
        "parameters",
        multiple=True,
        callback=_parameters,
        metavar="NAME=VALUE",
        help="Hold a parameter of docs/tuning.md at a value in this session: max_review_rounds=2 (repeatable) "
        "[default: the setting parameters.NAME, else as tuning has it].",
    ),
    click.option(
        "--no-baseline",
        is_flag=True,
        help="Do not run the project's tests as they were before; what fails then counts as failing.",
    ),
    click.option(
        "--silence",
        "silence_s",
        type=Duration(),
        metavar="DURATION",
        help="Ask for a review after a silence of this length [default: 15m].",
    ),
    click.option(
        "--review-timeout",
        "review_timeout_s",
        type=Duration(),
        metavar="DURATION",
        help="How long a reviewer may take before it counts as an abstention [default: 5m].",
    ),
)

BOUNDS = section(
    "Limits of the session",
    click.option(
        "--timeout",
        "timeout_s",
        type=Duration(),
        metavar="DURATION",
        help="Stop the session after this time: 90, 15m, 2h.",
    ),
    click.option("--max-cost", "max_cost_usd", type=Money(), metavar="USD", help="Stop when this much has been spent."),
    click.option("--max-tokens", type=Count(), metavar="N", help="Stop when this many tokens are used: 200000, 200k."),
    click.option(
        "--max-parallel",
        type=click.IntRange(1),
        metavar="N",
        help="So many agents of a team of your own work at once; the others wait [default: 4].",
    ),
    click.option(
        "--max-workers",
        type=click.IntRange(1),
        metavar="N",
        help="So many agents of a team of your own in all; before more are started you are asked [default: 32].",
    ),
    click.option(
        "--auto-resume",
        is_flag=True,
        help="When an account is at its usage limit, wait for the time the CLI gave and go on; otherwise ask.",
    ),
    click.option(
        "--orphan-grace",
        "orphan_grace_s",
        type=Duration(),
        metavar="DURATION",
        help="How long workers outlive a coordinator that died [default: 60s].",
    ),
    click.option(
        "--max-session-size",
        "max_session_bytes",
        type=Size(),
        metavar="SIZE",
        help="Freeze the workers and ask when their output has grown to this [default: 2G].",
    ),
    click.option(
        "--min-free",
        "least_free_bytes",
        type=Size(),
        metavar="SIZE",
        help="Freeze the workers and ask when the disk has less than this left [default: 64M].",
    ),
)

REHEARSAL = section(
    "Rehearsal",
    click.option(
        "--rehearse",
        is_flag=True,
        help="Play the task against a scripted model on this machine: no account, no cost, a copy of the target.",
    ),
    click.option(
        "--scenario",
        shell_complete=completion_values.scenarios,
        metavar="NAME|FILE",
        help="What is played (implies --rehearse); see `orchestrate scenarios`.",
    ),
    click.option("--stand-ins", is_flag=True, help="Rehearse with the built-in stand-ins instead of the real CLIs."),
    click.option(
        "--installed",
        is_flag=True,
        help="Rehearse with your own installed CLIs instead of the pinned ones: does a new version still work?",
    ),
)

OUTPUT = section(
    "Output and questions",
    click.option(
        "--interactive/--no-interactive",
        default=None,
        help="Whether questions wait for you [default: yes in a terminal]; if not, the run ends with exit code 3.",
    ),
    json_option,
    click.option(
        "--quiet", "-q", is_flag=True, help="Plain lines instead of the live view, and only the important ones."
    ),
    click.option("--verbose", "-v", is_flag=True, help="Say and log more."),
)

REPORTS = section(
    "On a build server",
    report_options,
    fail_option,
)

DASHBOARD = section(
    "Dashboard",
    dashboard_options,
)


@click.command("run", cls=SectionedCommand)
@click.argument("task", required=False)
@TARGET
@AGENTS
@RIGHTS
@REVIEWS
@BOUNDS
@REHEARSAL
@OUTPUT
@REPORTS
@DASHBOARD
def command(task: str | None, task_file: Path | None, **options: Any) -> int:
    """Run TASK: design, implement and review it with every agent there is.

    TASK is one argument, so put it in quotes; `-` reads it from standard input.
    """
    words = read_task(task, task_file)
    from orchestrator.cli.build_request import run_task
    from orchestrator.cli.meant_workflow import run_meant

    ran = run_meant(words, options)
    return run_task(words, options) if ran is None else ran


def read_task(task: str | None, task_file: Path | None) -> str:
    """The task from the argument, standard input or a file, stripped.

    Raises:
        UsageError: None or two were given, it cannot be read, or it is empty.
    """
    if task is not None and task_file is not None:
        raise UsageError("a task was given twice", hint="leave out either TASK or --task-file")
    if task_file is not None:
        words = _read_file(task_file)
    elif task == "-":
        words = _decoded(sys.stdin.buffer.read(), "standard input")
    elif task is not None:
        words = _decoded(task.encode(errors="surrogateescape"), "the command line")
    else:
        raise UsageError("there is no task", hint='orchestrate "what is to be done", or --task-file FILE')
    if not any(char.isprintable() and not char.isspace() for char in words):
        raise UsageError("the task is empty", hint="say what is to be done in a sentence or two")
    return words.strip()


def _read_file(path: Path) -> str:
    try:
        # A pipe is read as well (`--task-file <(…)`), but nothing without an end.
        with path.open("rb") as file:
            content = file.read(_MOST_TASK_BYTES + 1)
        if len(content) > _MOST_TASK_BYTES:
            raise UsageError(f"the task in {path} has more than {_MOST_TASK_BYTES:,} bytes")
        return _decoded(content, str(path))
    except OSError as error:
        raise UsageError(f"cannot read the task from {path}: {error.strerror}") from error


def _decoded(data: bytes, source: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"the task from {source} is not UTF-8 (byte {error.start})", hint="save it as UTF-8 text"
        ) from error
