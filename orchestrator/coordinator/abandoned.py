"""Write the report of a session that was stopped without its coordinator: what ended, and what it left changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from orchestrator.coordinator.final_change import WITHIN_S, recorded_end
from orchestrator.coordinator.left_logins import return_left_logins
from orchestrator.coordinator.orphans import Leftover
from orchestrator.coordinator.restored_target import writers_of
from orchestrator.coordinator.session_report import write_report
from orchestrator.errors import JournalDamaged, OrchestrateError
from orchestrator.files.time_limits import in_time
from orchestrator.journal.folder import SessionFolder
from orchestrator.journal.reader import read_journal
from orchestrator.journal.session_lock import hold_session_lock
from orchestrator.models.changes import ChangeMeasured
from orchestrator.models.effects import Outcome
from orchestrator.models.entries import Command, Input, JournalEntry, SessionClosed, UserCommand, WorkerExited
from orchestrator.session.fold import fold, step
from orchestrator.session.state import Session
from orchestrator.snapshots.recorded_trees import Snapshots
from orchestrator.snapshots.undo_records import Records
from orchestrator.snapshots.writers import Writers

REASON = "its coordinator was gone, and it was stopped without one"


def report_abandoned(folder: SessionFolder, ended: Sequence[Leftover], *, by: str, now: datetime) -> Session:
    """Write the report that nobody else will write, and return the session as it tells of it.

    The journal stays as the dead coordinator left it: whoever resumes the session hears of the ends by themselves.

    Raises:
        SessionBusy: Somebody coordinates it after all.
        JournalDamaged: It has no entry.
        OSError: The report cannot be written.
    """
    with hold_session_lock(folder):
        session: Session | None = None
        for _, after, _ in fold(None, read_journal(folder.journal_file)):
            session = after
        if session is None:
            raise JournalDamaged(f"session {folder.id} has no journal entry", hint="there is nothing to report")
        for body in _what_happened(session, ended, by):
            session, _ = step(session, JournalEntry(session.n + 1, now, body))
        session, _ = step(session, JournalEntry(session.n + 1, now, _change_of(session, folder)))
        reason = "; ".join([REASON, *map(str, return_left_logins(folder))])
        session, _ = step(session, JournalEntry(session.n + 1, now, SessionClosed(Outcome.INTERRUPTED, reason)))
        write_report(folder, session, outcome=Outcome.INTERRUPTED, reason=reason)
    return session


def _change_of(session: Session, folder: SessionFolder) -> ChangeMeasured:
    """What it left changed, recorded as its end: nothing of it runs any more."""
    target = session.options.target
    records = Records(folder.snapshots_dir, target.resolve(), (folder.workspace,))
    ends = [path.stat().st_mtime_ns for path in folder.workers_dir.glob("*.json")]
    try:
        writers = Writers.of(writers_of(session))
        snapshots = Snapshots(folder.snapshots_dir, target, (folder.workspace,), writers=writers)
        return in_time(
            lambda: recorded_end(snapshots, records, session, settled_ns=max(ends, default=0)),
            within_s=WITHIN_S,
            what="comparing the target",
        )
    except (OrchestrateError, OSError) as error:
        return ChangeMeasured(problem=str(error))


def _what_happened(session: Session, ended: Sequence[Leftover], by: str) -> Iterator[Input]:
    yield UserCommand(Command.STOP, by=by)
    for leftover in ended:
        if leftover.worker in session.workers:
            yield WorkerExited(leftover.worker, leftover.attempt, leftover.exit)
