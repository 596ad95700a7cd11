"""Measure the sessions of a workspace; a journal that has not changed since is not read again."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from orchestrator.files.foreign import ForeignFolder, Unread
from orchestrator.journal.folder import SessionFolder, all_sessions, journal_stamp
from orchestrator.late_adapter import late_adapter
from orchestrator.models.recorded_outcomes import RecordedOutcome
from orchestrator.store.journal_cache import JournalCache
from orchestrator.store.log_records import SessionEnded
from orchestrator.store.outcome_log import OutcomeLog
from orchestrator.tuning.session_measures import SessionMeasures, measures_of
from orchestrator.value_class import value_class

CACHE_NAME: Final = "measures.json"
"""In the workspace; derived from the journals, and may be deleted."""
VERSION: Final = 5
"""Raised when a measure means something else: then everything is measured again."""
MOST_LINE_BYTES: Final = 256 * 1024 * 1024
MOST_CACHE_BYTES: Final = 256 * 1024 * 1024


@value_class
class _Kept:
    """What was measured of one journal, and of which one."""

    size: int
    mtime_ns: int
    measures: SessionMeasures | None
    problem: str = ""


@value_class
class _Cache:
    version: int
    sessions: Mapping[str, _Kept]


_CACHE: JournalCache[_Kept] = JournalCache(CACHE_NAME, late_adapter(_Cache), VERSION, MOST_CACHE_BYTES)
_MEASURES: TypeAdapter[SessionMeasures] = late_adapter(SessionMeasures)


@value_class
class Measured:
    """The sessions of a workspace in figures."""

    sessions: tuple[SessionMeasures, ...]
    """Oldest first."""
    problems: tuple[tuple[str, str], ...]
    """Sessions that cannot be measured; the message says why."""
    read_again: int
    """How many journals had to be read."""


def measured_sessions(workspace: Path) -> Measured:
    """Measure every session of a workspace.  Blocks."""
    known = _CACHE.read(workspace)
    found: dict[str, _Kept] = {}
    again = 0
    for folder in reversed(all_sessions(workspace)):
        stamp = journal_stamp(folder)
        kept = known.get(folder.id)
        if kept is None or (kept.size, kept.mtime_ns) != stamp:
            kept, again = _measured(folder, stamp), again + 1
        found[folder.id] = kept
    if again or known.keys() != found.keys():
        _CACHE.write(workspace, _Cache(VERSION, found))
    return Measured(
        tuple(one.measures for one in found.values() if one.measures is not None),
        tuple((name, one.problem) for name, one in found.items() if one.problem),
        again,
    )


def outcomes_of_sessions(log: OutcomeLog, sessions: Collection[SessionMeasures]) -> Mapping[str, RecordedOutcome]:
    """What came of these sessions, as the log says last; those that it does not know are left out.

    Raises:
        EnvironmentUnfit: The log is there and cannot be read.
    """
    wanted = {one.session for one in sessions}
    return {
        record.body.outcome.session: record.body.outcome
        for record in log.read()
        if isinstance(record.body, SessionEnded) and record.body.outcome.session in wanted
    }


def _measured(folder: SessionFolder, stamp: tuple[int, int]) -> _Kept:
    with ForeignFolder(folder.path).opened(folder.journal_file.name) as found:
        if isinstance(found, Unread):
            return _Kept(*stamp, None, f"its journal {found.detail}")
        file = open(found.descriptor, "rb", buffering=1 << 20, closefd=False)  # noqa: SIM115 - closed with it
        try:
            return _Kept(*stamp, _checked(measures_of(iter(partial(file.readline, MOST_LINE_BYTES), b""))))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            return _Kept(*stamp, None, f"its journal is damaged: {where}: {first['msg']}")
        except (ValueError, OSError) as error:
            return _Kept(*stamp, None, str(error))


def _checked(measures: SessionMeasures) -> SessionMeasures:
    """The same as it will be read from what is kept; what a damaged journal says otherwise is found here.

    Raises:
        ValueError: It could not be read.
    """
    return _MEASURES.validate_json(_MEASURES.dump_json(measures, warnings=False))
