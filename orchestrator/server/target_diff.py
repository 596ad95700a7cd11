"""Show the difference between a session's target as it was and as it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import anyio
import anyio.to_thread

from orchestrator.errors import EnvironmentUnfit
from orchestrator.quotation import quoted_name, visible_lines
from orchestrator.server.follower import Follower
from orchestrator.session.state import Session
from orchestrator.snapshots.recorded_trees import BASELINE, Snapshots

FRESH_FOR_S = 2.0
"""Hashing a large target costs; everybody who asks within this time gets the same answer."""
MOST_CHARS = 200_000
"""Of the text; a page that long is no longer read."""


@dataclass(frozen=True, slots=True)
class DiffView:
    """What has changed in the target since the session began."""

    text: str
    """A unified diff."""
    files: tuple[str, ...]
    insertions: int
    deletions: int
    is_cut: bool
    """The text is not the whole; the figures are."""
    of: Literal["the target now", "the last snapshot", "nothing yet"]
    at: datetime
    problem: str | None = None
    """Why there is none."""


class Differ:
    """Computes the diff of one session, at most every two seconds."""

    def __init__(self, follower: Follower) -> None:
        self._follower = follower
        self._lock = anyio.Lock()
        self._last: tuple[float, DiffView] | None = None

    async def current(self, session: Session) -> DiffView:
        async with self._lock:
            if self._last is None or anyio.current_time() - self._last[0] > FRESH_FOR_S:
                live = self._follower.is_live
                view = await anyio.to_thread.run_sync(_compute, self._follower, session, live)
                self._last = (anyio.current_time(), view)
            return self._last[1]


def _compute(follower: Follower, session: Session, live: bool) -> DiffView:
    folder = follower.folder
    now = datetime.now(UTC)
    try:
        if not (folder.snapshots_dir / "labels.jsonl").exists():
            return DiffView("", (), 0, 0, is_cut=False, of="nothing yet", at=now)
        snapshots = Snapshots(folder.snapshots_dir, session.options.target, exclude=(folder.workspace,))
        before = snapshots.moment(BASELINE)
        after = snapshots.glance() if live else next(reversed(snapshots.moments()), None)
        if before is None or after is None:
            return DiffView("", (), 0, 0, is_cut=False, of="nothing yet", at=now)
        diff = snapshots.compare(before, after)
    except (EnvironmentUnfit, OSError) as error:
        return DiffView("", (), 0, 0, is_cut=False, of="nothing yet", at=now, problem=str(error))
    return DiffView(
        visible_lines(diff.text[:MOST_CHARS]),
        tuple(quoted_name(name) for name in diff.files),
        diff.insertions,
        diff.deletions,
        is_cut=diff.is_cut or len(diff.text) > MOST_CHARS,
        of="the target now" if live else "the last snapshot",
        at=now,
    )
