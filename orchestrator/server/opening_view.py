"""Show a session before its journal has been read, which takes seconds for a large one.

One that has ended is shown from its report, one that goes on from its checkpoint.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter
from pydantic_core import from_json, to_jsonable_python

from orchestrator.files.foreign import ForeignFolder, Status, Unread
from orchestrator.journal.checkpoint import Checkpoint, kept_checkpoint
from orchestrator.journal.folder import REVIEWER_PREFIX, SessionFolder
from orchestrator.journal.session_lock import session_holder
from orchestrator.models.money import Usage
from orchestrator.quotation import clean
from orchestrator.server.axis_sketch import AxisSketch, sketch_axis
from orchestrator.server.chronicle import Mark
from orchestrator.server.session_rows import MOST_REPORT_BYTES, decisions_in
from orchestrator.server.shown_words import shown_reason
from orchestrator.server.views import Past, question_views, review_views, session_view, worker_view
from orchestrator.session.state import Session
from orchestrator.settings.user_places import state_folder

_USAGE: Final[TypeAdapter[Usage]] = TypeAdapter(Usage)

_SAME: Final = (
    *("id", "task", "target", "status", "reason", "tier", "tier_notes", "policy", "sandbox", "opened_at", "updated_at"),
    *("elapsed_s", "found", "usage", "usage_complete", "cost_complete", "warnings", "settled", "entries", "budget"),
    "answer",
)
"""What the report has under the names that the page knows."""


def opening_view(folder: SessionFolder) -> Mapping[str, Any] | None:
    """The session's part of the state, as its report or its checkpoint tells it; ``None`` where there is neither.

    Blocks on the disk.
    """
    is_live = session_holder(folder) is not None
    path = folder.report_data_file
    found = ForeignFolder(path.parent).status(path.name)
    if not is_live and isinstance(found, Status):
        return _read(path, found.mtime_ns)
    kept = kept_checkpoint(folder, state=state_folder(os.environ))
    # One that does not count is said by who folds the journal instead.
    return _kept_view(folder, kept.session, is_live) if isinstance(kept, Checkpoint) else None


def _kept_view(folder: SessionFolder, session: Session, is_live: bool) -> Mapping[str, Any]:
    """The same of a session that goes on: what it amounted to at its checkpoint, with samples of its journal."""
    sketch = sketch_axis(folder.journal_file, {name: worker.status for name, worker in session.workers.items()})
    called = sum(worker.tool_calls for worker in session.workers.values())
    drawn = sum(1 for mark in sketch.marks if mark.what == "call")
    change = session.change
    return {
        "session": session_view(session, live=is_live),
        "workers": {
            name: worker_view(session, name, Past((), sketch.history.get(name, ()))) for name in session.workers
        },
        "reviews": {review.id: review for review in review_views(session)},
        "questions": question_views(session),
        "decisions": session.assessment.decisions,
        "recoveries": session.recoveries,
        "change": None if change is None else to_jsonable_python(change),
        "timeline": {"marks": sketch.marks, "upto": 0, "calls_left_out": max(0, called - drawn)},
        "rows": sketch.rows,
    }


@lru_cache(maxsize=16)
def _read(path: Path, mtime_ns: int) -> Mapping[str, Any] | None:
    """``mtime_ns`` is there so that a report written anew is read anew."""
    content = ForeignFolder(path.parent).read(path.name, most_bytes=MOST_REPORT_BYTES)
    if isinstance(content, Unread):
        return None
    try:
        report: Mapping[str, Any] = _cleaned(from_json(content))
        ended = {worker["id"]: worker["status"] for worker in report["workers"]}
        sketch = sketch_axis(SessionFolder(path.parent).journal_file, ended)
        return {**_state_of(report), **_axis_of(report, sketch)}
    except (ValueError, KeyError, TypeError, AttributeError, OSError):
        return None


def _axis_of(report: Mapping[str, Any], sketch: AxisSketch) -> Mapping[str, Any]:
    """The workers and what is drawn of them, as far as samples of the journal tell it."""
    drawn = sum(1 for mark in sketch.marks if mark.what == "call")
    called = sum(worker["tool_calls"] for worker in report["workers"])
    return {
        "workers": {worker["id"]: _worker(worker, sketch) for worker in report["workers"]},
        "timeline": {
            "marks": (*sketch.marks, *_questions(report)),
            "upto": 0,
            "calls_left_out": max(0, called - drawn),
        },
        "rows": sketch.rows,
        "decisions": [review["decision"] for review in report["reviews"] if review["decision"] is not None],
        "recoveries": report["recoveries"],
    }


def _questions(report: Mapping[str, Any]) -> Iterator[Mark]:
    """When the session waited for a person: its report knows all of these."""
    for one in (*report["settled"], *report["questions"]):
        if one.get("asked_at"):
            name = str(one.get("question") or one["id"])
            said = {key: one.get(key, "") for key in ("answer", "by", "outcome", "asked_by", "consent")}
            until = _ms(one["at"]) if "at" in one else None
            yield Mark("question", name, 0, _ms(one["asked_at"]), until, one["about"], one["text"], detail=said)


def _worker(worker: Mapping[str, Any], sketch: AxisSketch) -> Mapping[str, Any]:
    """A worker as the page knows it; what the report does not tell is not known yet."""
    usage = _USAGE.validate_python(worker["usage"])
    same = {
        *("id", "agent", "role", "status", "why", "doing", "progress", "usage", "tool_calls", "denials", "ran_s"),
        *("exit", "files", "insertions", "deletions", "answer"),
    }
    nothing = ("conversation", "processes", "last_heard", "running_since", "frozen_since", "limited_until")
    history = sketch.history.get(worker["id"], ())
    return {
        **{name: worker[name] for name in same},
        **dict.fromkeys(nothing),
        "title": "",
        "is_main": not worker["id"].startswith(REVIEWER_PREFIX),
        "attempt": worker["attempts"],
        "relaunches": max(0, worker["attempts"] - 1),
        "model": usage.model,
        "argv": (),
        "calls_failed": worker.get("calls_failed", 0) + worker.get("calls_denied", 0),
        "total_tokens": usage.total_tokens,
        "samples": (),
        "history": history,
        "started_at": history[0].at if history else None,
        "ended_at": history[-1].at if history else None,
    }


def _ms(at: str) -> int:
    return int(datetime.fromisoformat(at).timestamp() * 1000)


def _state_of(report: Mapping[str, Any]) -> Mapping[str, Any]:
    team = report.get("team") or {}
    decisions = decisions_in(report)
    session = {name: report[name] for name in _SAME} | {
        "total_tokens": _USAGE.validate_python(report["usage"]).total_tokens,
        "live": False,
        "rehearsal": report["is_rehearsal"],
        "interactive": False,
        "steps": [],
        "planted": [],
        "reason": shown_reason(report["reason"], decisions),
        "warnings": [shown_reason(text, decisions) for text in report["warnings"]],
        "wanted": [],
        "paused": [],
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
