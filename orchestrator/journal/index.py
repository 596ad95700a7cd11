"""List the sessions of a workspace from an SQLite file that is derived from the journals and may be deleted."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from orchestrator.errors import JournalDamaged
from orchestrator.files.foreign import ForeignFolder, Unread
from orchestrator.journal.folder import SessionFolder, all_sessions, journal_stamp
from orchestrator.journal.session_lock import session_holder
from orchestrator.models.identity import AgentName, SessionId
from orchestrator.models.session_outcome import Outcome
from orchestrator.value_class import value_class

INDEX_NAME = "index.sqlite"
_VERSION = 1
"""Of the table; an index of another one is thrown away and derived again."""
_BUSY_S = 5.0
"""What another process writes takes some milliseconds; after that the rows are derived without the index."""
_SUFFIXES = ("", "-wal", "-shm")
_TABLE = """
CREATE TABLE session (
    id TEXT PRIMARY KEY, journal_bytes INTEGER NOT NULL, journal_mtime_ns INTEGER NOT NULL,
    task TEXT NOT NULL, target TEXT NOT NULL, agents TEXT NOT NULL,
    opened_at TEXT, last_at TEXT, entries INTEGER NOT NULL, outcome TEXT, reason TEXT NOT NULL, problem TEXT
)"""
_SELECT = """
SELECT id, task, target, agents, opened_at, last_at, entries, outcome, reason, problem FROM session ORDER BY id DESC"""


@value_class
class SessionRow:
    """What the list of sessions shows of one."""

    id: SessionId
    task: str = ""
    target: str = ""
    agents: tuple[AgentName, ...] = ()
    opened_at: datetime | None = None
    last_at: datetime | None = None
    """Of the last entry."""
    entries: int = 0
    outcome: Outcome | None = None
    """``None``: it has not been closed; it runs now if it has a holder, else it can be resumed."""
    reason: str = ""
    problem: str | None = None
    """Why the journal could not be read."""
    holder: int | None = None
    """Pid of the coordinator that runs it now; asked afresh each time, never stored."""


class SessionIndex:
    """The index of one workspace; several processes may use it at once."""

    def __init__(self, workspace: Path) -> None:
        self._workspace = workspace
        self._path = workspace / INDEX_NAME
        self._rows: list[SessionRow] | None = None

    def refresh(self) -> None:
        """Take in what has changed: only journals of another size or time than remembered are read.

        An index that is damaged, of another version or missing is derived again; where it cannot be written (no room,
        no right, no file, held by another program) the rows are derived into memory only.
        """
        self._rows = None
        if not self._is_usable():
            self._rows = self._derive_all()
            return
        try:
            self._update(self._path)
        except sqlite3.OperationalError:
            self._rows = self._derive_all()
        except sqlite3.DatabaseError:
            self._begin_again()

    def rows(self) -> list[SessionRow]:
        """All sessions, newest first, as of the last :meth:`refresh` of any process."""
        if self._rows is not None:
            rows = self._rows
        elif self._path.exists() and self._is_usable():
            rows = self._selected()
        else:
            rows = []
        folders = {row.id: SessionFolder(self._workspace / row.id) for row in rows if row.outcome is None}
        return [replace(row, holder=session_holder(folders[row.id])) if row.id in folders else row for row in rows]

    def _selected(self) -> list[SessionRow]:
        try:
            with _opened(self._path) as database:
                selected = database.execute(_SELECT).fetchall()
            return [_row(values) for values in selected]
        except (sqlite3.DatabaseError, ValueError):
            # What somebody else wrote into it is no reason to show nothing: the journals are what counts.
            return self._derive_all()

    def _begin_again(self) -> None:
        try:
            self.delete()
            self._update(self._path)
        except (sqlite3.DatabaseError, OSError):
            self._rows = self._derive_all()

    def _derive_all(self) -> list[SessionRow]:
        return [_derived(folder) for folder in all_sessions(self._workspace)]

    def _is_usable(self) -> bool:
        """Whether regular files, or nothing yet, stand where the database is to be."""
        workspace = ForeignFolder(self._workspace)
        found = [workspace.status(INDEX_NAME + suffix) for suffix in _SUFFIXES]
        return all(each.reason == "missing" if isinstance(each, Unread) else each.kind == "file" for each in found)

    def delete(self) -> None:
        """Throw the index away; nothing is lost."""
        for suffix in _SUFFIXES:
            self._path.with_name(INDEX_NAME + suffix).unlink(missing_ok=True)

    def _update(self, path: Path) -> None:
        folders = all_sessions(self._workspace)
        if not folders and not path.exists():
            return
        with _opened(path) as database:
            known = dict(_stamps(database))
            changed = [folder for folder in folders if known.get(folder.id) != journal_stamp(folder)]
            gone = [(name,) for name in known.keys() - {folder.id for folder in folders}]
            if not changed and not gone:
                return
            derived = [(journal_stamp(folder), _derived(folder)) for folder in changed]
            with _writing(database):
                database.executemany("DELETE FROM session WHERE id = ?", gone)
                database.executemany(
                    "INSERT OR REPLACE INTO session VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
                    [_values(stamp, row) for stamp, row in derived],
                )


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    database = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)
    try:
        if database.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
            _lay_out(database)
        yield database
    finally:
        database.close()


def _lay_out(database: sqlite3.Connection) -> None:
    database.execute("PRAGMA journal_mode = WAL")
    with _writing(database):
        # Asked again under the lock: another process may have done it while we waited.
        if database.execute("PRAGMA user_version").fetchone()[0] == _VERSION:
            return
        database.execute("DROP TABLE IF EXISTS session")
        database.execute(_TABLE)
        database.execute(f"PRAGMA user_version = {_VERSION}")


@contextmanager
def _writing(database: sqlite3.Connection) -> Iterator[None]:
    # A deferred transaction fails at once when another process has written since it began to read.
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        database.execute("ROLLBACK")
        raise
    database.execute("COMMIT")


def _stamps(database: sqlite3.Connection) -> Iterator[tuple[str, tuple[int, int]]]:
    for name, size, mtime_ns in database.execute("SELECT id, journal_bytes, journal_mtime_ns FROM session"):
        yield name, (size, mtime_ns)


def _derived(folder: SessionFolder) -> SessionRow:
    """The row as the journal's first and last entry tell it."""
    # Here alone: where no journal has changed, the list is made without the models of entries.
    from orchestrator.journal.reader import read_journal, read_last_entry
    from orchestrator.models.entries import SessionClosed, SessionOpened

    row = SessionRow(folder.id)
    try:
        first = next(read_journal(folder.journal_file), None)
        last = read_last_entry(folder.journal_file)
    except JournalDamaged as error:
        return replace(row, problem=error.message)
    if first is None or last is None:
        return row
    row = replace(row, opened_at=first.at, last_at=last.at, entries=last.n)
    if isinstance(first.body, SessionOpened):
        options = first.body.options
        row = replace(row, task=options.task, target=str(options.target), agents=options.agents)
    if isinstance(last.body, SessionClosed):
        row = replace(row, outcome=last.body.outcome, reason=last.body.reason)
    return row


def _values(stamp: tuple[int, int], row: SessionRow) -> tuple[object, ...]:
    times = [at.isoformat() if at is not None else None for at in (row.opened_at, row.last_at)]
    agents = " ".join(row.agents)
    return (row.id, *stamp, row.task, row.target, agents, *times, row.entries, row.outcome, row.reason, row.problem)


def _row(values: tuple[str, str, str, str, str | None, str | None, int, str | None, str, str | None]) -> SessionRow:
    name, task, target, agents, opened_at, last_at, entries, outcome, reason, problem = values
    return SessionRow(
        SessionId(name),
        task=task,
        target=target,
        agents=tuple(AgentName(agent) for agent in agents.split()),
        opened_at=datetime.fromisoformat(opened_at) if opened_at else None,
        last_at=datetime.fromisoformat(last_at) if last_at else None,
        entries=entries,
        outcome=Outcome(outcome) if outcome else None,
        reason=reason,
        problem=problem,
    )
