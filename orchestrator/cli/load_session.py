"""Load a session's state from its folder by folding its journal."""

from __future__ import annotations

from orchestrator.cli.standings import standing_words
from orchestrator.errors import JournalDamaged
from orchestrator.journal.folder import SessionFolder
from orchestrator.journal.reader import read_journal
from orchestrator.journal.session_lock import session_holder
from orchestrator.session.fold import fold
from orchestrator.session.state import Session
from orchestrator.session.summary import waits_for_person


def state_of(folder: SessionFolder) -> Session:
    """Fold the whole journal as far as it has been written.

    Raises:
        JournalDamaged: It cannot be read, or has no entry yet.
    """
    session: Session | None = None
    for _, after, _ in fold(None, read_journal(folder.journal_file)):
        session = after
    if session is None:
        raise JournalDamaged(
            f"session {folder.id} has no journal entry",
            hint="it ended before it began; orchestrate sessions lists the others",
        )
    return session


def standing(session: Session, folder: SessionFolder) -> str:
    """How a session stands: its outcome, or whether anybody runs it."""
    outcome = session.closed.outcome if session.closed else None
    return standing_words(outcome, session_holder(folder), session=folder.id, waits=waits_for_person(session))
