"""The group looks commands up in one table, and takes what is not a command for a task."""

from __future__ import annotations

import importlib
import os
from collections.abc import Sequence
from typing import Any

import click

from orchestrator.cli.explanations import EXPLANATIONS
from orchestrator.cli.option_sections import section_rows
from orchestrator.late_pattern import late_pattern

PROGRAM = "orchestrate"
_WIDEST, _NARROWEST = 110, 52

COMMAND_SECTIONS: dict[str, dict[str, str]] = {
    "Work": {
        "run": "Run a task (the same as giving the task alone).",
        "plan": "Show what a run of a task would do, and why; nothing is started.",
        "resume": "Go on with a paused, interrupted or waiting session.",
        "continue": "Ask for more of a session that is done, in the same conversations.",
        "question": "Show what a session asks you, and what each answer does.",
        "answer": "Answer a question of a running session.",
        "review": "Ask for a review of a running session's work.",
        "pause": "Freeze a running session's workers.",
        "stop": "Stop a running session.",
    },
    "See what happens and what happened": {
        "sessions": "List the sessions of the workspace.",
        "attach": "Open the live view of a session that runs elsewhere.",
        "show": "Show where a session stands, or how it ended.",
        "logs": "Read what the workers said and did.",
        "diff": "Show what a session changed.",
        "compare": "Put two sessions side by side.",
        "replay": "Derive every decision of a session again.",
        "serve": "Show every session of the workspace in the browser.",
        "metrics": "Show how the sessions of the workspace have gone, in figures.",
        "bundle": "Pack a session, secrets withheld, for a bug report.",
    },
    "Take a change, or take it back": {
        "apply": "Make a session's change in a folder, three ways.",
        "undo": "Put back what a session changed.",
        "clean": "Delete old sessions.",
    },
    "Look at the machine and the project": {
        "doctor": "Say what is there to run with, and what is missing.",
        "release-prep": "Say whether a project is ready for a release.",
        "security-deep-dive": "Audit a project: tools, auditors who debate, proofs in the sandbox.",
        "test-coverage": "Raise a project's test coverage; judge written tests.",
        "workflow": "Run a workflow of your own: a team, and the gates that decide.",
        "gates": "Measure a project: tests, lint and more; no agent, no cost.",
        "tests": "Show which test suites a project has; nothing is run.",
        "trust": "Consent to a project's own settings as they are.",
        "settings": "Show or change what is set: models by tier, budgets, gates.",
        "tune": "Try out what works better, step by step; off until switched on.",
    },
    "Choose from": {
        "teams": "List the teams; show and check one.",
        "workflows": "List the workflows; show and check one.",
        "templates": "List the agent templates; show, check and begin one.",
        "compositions": "List the teams that have worked here, and how they did; export, import, rebuild.",
        "lessons": "List what reviewers taught in earlier sessions; strike what is wrong.",
        "policies": "List the review and sandbox policies; show, check and explain one of the latter.",
        "scenarios": "List the rehearsal scenarios.",
        "completion": "Print what makes your shell complete all of this.",
    },
}
"""The map of the commands: heading, name and one-line help; each lives in ``cli/<name>.py`` as ``command``."""

COMMANDS: dict[str, str] = {name: words for rows in COMMAND_SECTIONS.values() for name, words in rows.items()}

ALIASES = {"status": "show", "ls": "sessions"}
"""Words that people type because other programs know them, and the command that answers."""

_WORD = late_pattern(r"[A-Za-z0-9_-]+")
"""What is no task by itself: a command of another program, a slip, a flag without its dashes."""

EXIT_CODES = """\
  0    done
  1    failed, or a gate blocked
  2    the command line, a file or the machine is not fit for it
  3    needs a person: a question is open
  130  interrupted
"""

ENVIRONMENT = """\
  ORCHESTRATOR_WORKSPACE  the folder all sessions lie in (--workspace)
  ORCHESTRATOR_LOG_LEVEL  DEBUG, INFO, WARNING or ERROR: what orchestrator.log holds
  NO_COLOR                no colours
  _ORCHESTRATE_COMPLETE   set by the shell's completion; see orchestrate completion
"""

EXAMPLES = """\
  To try it without an account or cost:
    orchestrate --rehearse "Add input validation to the signup form"
  Alone at a laptop:
    orchestrate "Fix the flaky login test" --target ~/shop --isolated
  On a build server:
    orchestrate run --task-file task.md --no-interactive --json --max-cost 2.50
  To find out what went wrong:
    orchestrate show; orchestrate logs --important; orchestrate diff --stat
"""


class Misunderstanding(click.UsageError):
    """A usage error with a hint at what to type instead."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class TaskGroup(click.Group):
    """A group whose first argument is a command's name or else the beginning of ``run``."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"orchestrator.cli.{cmd_name.replace('-', '_')}").command
        command.epilog = EXPLANATIONS[cmd_name].text()
        if isinstance(command, click.Group):
            from orchestrator.cli.part_explanations import PART_EXPLANATIONS

            for name, part in command.commands.items():
                part.epilog = PART_EXPLANATIONS[f"{cmd_name} {name}"].text()
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        args = answered(args)
        if args and args[0] not in COMMANDS and args[0] not in ("--help", "-h", "--version"):
            if not ctx.resilient_parsing:
                self._refuse_what_is_no_task(ctx, args)
            args = ["run", *args]
        return super().parse_args(ctx, args)

    def get_help(self, ctx: click.Context) -> str:
        ctx.terminal_width = ctx.terminal_width or _terminal_width()
        return super().get_help(ctx)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write(f'Usage: {PROGRAM} "TASK" [OPTIONS]\n       {PROGRAM} COMMAND [OPTIONS]\n')
        self.format_help_text(ctx, formatter)
        for heading, commands in COMMAND_SECTIONS.items():
            with formatter.section(heading):
                formatter.write_dl(list(commands.items()), col_max=26)
        with formatter.section("Other words"):
            formatter.write_dl([("help, version", "This help; the version."), *_alias_rows()], col_max=26)
        formatter.write("\nEach command has its own --help. The options of a run follow, by what they are about.\n")
        for heading, rows in _sections_of_a_run(self._run_command(ctx), ctx):
            with formatter.section(heading):
                formatter.write_dl(rows, col_max=26)
        for heading, text in (("Examples", EXAMPLES), ("Environment", ENVIRONMENT), ("Exit codes", EXIT_CODES)):
            formatter.write(f"\n{heading}:\n{text}")

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        found = super().shell_complete(ctx, incomplete)
        if incomplete.startswith("-"):
            found += self._run_command(ctx).shell_complete(ctx, incomplete)
        return found

    def _run_command(self, ctx: click.Context) -> click.Command:
        command = self.get_command(ctx, "run")
        assert command is not None
        return command

    def _refuse_what_is_no_task(self, ctx: click.Context, args: list[str]) -> None:
        """A run costs money, so a word alone never begins one: it is a command, a slip, or meant for another program.

        Raises:
            Misunderstanding: The first argument that is no option is one, and says what to type instead.
        """
        given = positionals(args, self._run_command(ctx))
        if not given:
            return
        word = given[0]
        as_task = f"To run it as a task: {PROGRAM} run {word.strip()}"
        meant = command_meant(word)
        if meant == word.strip():
            raise Misunderstanding(
                f"{word!r} is a command, and its options follow it", f"did you mean `{PROGRAM} {meant} …`? {as_task}"
            )
        if meant is not None:
            raise Misunderstanding(
                f"{word!r} is neither a command nor looks like a task", f"did you mean `{PROGRAM} {meant}`? {as_task}"
            )
        # More than one word, unquoted, is refused where it is parsed, with the reason.
        if len(given) == 1 and word != "-" and _WORD.fullmatch(word.strip()):
            raise Misunderstanding(
                f"{word!r} is neither a command nor looks like a task",
                f"`{PROGRAM} help` lists the commands. {as_task}",
            )


def answered(args: list[str]) -> list[str]:
    """Replace other programs' names for a command by this program's name for it."""
    if not args:
        return args
    first, rest = args[0], args[1:]
    if first == "help":
        return [ALIASES.get(rest[0], rest[0]), "--help"] if rest and not rest[0].startswith("-") else ["--help"]
    if first == "version":
        return ["--version", *rest]
    return [ALIASES.get(first, first), *rest]


def command_meant(word: str) -> str | None:
    """The command whose name, or near miss, a single word is; ``None`` for a task."""
    import difflib

    name = word.strip().lower()
    if not name or any(character.isspace() for character in name):
        return None
    near = difflib.get_close_matches(name, (*COMMANDS, *ALIASES, "help", "version"), n=1, cutoff=0.75)
    return near[0] if near else None


def positionals(args: list[str], run: click.Command) -> list[str]:
    """The arguments that are neither options of ``run`` nor an option's value; after ``--`` there are no options."""
    takes_value = {
        name
        for option in run.params
        if isinstance(option, click.Option) and not option.is_flag and not option.count
        for name in option.opts
    }
    found: list[str] = []
    rest = iter(args)
    for argument in rest:
        if argument == "--":
            return [*found, *rest]
        if argument == "-" or not argument.startswith("-"):
            found.append(argument)
        elif argument in takes_value:
            next(rest, None)
    return found


def _terminal_width() -> int:
    """Measure the terminal as click would, without importing shutil (3 ms)."""
    try:
        columns = int(os.environ.get("COLUMNS", 0)) or os.get_terminal_size().columns
    except (ValueError, OSError):
        columns = 80
    return max(min(columns, _WIDEST), _NARROWEST) - 2


def _sections_of_a_run(command: click.Command, ctx: click.Context) -> Sequence[tuple[str, Sequence[tuple[str, str]]]]:
    return section_rows(command, click.Context(command, info_name="run", parent=ctx))


def _alias_rows() -> list[tuple[str, str]]:
    return [(alias, f"The same as {command}.") for alias, command in ALIASES.items()]


def _show_version(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from orchestrator import __version__

        click.echo(f"{PROGRAM} {__version__}")
        ctx.exit()


def build_group() -> TaskGroup:
    """The whole command line, with nothing imported that a subcommand needs."""
    version = click.Option(
        ["--version"],
        is_flag=True,
        expose_value=False,
        is_eager=True,
        callback=_show_version,
        help="Show the version and exit.",
    )
    return TaskGroup(
        PROGRAM,
        params=[version],
        no_args_is_help=True,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": _WIDEST},
        help="Put the Gemini, Claude and Codex command-line agents to work on one task as one supervised team.",
    )
