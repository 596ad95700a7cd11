"""Make the notices of a journal entry fit for a terminal: one safe line each, cut where it is long."""

from __future__ import annotations

from dataclasses import replace

from orchestrator.models.entries import JournalEntry
from orchestrator.narration.notices import Kind, Notice, notices
from orchestrator.narration.short_paths import short_paths
from orchestrator.quotation import one_line

_WIDTHS: dict[Kind, int] = {
    "said": 2000,
    "tool": 250,
    "question": 4000,
    "report": 600,
    "review": 800,
    "session": 1000,
}
_WIDTH = 400
"""Of every other kind."""
_MORE_WIDTH = 300


def terminal_notices(entry: JournalEntry, target: str = "") -> tuple[Notice, ...]:
    """What there is to say about one entry, safe to be printed; paths in ``target`` are relative."""
    return tuple(for_terminal(notice, target) for notice in notices(entry))


def for_terminal(notice: Notice, target: str = "") -> Notice:
    """The notice with a text that a terminal can show on one line, and as long as its kind deserves."""
    # What an agent reports is known by its topic, for which a line has no column.
    text = f"{notice.topic}: {notice.text}" if notice.kind == "report" else notice.text
    if notice.kind == "tool":
        text = short_paths(text, target)
    text = one_line(text, _WIDTHS.get(notice.kind, _WIDTH))
    if notice.worker is not None:
        # Texts for places that do not name the worker begin with its name; here it stands before them anyway.
        text = text.replace(f"{notice.worker}: ", "", 1)
    return replace(notice, text=text, more=tuple(one_line(line, _MORE_WIDTH) for line in notice.more))


def label(notice: Notice) -> str:
    """The word before the text where the text alone does not show its kind."""
    return f"{notice.kind}: " if notice.kind in ("review", "decision", "recovery", "warning", "question") else ""
