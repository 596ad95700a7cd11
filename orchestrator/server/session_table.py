"""Choose and order what the table of sessions shows: of ten thousand sessions a page asks for two hundred.

This module is pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal, TypeAlias

from orchestrator.server.session_rows import SessionEntry
from orchestrator.value_class import value_class

Column: TypeAlias = Literal[
    "status", "task", "opened_at", "duration", "total_tokens", "cost_usd", "changes", "questions"
]
FROM_REPORTS: Final[frozenset[Column]] = frozenset({"total_tokens", "cost_usd", "changes", "questions"})
"""What is known only once each session's report has been read."""


@value_class
class SessionQuery:
    """What of the table is wanted."""

    text: str = ""
    """In the task, the id, the target or the agents; any case."""
    status: str = ""
    by: Column = "opened_at"
    down: bool = True
    limit: int = 200


@value_class
class SessionTable:
    """Some of the sessions, and how many there are."""

    sessions: tuple[SessionEntry, ...]
    matching: int
    total: int
    states: tuple[str, ...]
    """All states that occur."""
    waiting: int
    """How many wait for a person."""
    needing: int = 0
    """How many have ended without being done, so that a person has to decide."""


def session_table(
    entries: Sequence[SessionEntry], query: SessionQuery, now: datetime, filled: Callable[[SessionEntry], SessionEntry]
) -> SessionTable:
    """The part of the table that was asked for.

    Args:
        entries: Every session, newest first.
        filled: Adds what the session's report says; asked only for what is shown, or ordered by it.
    """
    wanted = query.text.strip().casefold()
    matching = [one for one in entries if _admits(one, query.status, wanted)]
    if query.by in FROM_REPORTS:
        matching = [filled(one) for one in matching]
    shown = _ordered(matching, query, now)[: query.limit]
    if query.by not in FROM_REPORTS:
        shown = [filled(one) for one in shown]
    return SessionTable(
        tuple(shown),
        len(matching),
        len(entries),
        tuple(sorted({one.status for one in entries})),
        sum(1 for one in entries if one.status == "waits_for_you"),
        sum(1 for one in entries if one.status == "needs_person"),
    )


def _admits(one: SessionEntry, status: str, wanted: str) -> bool:
    if status and one.status != status:
        return False
    return not wanted or any(wanted in words.casefold() for words in (one.task, one.id, one.target, *one.agents))


def _ordered(entries: Iterable[SessionEntry], query: SessionQuery, now: datetime) -> list[SessionEntry]:
    value = _VALUES[query.by]
    keyed = [(value(one, now), one) for one in entries]
    # What is unknown stands last, whichever way; of equals the newest comes first.
    known = [(key, one) for key, one in keyed if key is not None]
    known.sort(key=lambda pair: pair[1].id, reverse=True)
    known.sort(key=lambda pair: pair[0], reverse=query.down)
    return [one for _, one in known] + [one for key, one in keyed if key is None]


def _took(one: SessionEntry, now: datetime) -> float | None:
    if one.opened_at is None or one.last_at is None:
        return None
    return ((now if one.live else one.last_at) - one.opened_at).total_seconds()


_VALUES: Final[Mapping[Column, Callable[[SessionEntry, datetime], Any]]] = {
    "status": lambda one, _: one.status,
    "task": lambda one, _: one.task.casefold(),
    "opened_at": lambda one, _: one.opened_at or datetime.min.replace(tzinfo=UTC),
    "duration": _took,
    "total_tokens": lambda one, _: one.total_tokens,
    "cost_usd": lambda one, _: one.cost_usd,
    "changes": lambda one, _: None if one.files is None else one.insertions + one.deletions,
    "questions": lambda one, _: one.questions,
}
