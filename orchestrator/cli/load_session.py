"""Load a session's state from its folder."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from orchestrator.cli.standings import standing_words
from orchestrator.errors import JournalDamaged
from orchestrator.journal.folded_session import folded_session
from orchestrator.journal.folder import SessionFolder
from orchestrator.journal.session_lock import session_holder
from orchestrator.session.state import Session
from orchestrator.session.summary import waits_for_person
from orchestrator.settings.user_places import state_folder


def _warn(text: str) -> None:
    print(text, file=sys.stderr)


def state_of(folder: SessionFolder, say: Callable[[str], None] = _warn) -> Session:
    """The session as far as its journal has been written.

    Args:
        say: Told where a checkpoint is thrown away.

    Raises:
        JournalDamaged: It cannot be read, or has no entry yet.
    """
    session = folded_session(folder, state=state_folder(os.environ), say=say)
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
