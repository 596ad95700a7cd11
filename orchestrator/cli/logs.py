"""``orchestrate logs``: show what the workers said and did, from the journal or as their raw bytes."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli import completion_values
from orchestrator.cli.shared_options import Since, session_option, workspace_option
from orchestrator.errors import UsageError

if TYPE_CHECKING:
    import re
    from datetime import datetime
    from pathlib import Path

    from orchestrator.cli.log_lines import LogWriter

TYPES = (
    *("status", "progress", "finding", "task", "blocker", "milestone", "review", "error"),
    *("decision", "recovery", "question", "command"),
)
"""The values of :class:`orchestrator.narration.notices.Topic`, whose import --help does without."""


@click.command("logs")
@click.argument("agent", required=False, shell_complete=completion_values.workers)
@click.option("-f", "--follow", is_flag=True, help="Go on until the session ends.")
@click.option("-n", "--lines", "last", type=click.IntRange(min=0), metavar="N", help="Begin with the last N notices.")
@click.option("--since", type=Since(), metavar="TIME", help="Since then: 10m ago, 14:05 today, 2026-11-30T14:05.")
@click.option(
    "--type",
    "types",
    type=click.Choice(TYPES),
    multiple=True,
    metavar="TYPE",
    help=f"Only these (repeatable): {', '.join(TYPES)}.",
)
@click.option("--important", is_flag=True, help="Only what --quiet shows: decisions, reviews, questions, warnings.")
@click.option("--grep", metavar="PATTERN", help="Only what this regular expression is found in, in any case.")
@click.option("--with-thinking", is_flag=True, help="The agents' thoughts, too.")
@click.option("--relative-time", is_flag=True, help="Times since the session's start, not those of the day.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, with whole texts.")
@click.option(
    "--raw", is_flag=True, help="The agent's own output, unredacted; byte for byte, unless a terminal reads it."
)
@session_option
@workspace_option
def command(
    agent: str | None, follow: bool, raw: bool, session: str | None, workspace: Path | None, **chosen: Any
) -> None:
    """Read what happened in the newest (running) session, or only what concerns AGENT.

    AGENT is a worker's id or an agent's name.  Without --raw the lines come from the journal, secrets left out.
    """
    from orchestrator.cli.session_lookup import which_session, workspace_path
    from orchestrator.cli.tail_output import follow_journal, follow_raw, print_journal, raw_file, require_worker

    folder = which_session(workspace_path(workspace), session, live=True)
    if raw:
        given = sorted(name for name, value in chosen.items() if value not in (None, False, ()))
        if given:
            raise UsageError("--raw shows the bytes as they are: nothing can be chosen among them")
        path = raw_file(folder, agent)
        print(f"{path}: the agent's own bytes, unredacted; they may hold secrets", file=sys.stderr)
        import anyio

        anyio.run(partial(follow_raw, folder, path, follow=follow))
        return
    if agent is not None:
        require_worker(folder, agent)
    writer = _writer(agent, **chosen)
    if not follow:
        print_journal(folder, writer)
        return
    import anyio

    anyio.run(follow_journal, folder, writer)


def _writer(
    agent: str | None,
    *,
    last: int | None,
    since: datetime | None,
    types: tuple[str, ...],
    important: bool,
    grep: str | None,
    with_thinking: bool,
    relative_time: bool,
    as_json: bool,
) -> LogWriter:
    from orchestrator.cli.log_lines import LogChoice, LogFormat, LogWriter
    from orchestrator.cli.session_lookup import colours_wanted
    from orchestrator.narration.notices import Topic, Weight

    choice = LogChoice(
        agent=agent,
        least=Weight.IMPORTANT if important else Weight.DETAIL,
        topics=frozenset(map(Topic, types or TYPES)),
        pattern=_pattern(grep),
        since=since,
        thoughts=with_thinking,
    )
    return LogWriter(choice, LogFormat(as_json, colours_wanted(sys.stdout), relative_time), last)


def _pattern(grep: str | None) -> re.Pattern[str] | None:
    import re

    try:
        return re.compile(grep, re.IGNORECASE) if grep else None
    except re.error as error:
        raise UsageError(
            f"--grep {grep!r} is no regular expression: {error}",
            hint="a backslash before a character takes it as it is",
        ) from error
