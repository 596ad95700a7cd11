"""Turn a row of the workspace's index into what the list of sessions shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json

from orchestrator.files.foreign import ForeignFolder, Status, Unread
from orchestrator.journal.index import SessionRow
from orchestrator.late_adapter import late_adapter
from orchestrator.models.decisions import OrchestratorDecision
from orchestrator.models.money import Usage
from orchestrator.quotation import clean
from orchestrator.server.shown_words import shown_reason
from orchestrator.session.summary import WAITS
from orchestrator.value_class import value_class

_USAGE: TypeAdapter[Usage] = late_adapter(Usage)
_DECISION: TypeAdapter[OrchestratorDecision] = late_adapter(OrchestratorDecision)


@value_class
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
    files: int | None = None
    """How many files of the target changed, as it was measured when the session ended; ``null``: it was not."""
    insertions: int = 0
    deletions: int = 0
    questions: int | None = None
    """How many questions a person was asked; ``null``: not known without reading its journal."""
    usage_complete: bool = True
    cost_complete: bool = True
    """Whether every worker that ran told its tokens, its cost; if not, the figure is a lower bound."""


@value_class
class Figures:
    """What a session came to, as far as that is known without reading its journal."""

    usage: Usage
    files: int | None = None
    insertions: int = 0
    deletions: int = 0
    questions: int | None = None
    usage_complete: bool = True
    cost_complete: bool = True
    reason: str = ""
    """Why it ended, as its page says it."""


def session_entry(row: SessionRow, figures: Figures | None, *, waits: bool) -> SessionEntry:
    """What is shown of the row."""
    live = row.holder is not None
    if row.problem:
        status = "damaged"
    elif live:
        status = WAITS if waits else "running"
    else:
        status = str(row.outcome) if row.outcome else "lost"
    entry = SessionEntry(
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
        cost_usd=None,
        total_tokens=None,
    )
    return with_figures(entry, figures) if figures else entry


def with_figures(entry: SessionEntry, figures: Figures) -> SessionEntry:
    """The same with what the session came to."""
    return replace(
        entry,
        cost_usd=figures.usage.cost_usd,
        total_tokens=figures.usage.total_tokens,
        files=figures.files,
        insertions=figures.insertions,
        deletions=figures.deletions,
        questions=figures.questions,
        usage_complete=figures.usage_complete,
        cost_complete=figures.cost_complete,
        reason=entry.reason if entry.status == "damaged" else figures.reason or entry.reason,
    )


MOST_REPORT_BYTES = 64 * 1024 * 1024


def figures_in_report(path: Path) -> Figures | None:
    """The session's figures as its report says; ``None`` where there is none to be read."""
    found = ForeignFolder(path.parent).status(path.name)
    return _figures_in(path, found.mtime_ns) if isinstance(found, Status) else None


@lru_cache(maxsize=16_384)
def _figures_in(path: Path, mtime_ns: int) -> Figures | None:
    """``mtime_ns`` is there so that a report written anew is read anew."""
    content = ForeignFolder(path.parent).read(path.name, most_bytes=MOST_REPORT_BYTES)
    if isinstance(content, Unread):
        return None
    try:
        report = from_json(content)
        usage = _USAGE.validate_python(report["usage"])
    except (ValueError, KeyError, TypeError, ValidationError):
        return None
    return _figures_of(report, usage)


def decisions_in(report: Mapping[str, Any]) -> tuple[OrchestratorDecision, ...]:
    """What was decided on the reviews of a report, oldest first."""
    reviews = report.get("reviews")
    decided = [one.get("decision") for one in reviews if isinstance(one, dict)] if isinstance(reviews, list) else []
    try:
        return tuple(_DECISION.validate_python(one) for one in decided if one is not None)
    except ValidationError:
        return ()


def _figures_of(report: Mapping[str, Any], usage: Usage) -> Figures:
    told = Figures(
        usage,
        usage_complete=report.get("usage_complete") is not False,
        cost_complete=report.get("cost_complete") is not False,
        reason=clean(shown_reason(str(report.get("reason") or ""), decisions_in(report))),
    )
    change, settled = report.get("change"), report.get("settled")
    asked = (
        sum(1 for one in settled if isinstance(one, dict) and one.get("question"))
        if isinstance(settled, list)
        else None
    )
    waiting = report.get("questions")
    if asked is not None and isinstance(waiting, list):
        asked += len(waiting)
    if not isinstance(change, dict) or not isinstance(change.get("files"), list) or change.get("problem"):
        return replace(told, questions=asked)
    more, less = change.get("insertions"), change.get("deletions")
    return replace(
        told,
        files=len(change["files"]),
        insertions=more if isinstance(more, int) else 0,
        deletions=less if isinstance(less, int) else 0,
        questions=asked,
    )
