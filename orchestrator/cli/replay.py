"""``orchestrate replay``: every decision of a session derived again from its journal alone."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from orchestrator.cli.options import json_option, workspace_option

if TYPE_CHECKING:
    from pathlib import Path

    from orchestrator.session.replaying import OtherDecision, ReplayResult


@click.command("replay")
@click.argument("session", required=False)
@click.option("--policy", metavar="NAME|FILE", help="Also say what this policy would have decided.")
@click.option("--until", type=click.IntRange(min=1), metavar="N", help="Only up to this journal entry.")
@workspace_option
@json_option
def command(session: str | None, policy: str | None, until: int | None, workspace: Path | None, as_json: bool) -> None:
    """Derive every decision of SESSION (default: the newest) again; exit 1 at the first difference."""
    from orchestrator import __version__
    from orchestrator.cli.places import which_session, workspace_path
    from orchestrator.errors import JournalDamaged
    from orchestrator.journal.reading import read_journal
    from orchestrator.session.replaying import engine_version_of, replay, under_policy

    folder = which_session(workspace_path(workspace), session)
    first = next(read_journal(folder.journal_file), None)
    if first is None:
        raise JournalDamaged(f"session {folder.id} has no journal entry")
    made_by = engine_version_of(first)
    if made_by != __version__:
        # Said before any difference (settled question 17): it may be the cause.
        print(f"this journal was made by version {made_by or 'unknown'}; this is {__version__}", file=sys.stderr)
    result = replay(read_journal(folder.journal_file), until=until)
    others: tuple[OtherDecision, ...] = ()
    if policy is not None:
        from orchestrator.cli.starting import find_policy

        others = under_policy(result.session, find_policy(policy))
    print(_as_document(result, others) if as_json else _as_text(result, others, name=folder.id))


def _as_text(result: ReplayResult, others: tuple[OtherDecision, ...], *, name: str) -> str:
    from orchestrator.cli.saying import decision_words
    from orchestrator.cli.wording import counted

    lines = [
        f"session {name}: {counted(result.entries, 'entry')}, {counted(result.effects, 'effect')} "
        f"and {counted(len(result.decisions), 'decision')} derived again, all the same"
    ]
    lines += [f"  {decision_words(decision)}" for decision in result.decisions]
    if result.unrecorded:
        kinds = ", ".join(effect.kind for _, effect in result.unrecorded)
        lines.append(f"not yet on record where the journal ends: {kinds}")
    for other in others:
        same = "the same" if other.other.action == other.recorded.action else "otherwise"
        lines.append(f"under {other.other.policy}, {same}: {decision_words(other.other)}")
    return "\n".join(lines)


def _as_document(result: ReplayResult, others: tuple[OtherDecision, ...]) -> str:
    from orchestrator.cli.documents import document

    return document(
        {
            "session": result.session.id,
            "entries": result.entries,
            "effects": result.effects,
            "same": True,
            "decisions": result.decisions,
            "unrecorded": [effect for _, effect in result.unrecorded],
            "under_policy": others,
        }
    )
