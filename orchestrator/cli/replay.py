"""``orchestrate replay``: derive every decision of a session again from its journal alone."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli import completion_values
from orchestrator.cli.shared_options import json_option, workspace_option

if TYPE_CHECKING:
    from pathlib import Path

    from orchestrator.composition.other_aggregator import OtherEnd
    from orchestrator.session.replaying import OtherDecision, ReplayResult
    from orchestrator.session.state import Session


@click.command("replay")
@click.argument("session", required=False, shell_complete=completion_values.sessions)
@click.option("--policy", metavar="NAME|FILE", help="Also say what this policy would have decided.")
@click.option(
    "--aggregator",
    type=click.Choice(["all", "weighted_score", "consensus", "priority_list"]),
    help="Also say what a plan of its own would have come to with this aggregator.",
)
@click.option(
    "--until",
    type=click.IntRange(min=1),
    metavar="N",
    help="Only up to this journal entry, and print the whole state of the session after it.",
)
@workspace_option
@json_option
def command(
    session: str | None,
    policy: str | None,
    aggregator: str | None,
    until: int | None,
    workspace: Path | None,
    as_json: bool,
) -> None:
    """Derive every decision of SESSION (default: the newest) again; exit 1 at the first difference.

    SESSION is an id, or the path of a session's folder, such as an unpacked bundle's.
    """
    from orchestrator import __version__
    from orchestrator.cli.session_lookup import which_session, workspace_path
    from orchestrator.errors import JournalDamaged
    from orchestrator.journal.reader import read_journal
    from orchestrator.session.replaying import engine_version_of, replay, under_policy

    folder = which_session(workspace_path(workspace), session)
    first = next(read_journal(folder.journal_file), None)
    if first is None:
        raise JournalDamaged(f"session {folder.id} has no journal entry")
    made_by = engine_version_of(first)
    if made_by != __version__:
        # Said before any difference, of which it may be the cause.
        print(f"this journal was made by version {made_by or 'unknown'}; this is {__version__}", file=sys.stderr)
    result = replay(read_journal(folder.journal_file), until=until)
    others: tuple[OtherDecision, ...] = ()
    if policy is not None:
        from orchestrator.cli.build_request import find_policy

        others = under_policy(result.session, find_policy(policy))
    end = None if aggregator is None else _under_aggregator(result.session, aggregator)
    with_state = until is not None
    if as_json:
        print(_as_document(result, others, end, with_state=with_state))
    else:
        print(_as_text(result, others, name=folder.id))
        if end is not None:
            print("\n".join(_end_in_words(end)))
        if with_state:
            print(_state_of(result.session))


def _as_text(result: ReplayResult, others: tuple[OtherDecision, ...], *, name: str) -> str:
    from orchestrator.narration.formatting import counted
    from orchestrator.narration.sentences import decision_words

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


def _under_aggregator(session: Session, aggregator: str) -> OtherEnd:
    from orchestrator.composition.other_aggregator import under_aggregator
    from orchestrator.errors import UsageError
    from orchestrator.models.plan_tree import Aggregator

    if session.options.plan is None:
        raise UsageError(
            f"session {session.id} has no plan of its own, so nothing in it is aggregated",
            hint="leave out --aggregator; --policy decides reviews again",
        )
    return under_aggregator(session.options.plan, session.plan_run.results, Aggregator(aggregator))


def _end_in_words(end: OtherEnd) -> list[str]:
    from orchestrator.models.plan_tree import StrategyResult

    def words(result: StrategyResult | None) -> str:
        return "cannot be known" if result is None else "a success" if result.success else "a failure"

    recorded = "no end" if end.recorded is None else words(end.recorded)
    lines = [f"under {end.aggregator}, the plan's end {words(end.result)}; recorded is {recorded}"]
    if end.result is not None:
        lines = [f"under {end.aggregator}, the plan comes to {words(end.result)}; recorded is {recorded}"]
    if end.differs_after is not None:
        then = f"{', '.join(end.wanted)} would have run, or been told something else" if end.wanted else "it would end"
        lines.append(f"the recorded world holds up to {end.differs_after}: then {then}")
    return lines


def _state_of(session: Session) -> str:
    """Render every field of the folded session."""
    from orchestrator.cli.documents import document

    return document(_plain(session))


def _plain(value: Any) -> Any:
    """Turn dataclasses and mappings into JSON objects; a key of several parts becomes ``12.0``."""
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from dataclasses import fields, is_dataclass

    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {
            ".".join(map(str, key)) if isinstance(key, tuple) else str(key): _plain(item) for key, item in value.items()
        }
    if isinstance(value, AbstractSet):
        return sorted(_plain(item) for item in value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(item) for item in value]
    return value


def _as_document(
    result: ReplayResult, others: tuple[OtherDecision, ...], end: OtherEnd | None, *, with_state: bool
) -> str:
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
            "under_aggregator": end,
            **({"state": _plain(result.session)} if with_state else {}),
        }
    )
