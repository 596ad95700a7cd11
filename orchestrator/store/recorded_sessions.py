"""Read the newest ended sessions of a workspace as far as their reviews go; known journals are not read again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from orchestrator.files.foreign import ForeignFolder, Unread
from orchestrator.journal.folder import SessionFolder, all_sessions, journal_stamp
from orchestrator.journal.reader import read_journal
from orchestrator.late_adapter import late_adapter
from orchestrator.store.journal_cache import JournalCache
from orchestrator.store.recorded_reviews import RecordedSession, recorded_session
from orchestrator.store.redecision import predicted, told_of
from orchestrator.tuning.parameters import Value
from orchestrator.tuning.tuner import Tuning, judgement_due, on_judged
from orchestrator.tuning.tuning_events import Redecided
from orchestrator.value_class import value_class

CACHE_NAME: Final = "reviews.json"
"""In the workspace; derived from the journals, and may be deleted."""
VERSION: Final = 3
"""Raised when what is taken from a journal means something else: then each is read again."""
MOST_SESSIONS: Final = 20
"""So many of the newest are asked."""
MOST_LOOKED_AT: Final = 60
"""Of so many folders at most; those that run, or that no journal tells enough of, are passed over."""
MOST_JOURNAL_BYTES: Final = 4 * 1024 * 1024
"""A longer journal is passed over: a session that opens waits for this."""
MOST_READ_BYTES: Final = 8 * 1024 * 1024
"""So much is read at once; what is left is read the next time."""
MOST_CACHE_BYTES: Final = 16 * 1024 * 1024


@value_class
class _Known:
    size: int
    mtime_ns: int
    session: RecordedSession | None


@value_class
class _Cache:
    version: int
    sessions: Mapping[str, _Known]


_CACHE: JournalCache[_Known] = JournalCache(CACHE_NAME, late_adapter(_Cache), VERSION, MOST_CACHE_BYTES)


def judged_offline(
    tuning: Tuning, workspace: Path, *, fixed: Mapping[str, Value], without: Collection[str]
) -> Sequence[Redecided]:
    """What journals of a workspace say of the step that the next session would begin, where any does.  Blocks.

    Args:
        fixed: As of :func:`orchestrator.tuning.tuner.on_open`.
        without: As of :func:`orchestrator.tuning.tuner.on_open`.
    """
    due = judgement_due(tuning, fixed=fixed, without=without)
    if due is None:
        return ()
    told = told_of(recorded_sessions(workspace), due.parameter, due.before)
    if not told:
        return ()
    journals = {one.session: one.digest for one in told}
    prediction = predicted(told, due.parameter, due.after)
    return (on_judged(tuning, due, prediction, workspace=str(workspace), journals=journals),)


def recorded_sessions(workspace: Path) -> Sequence[RecordedSession]:
    """The newest ended sessions of a workspace, the newest first.  Blocks."""
    known, kept = _CACHE.read(workspace), dict[str, _Known]()
    left, is_new = MOST_READ_BYTES, False
    for folder in all_sessions(workspace)[:MOST_LOOKED_AT]:
        size, mtime_ns = stamp = journal_stamp(folder)
        one = known.get(folder.id)
        if one is None or (one.size, one.mtime_ns) != stamp:
            if not 0 < size <= min(MOST_JOURNAL_BYTES, left):
                continue
            left, is_new = left - size, True
            one = _Known(size, mtime_ns, _recorded(folder))
        kept[folder.id] = one
        if sum(known_.session is not None for known_ in kept.values()) >= MOST_SESSIONS:
            break
    if is_new:
        _CACHE.write(workspace, _Cache(VERSION, kept))
    return [one.session for one in kept.values() if one.session is not None]


def sessions_again(
    workspace: Path, journals: Iterable[tuple[str, str]]
) -> tuple[Sequence[RecordedSession], Sequence[str], Sequence[str]]:
    """Read the journals that a judgement rests on once more: what they tell, which are gone, and which are others now.

    Args:
        journals: Sessions, and a hash over the journal of each.
    """
    found: list[RecordedSession] = []
    gone: list[str] = []
    changed: list[str] = []
    for name, digest in journals:
        folder = SessionFolder(workspace / name)
        if not ForeignFolder(folder.path).is_file(folder.journal_file.name):
            gone.append(name)
            continue
        one = _recorded(folder)
        if one is None or one.digest != digest:
            changed.append(name)
        else:
            found.append(one)
    return found, gone, changed


def _recorded(folder: SessionFolder) -> RecordedSession | None:
    """What a journal tells; ``None`` where it cannot be read whole, or tells nothing that counts."""
    digest = ForeignFolder(folder.path).digest(folder.journal_file.name, most_bytes=MOST_JOURNAL_BYTES)
    if isinstance(digest, Unread):
        return None
    try:
        found = recorded_session(read_journal(folder.journal_file), digest=digest[:32])
        # By its folder it is found again, whatever id the journal of one that was copied has.
        return None if found is None else replace(found, session=folder.id)
    except Exception:
        # A damaged one, or one of an older version, may say anything, and keeps no session from beginning.
        return None
