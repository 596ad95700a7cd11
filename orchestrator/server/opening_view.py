"""Show a session that has ended from its report, before its journal has been read: a large one takes seconds."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from pydantic_core import from_json

from orchestrator.files.foreign import ForeignFolder, Status, Unread
from orchestrator.journal.folder import SessionFolder
from orchestrator.journal.session_lock import session_holder
from orchestrator.quotation import clean
from orchestrator.server.session_rows import MOST_REPORT_BYTES

_SAME: Final = (
    *("id", "task", "target", "status", "reason", "tier", "tier_notes", "policy", "sandbox", "opened_at", "updated_at"),
    *("elapsed_s", "found", "usage", "usage_complete", "cost_complete", "warnings", "settled", "entries", "budget"),
    "answer",
)
"""What the report has under the names that the page knows."""


def opening_view(folder: SessionFolder) -> Mapping[str, Any] | None:
    """The session's part of the state, as the report tells it; ``None`` while somebody runs it, or without a report.

    Blocks on the disk.
    """
    if session_holder(folder) is not None:
        return None
    path = folder.report_data_file
    found = ForeignFolder(path.parent).status(path.name)
    return _read(path, found.mtime_ns) if isinstance(found, Status) else None


@lru_cache(maxsize=16)
def _read(path: Path, mtime_ns: int) -> Mapping[str, Any] | None:
    """``mtime_ns`` is there so that a report written anew is read anew."""
    content = ForeignFolder(path.parent).read(path.name, most_bytes=MOST_REPORT_BYTES)
    if isinstance(content, Unread):
        return None
    try:
        report = _cleaned(from_json(content))
        return _state_of(report)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _state_of(report: Mapping[str, Any]) -> Mapping[str, Any]:
    team = report.get("team") or {}
    session = {name: report[name] for name in _SAME} | {
        "live": False,
        "rehearsal": report["is_rehearsal"],
        "interactive": False,
        "steps": [],
        "planted": [],
        "team": team.get("name") or "",
        "team_because": team.get("because") or "",
        "max_tokens": None,
        "max_cost_usd": None,
        "timeout_s": None,
    }
    reviews = {review["id"]: review for review in report["reviews"]}
    change = report.get("change")
    return {"session": session, "reviews": reviews, "questions": report["questions"], "change": change}


def _cleaned(value: Any) -> Any:
    """The same with every text free of what would reach past its place."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_cleaned(one) for one in value]
    if isinstance(value, dict):
        return {clean(name): _cleaned(one) for name, one in value.items()}
    return value
