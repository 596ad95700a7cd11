"""Turn a row of the workspace's index into what the list of sessions shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json

from orchestrator.files.foreign import ForeignFolder, Status, Unread
from orchestrator.journal.index import SessionRow
from orchestrator.models.money import Usage
from orchestrator.session.summary import WAITS

_USAGE: TypeAdapter[Usage] = TypeAdapter(Usage)


@dataclass(frozen=True, slots=True)
class SessionEntry:
    """One session of the workspace."""

    id: str
    task: str
    target: str
    agents: tuple[str, ...]
    status: str
    """``running``, ``waits_for_you`` (a question is open), the outcome, ``lost`` (it never ended and nobody runs it),
    or ``damaged``."""
    live: bool
    reason: str
    opened_at: datetime | None
    last_at: datetime | None
    entries: int
    cost_usd: float | None
    """``null`` is unknown, never 0."""
    total_tokens: int | None


def session_entry(row: SessionRow, usage: Usage | None, *, waits: bool) -> SessionEntry:
    """What is shown of the row."""
    live = row.holder is not None
    if row.problem:
        status = "damaged"
    elif live:
        status = WAITS if waits else "running"
    else:
        status = str(row.outcome) if row.outcome else "lost"
    return SessionEntry(
        id=row.id,
        task=row.task,
        target=row.target,
        agents=tuple(row.agents),
        status=status,
        live=live,
        reason=row.problem or row.reason,
        opened_at=row.opened_at,
        last_at=row.last_at,
        entries=row.entries,
        cost_usd=usage.cost_usd if usage else None,
        total_tokens=usage.total_tokens if usage else None,
    )


MOST_REPORT_BYTES = 64 * 1024 * 1024


def usage_in_report(path: Path) -> Usage | None:
    """The session's usage as its report says; ``None`` where there is none to be read."""
    found = ForeignFolder(path.parent).status(path.name)
    return _usage_in(path, found.mtime_ns) if isinstance(found, Status) else None


@lru_cache(maxsize=1024)
def _usage_in(path: Path, mtime_ns: int) -> Usage | None:
    """``mtime_ns`` is there so that a report written anew is read anew."""
    content = ForeignFolder(path.parent).read(path.name, most_bytes=MOST_REPORT_BYTES)
    if isinstance(content, Unread):
        return None
    try:
        return _USAGE.validate_python(from_json(content)["usage"])
    except (ValueError, KeyError, TypeError, ValidationError):
        return None
