"""Tell of a session that has ended what was kept when it was last told, without its journal being folded again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from orchestrator.cli.summary_layout import NextStepWords, SummaryWords
from orchestrator.journal.folder import SessionFolder
from orchestrator.journal.kept_summary import Unusable, keep, kept, stamp_of
from orchestrator.models.session_outcome import Outcome
from orchestrator.value_class import value_class

if TYPE_CHECKING:
    from orchestrator.session.state import Session


@value_class
class Told:
    """What is told of a session: in words, and as the document's values."""

    words: SummaryWords
    summary: dict[str, Any]


def told_before(folder: SessionFolder, stamp: dict[str, object]) -> Told | Unusable | None:
    """What was told of the session as its journal stands; ``None`` where that has not been told yet."""
    found = kept(folder, stamp=stamp)
    if found is None or isinstance(found, Unusable):
        return found
    try:
        words = found["words"]
        return Told(
            SummaryWords(
                status=str(words["status"]),
                reason=str(words["reason"]),
                outcome=Outcome(words["outcome"]),
                rows=tuple((str(label), str(text)) for label, text in words["rows"]),
                next_steps=tuple(NextStepWords(*map(str, step)) for step in words["next_steps"]),
            ),
            dict(found["summary"]),
        )
    except (KeyError, TypeError, ValueError):
        return Unusable("is damaged")


def told_now(session: Session, *, is_running: bool) -> Told:
    """What is to be told of a folded session.

    Args:
        is_running: Whether a coordinator runs it now.
    """
    from orchestrator.cli.documents import summary_values
    from orchestrator.cli.summary_words import summary_words

    return Told(summary_words(session, is_running=is_running), summary_values(session))


def keep_ended(session: Session, folder: SessionFolder) -> None:
    """Keep what is told of a session that has just ended here, so that ``show`` need not fold its journal at all."""
    from orchestrator.errors import JournalDamaged
    from orchestrator.journal.reader import read_last_entry

    if session.closed is None or session.change is None or session.change.problem is not None:
        return
    stamp = stamp_of(folder)
    try:
        last = read_last_entry(folder.journal_file)
    except JournalDamaged:
        return  # Whoever reads it is told; how this run ended stands.
    # Somebody may have gone on with it already.
    if stamp is not None and last is not None and last.n == session.n:
        keep_told(told_now(session, is_running=False), folder, stamp=stamp)


def keep_told(told: Told, folder: SessionFolder, *, stamp: dict[str, object]) -> None:
    """Keep what is told of a session that has ended, for whoever asks next."""
    from orchestrator.cli.documents import document

    words = told.words
    steps = [(step.label, step.words, step.command) for step in words.next_steps]
    rows = {"status": words.status, "reason": words.reason, "outcome": words.outcome, "rows": words.rows}
    keep(folder, {"words": {**rows, "next_steps": steps}, "summary": json.loads(document(told.summary))}, stamp=stamp)
