"""Show the difference between a session's target as it was and as it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Literal

import anyio
import anyio.to_thread

from orchestrator.errors import EnvironmentUnfit
from orchestrator.quotation import one_line, quoted_name, visible_lines
from orchestrator.safety.obeyed_files import rows_of
from orchestrator.server.follower import Follower
from orchestrator.server.problems import Refusal
from orchestrator.session.state import Session
from orchestrator.shim.obeyed_rules import NOT_LOOKED_INTO, Rules
from orchestrator.snapshots.recorded_trees import BASELINE, Moment, Snapshots, review_label
from orchestrator.value_class import value_class

FRESH_FOR_S = 2.0
"""Hashing a large target costs; everybody who asks within this time gets the same answer."""
LISTED_FOR_S = 15.0
"""In the table of sessions, which shows several targets at once."""
MOST_CHARS = 200_000
"""Of the text; a page that long is no longer read."""


@value_class
class FileFigures:
    """How much of one file differs."""

    path: str
    insertions: int
    deletions: int


@value_class
class MomentView:
    """A moment at which the target was recorded."""

    label: str
    at: datetime | None


@value_class
class ObeyedName:
    """A changed file of which the table of obeyed files says that a program of the user's obeys it."""

    path: str
    program: str


@value_class
class DiffView:
    """What has changed in the target between two moments: since the session began, unless others were asked for."""

    text: str
    """A unified diff."""
    files: tuple[str, ...]
    insertions: int
    deletions: int
    is_cut: bool
    """The text is not the whole; the figures are."""
    of: Literal["the target now", "the last snapshot", "nothing yet", "a moment"]
    at: datetime
    problem: str | None = None
    """Why there is none."""
    figures: tuple[FileFigures, ...] = ()
    """Of each file, in the order of ``files``; a binary one has none of either."""
    since: str = BASELINE
    """The moment it begins at."""
    moments: tuple[MomentView, ...] = ()
    """All that were recorded, oldest first: what ``since`` and ``until`` may name."""
    obeyed: tuple[ObeyedName, ...] = ()
    """By the names of ``files``: what a worker really left is looked at when it ends."""


class Differ:
    """Computes the diffs of one session, each at most every two seconds."""

    def __init__(self, follower: Follower) -> None:
        self._follower = follower
        self._lock = anyio.Lock()
        self._last: dict[tuple[str, str], tuple[float, DiffView]] = {}
        self.known: DiffView | None = None
        """The change since the session began as it was looked at last."""

    async def look(self, session: Session) -> None:
        """Bring ``known`` up to date, unless that is being done or was done a moment ago."""
        seen = self.known
        is_fresh = seen is not None and (datetime.now(UTC) - seen.at).total_seconds() < LISTED_FOR_S
        if not is_fresh and not self._lock.locked():
            await self.current(session)

    async def current(self, session: Session, since: str = "", until: str = "") -> DiffView:
        """The difference between two moments.

        Raises:
            Refusal: There is no moment of that name.
        """
        async with self._lock:
            now = anyio.current_time()
            self._last = {key: kept for key, kept in self._last.items() if now - kept[0] <= FRESH_FOR_S}
            if (since, until) not in self._last:
                look = partial(_compute, self._follower, session, since, until)
                view = await anyio.to_thread.run_sync(look)
                self._last[since, until] = (anyio.current_time(), view)
                if not since and not until:
                    self.known = view
            return self._last[since, until][1]


def _compute(follower: Follower, session: Session, since: str, until: str) -> DiffView:
    folder, live = follower.folder, follower.is_live
    now = datetime.now(UTC)
    nothing = DiffView("", (), 0, 0, is_cut=False, of="nothing yet", at=now)
    try:
        if not (folder.snapshots_dir / "labels.jsonl").exists():
            return nothing
        snapshots = Snapshots(folder.snapshots_dir, session.options.target, exclude=(folder.workspace,))
        moments = snapshots.moments()
        if until:
            after: Moment | None = _named(moments, until)
        else:
            after = snapshots.glance() if live else next(reversed(moments), None)
        before = _beginning(moments, since, after)
        if before is None or after is None:
            return nothing
        diff = snapshots.compare(before, after)
        figures = snapshots.figures(before.tree, after.tree)
    except (EnvironmentUnfit, OSError) as error:
        return replace(nothing, problem=str(error))
    return DiffView(
        visible_lines(diff.text[:MOST_CHARS]),
        tuple(quoted_name(name) for name in diff.files),
        diff.insertions,
        diff.deletions,
        is_cut=diff.is_cut or len(diff.text) > MOST_CHARS,
        of="a moment" if until else "the target now" if live else "the last snapshot",
        at=now,
        figures=tuple(FileFigures(quoted_name(path), more, less) for path, more, less in figures),
        since=before.label,
        moments=tuple(MomentView(one_line(moment.label), moment.at) for moment in moments),
        obeyed=tuple(_obeyed(diff.files, session)),
    )


def _obeyed(files: Iterable[str], session: Session) -> Iterator[ObeyedName]:
    """Which of the files, by their names, a program of the user's obeys; of each the first row that says so."""
    rows = rows_of(session.options.sandbox)
    rules = Rules([{"pattern": row.pattern} for row in rows])
    for path in files:
        *above, name = path.split("/")
        if not NOT_LOOKED_INTO.isdisjoint(above):
            continue
        numbers = rules.of_file(above, name)
        for depth, folder in enumerate(above):
            numbers += rules.of_folder(above[:depth], folder)
        if numbers:
            yield ObeyedName(quoted_name(path), rows[min(numbers)].program)


def _beginning(moments: tuple[Moment, ...], since: str, after: Moment | None) -> Moment | None:
    if since == "last" and after is not None:
        # What is reviewed right now is what people want to see, not what they want to see it against.
        reviewed = [one for one in moments if one.label.startswith(review_label("")) and one.tree != after.tree]
        if reviewed:
            return reviewed[-1]
    elif since:
        return _named(moments, since)
    return next((moment for moment in moments if moment.label == BASELINE), None)


def _named(moments: tuple[Moment, ...], label: str) -> Moment:
    found = next((moment for moment in moments if moment.label == label), None)
    if found is None:
        raise Refusal(404, f"nothing was recorded as {label!r}", hint="`moments` of /api/diff lists what was")
    return found
