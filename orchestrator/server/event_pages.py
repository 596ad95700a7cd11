"""Page through the journal entries that match a filter."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.narration.notices import Topic
from orchestrator.server.entry_lookup import PAGE
from orchestrator.server.follower import Follower
from orchestrator.server.rows import EventRow, rows_of
from orchestrator.value_class import value_class

MOST_READ = 50_000
"""Entries looked at for one page: a filter that matches next to nothing must not read for minutes."""


@value_class
class MatchText:
    """Which rows are wanted; ``None`` is any."""

    agents: frozenset[str] = frozenset()
    """Any of these; none named: any at all."""
    types: frozenset[Topic] = frozenset()
    text: str | None = None
    important: bool = False
    worker: str | None = None

    def admits(self, row: EventRow) -> bool:
        if self.agents and row.agent not in self.agents:
            return False
        if self.types and row.type not in self.types:
            return False
        if (self.important and not row.important) or (self.worker is not None and row.worker != self.worker):
            return False
        return self.text is None or self.text.casefold() in row.text.casefold()


@value_class
class EventPage:
    """Some rows, oldest first."""

    rows: tuple[EventRow, ...]
    first: int
    """Journal number of the first entry looked at: the next older page is ``before`` it."""
    last: int
    """Journal number of the last entry looked at: the next newer page is ``after`` it."""
    entries: int
    """Journal number of the newest entry there is."""


def page_of_events(
    follower: Follower, match: MatchText, after: int | None, before: int | None, limit: int
) -> EventPage:
    """The rows after ``after``, or else those nearest before ``before`` (or the end).  Blocks on the disk."""
    newest = follower.n
    if after is not None:
        return _newer(follower, match, after, min(newest, before - 1 if before is not None else newest), limit)
    return _older(follower, match, min(newest + 1, before) if before is not None else newest + 1, limit)


def _newer(follower: Follower, match: MatchText, after: int, until: int, limit: int) -> EventPage:
    rows: list[EventRow] = []
    last = min(after, follower.n)
    for entry in follower.pages.entries(after + 1, min(until, after + MOST_READ)):
        found = [row for row in rows_of(entry) if match.admits(row)]
        if rows and len(rows) + len(found) > limit:
            break
        rows += found
        last = entry.n
    return EventPage(tuple(rows), min(after + 1, follower.n), last, follower.n)


def _older(follower: Follower, match: MatchText, before: int, limit: int) -> EventPage:
    kept: list[list[EventRow]] = []
    count = 0
    first = before
    for page in _pages_before(before):
        found = [
            (entry.n, [row for row in rows_of(entry) if match.admits(row)])
            for entry in follower.pages.entries(page, min(page + PAGE, before) - 1)
        ]
        for n, rows in reversed(found):
            if count and count + len(rows) > limit:
                return _joined(kept, first, before, follower.n)
            kept.append(rows)
            count += len(rows)
            first = n
    return _joined(kept, first, before, follower.n)


def _pages_before(before: int) -> Iterator[int]:
    """The first entry of each page in front of ``before``, newest page first."""
    last_page = (before - 2) // PAGE
    for page in range(last_page, max(-1, last_page - MOST_READ // PAGE), -1):
        yield page * PAGE + 1


def _joined(kept: list[list[EventRow]], first: int, before: int, newest: int) -> EventPage:
    return EventPage(tuple(row for rows in reversed(kept) for row in rows), first, before - 1, newest)
