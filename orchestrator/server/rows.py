"""Turn a journal entry into what the event log shows of it; this module is pure."""

from __future__ import annotations

from datetime import datetime

from orchestrator.models.entries import JournalEntry, Told
from orchestrator.models.facts import DecisionMade, PersonAsked
from orchestrator.narration.notices import Notice, Topic, Weight, notices
from orchestrator.quotation import clean
from orchestrator.server.shown_words import choice_lines, decision_sentence, shown_verdict
from orchestrator.value_class import value_class

LONGEST_TEXT = 4_000
"""Characters of one row; the raw log has the whole."""
ON_ITS_CARD = frozenset({"usage_reported"})
"""What the worker's card shows is no row."""
AGENTS_NEWS = frozenset({Topic.BLOCKER, Topic.MILESTONE, Topic.FINDING})
"""Worth a look in a log that is read afterwards, even where a terminal that scrolls by leaves it out."""


@value_class
class EventRow:
    """One line of the event log."""

    id: str
    """``<journal number>.<index>``: unique in its session."""
    n: int
    at: datetime
    agent: str
    """Who it comes from: an agent's name, or ``orchestrator``."""
    worker: str | None
    type: Topic
    kind: str
    text: str
    important: bool = False
    """Worth a person's look even when the log is filtered to little."""


def rows_of(entry: JournalEntry) -> tuple[EventRow, ...]:
    """The rows of one entry, in order; none for measurements and ticks."""
    told = [notice for notice in notices(entry) if notice.source not in ON_ITS_CARD]
    return tuple(
        EventRow(
            id=f"{entry.n}.{index}",
            n=entry.n,
            at=entry.at,
            agent=notice.agent,
            worker=notice.worker,
            type=notice.topic,
            kind=notice.source,
            text=_text(notice, entry),
            important=notice.weight is Weight.IMPORTANT or notice.topic in AGENTS_NEWS,
        )
        for index, notice in enumerate(told)
    )


def _text(notice: Notice, entry: JournalEntry) -> str:
    text = notice.text if not notice.more else f"{notice.text.rstrip('. ')}: {'; '.join(notice.more)}"
    match entry.body:
        case Told(fact=PersonAsked(question=question)):
            text = "; ".join((notice.text.replace(".; ", "; ").rstrip("."), *choice_lines(question)))
        case Told(fact=DecisionMade(decision=decision)):
            text = decision_sentence(decision)
        case _:
            text = shown_verdict(text)
    return clean(text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…")
