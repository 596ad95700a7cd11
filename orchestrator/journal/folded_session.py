"""Fold a session's journal: from its checkpoint on, where there is one that counts, and else from entry 1."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Final

from orchestrator.journal.checkpoint import PrefixDigest, keep_checkpoint, kept_checkpoint
from orchestrator.journal.folder import SessionFolder
from orchestrator.journal.kept_summary import Unusable
from orchestrator.journal.reader import JournalReading
from orchestrator.quotation import quoted_name
from orchestrator.session.state import Session

WORTH_KEEPING: Final = 20_000
"""Entries that take so long to fold (a third of a second) that the next one who asks shall not have to."""


def folded_session(folder: SessionFolder, *, state: Path, say: Callable[[str], None]) -> Session | None:
    """The session as far as its journal has been written; ``None`` where it has no entry.

    Args:
        state: The user's state folder.
        say: Told where a checkpoint is thrown away.

    Raises:
        JournalDamaged: It cannot be read.
    """
    found = kept_checkpoint(folder, state=state)
    is_unusable = isinstance(found, Unusable)
    if isinstance(found, Unusable):
        say(f"{quoted_name(str(folder.checkpoint_file))} {found.why}: folded again from the journal")
        found = None
    session = None if found is None else found.session
    begin = 0 if session is None else session.n
    reading = JournalReading(folder.journal_file, begin, 0 if found is None else found.end)
    entries = iter(reading)
    first = next(entries, None)
    if first is not None:
        # Only here: what the fold decides with takes longer to load than a checkpoint to read.
        from orchestrator.session.fold import fold

        for _, after, _ in fold(session, chain((first,), entries)):
            session = after
    if session is not None and (is_unusable or session.n - begin >= WORTH_KEEPING):
        keep_checkpoint(folder, session, reading.end, state=state, prefix=PrefixDigest(folder.journal_file))
    return session
