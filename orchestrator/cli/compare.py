"""``orchestrate compare``: put two sessions side by side."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from orchestrator.cli import completion_values
from orchestrator.cli.shared_options import json_option, workspace_option

if TYPE_CHECKING:
    from pathlib import Path

    from orchestrator.session.summary import SessionSummary

_NAME_COLUMN = 12


@click.command("compare")
@click.argument("first", metavar="SESSION", shell_complete=completion_values.sessions)
@click.argument("second", metavar="[SESSION]", required=False, shell_complete=completion_values.sessions)
@workspace_option
@json_option
def command(first: str, second: str | None, workspace: Path | None, as_json: bool) -> None:
    """Put two sessions side by side: how they ended, what they took and what they changed.

    The second one is the newest, where it is not named.
    """
    from orchestrator.cli.documents import document
    from orchestrator.cli.load_session import state_of
    from orchestrator.cli.session_lookup import terminal_width, which_session, workspace_path
    from orchestrator.session.summary import summarise

    folder = workspace_path(workspace)
    sessions = [summarise(state_of(which_session(folder, name))) for name in (first, second)]
    rows = [facts(session) for session in sessions]
    if as_json:
        named = zip(sessions, rows, strict=True)
        print(document({"sessions": [{"id": session.id, **row} for session, row in named]}))
        return
    width = terminal_width(sys.stdout) or 100
    for line in table([str(session.id) for session in sessions], rows, width):
        print(line)


def facts(summary: SessionSummary) -> dict[str, str]:
    """What is compared of one session, in words."""
    from orchestrator.narration.formatting import changed_lines, consumption, duration
    from orchestrator.narration.sentences import status_words

    change = summary.change
    known = change is not None and change.problem is None
    calls = sum(worker.tool_calls for worker in summary.workers)
    failed = sum(worker.calls_failed for worker in summary.workers)
    decisions = [str(review.decision.action) for review in summary.reviews if review.decision is not None]
    used = consumption(summary.usage, whole_tokens=summary.usage_complete, whole_cost=summary.cost_complete)
    return {
        "task": summary.task,
        "state": status_words(summary.status),
        "why": summary.reason,
        "team": f"{summary.team.name}" if summary.team is not None and summary.team.name else "-",
        "agents": ", ".join(f"{worker.id} ({worker.attempts})" for worker in summary.workers if worker.attempts),
        "time": duration(summary.elapsed_s),
        "used": used,
        "changed": changed_lines(len(change.files), change.insertions, change.deletions)
        if known and change is not None
        else "not measured",
        "files": ", ".join(change.files) if known and change is not None else "-",
        "calls": f"{calls}, {failed} failed",
        "decisions": ", ".join(decisions) or "none",
        "recoveries": str(len(summary.recoveries)),
        "questions": f"{len(summary.settled)} answered, {len(summary.questions)} open",
        "warnings": str(len(summary.warnings)),
    }


def table(names: list[str], rows: list[dict[str, str]], width: int) -> list[str]:
    """Rows of two columns; one that differs is marked."""
    from orchestrator.narration.formatting import one_line

    room = max((width - _NAME_COLUMN - 4) // 2, 16)
    lines = [f"{'':{_NAME_COLUMN}}  {names[0]:<{room}}  {names[1]}".rstrip()]
    for name in rows[0]:
        left, right = (one_line(row[name], room) or "-" for row in rows)
        mark = " " if rows[0][name] == rows[1][name] else "*"
        lines.append(f"{name:<{_NAME_COLUMN}}{mark} {left:<{room}}  {right}".rstrip())
    return lines
