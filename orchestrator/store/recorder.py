"""Record what came of a session in the user's log when the session ends, or again from its journal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from orchestrator.errors import JournalDamaged, OrchestrateError
from orchestrator.journal.folder import SessionFolder, all_sessions
from orchestrator.journal.reader import read_journal, read_last_entry
from orchestrator.models.entries import SessionClosed
from orchestrator.models.identity import SessionId
from orchestrator.models.recorded_outcomes import RecordedOutcome
from orchestrator.session.state import Session
from orchestrator.settings.user_places import state_folder
from orchestrator.store.composition_names import configuration_id, store_of
from orchestrator.store.derived_outcomes import outcome_of, outcome_of_journal
from orchestrator.store.log_records import SessionEnded
from orchestrator.store.outcome_log import OutcomeLog
from orchestrator.value_class import value_class


@value_class
class Rederived:
    """The result of deriving the outcomes of a workspace again."""

    derived: int = 0
    added: tuple[SessionId, ...] = ()
    """The log did not have them, or had them otherwise."""
    running: tuple[SessionId, ...] = ()
    """They have not ended."""
    unreadable: tuple[tuple[SessionId, str], ...] = ()
    gone: tuple[SessionId, ...] = ()
    """The log has them, and this workspace has no journal of theirs (any more): what the log says of them stands."""


def as_record(outcome: RecordedOutcome) -> SessionEnded:
    """The line of the log that tells of a session."""
    return SessionEnded(store_of(outcome.project), configuration_id(outcome), outcome)


def record_session(session: Session, environ: Mapping[str, str]) -> str | None:
    """Append what came of a session to the user's log; returns why that could not be done.

    A session that ends does so whether or not this succeeds: its journal says the same.
    """
    outcome = outcome_of(session)
    if outcome is None:
        return None
    try:
        OutcomeLog(state_folder(environ)).append(as_record(outcome))
    except OrchestrateError as error:
        later = "orchestrate compositions rebuild --from-journals takes it in"
        return f"what came of the session is not in the outcome log ({error.message}); {later}"
    return None


def rederive(log: OutcomeLog, workspace: Path) -> Rederived:
    """Derive the outcomes of all sessions of a workspace again, and append those that the log has not.

    Raises:
        EnvironmentUnfit: The log cannot be read or written.
    """
    known: dict[tuple[str, str], RecordedOutcome] = {}
    for record in log.read():
        if isinstance(record.body, SessionEnded):
            known[record.body.store, record.body.outcome.session] = record.body.outcome
    found: list[SessionEnded] = []
    running: list[SessionId] = []
    unreadable: list[tuple[SessionId, str]] = []
    derived = 0
    there = {folder.id for folder in all_sessions(workspace)}
    for folder in reversed(all_sessions(workspace)):
        try:
            outcome = _derived(folder)
        except OrchestrateError as error:
            unreadable.append((folder.id, error.message))
            continue
        except Exception as error:
            # One of an older version may lack what this version's fold asks for, and a damaged one may say anything:
            # it keeps none of the others from being derived.
            unreadable.append((folder.id, f"its entries do not follow from one another: {error!r}"))
            continue
        if outcome is None:
            running.append(folder.id)
            continue
        derived += 1
        line = as_record(outcome)
        if known.get((line.store, outcome.session)) != outcome:
            found.append(line)
    if found:
        log.append(*found)
    gone = sorted({SessionId(session) for _, session in known} - there)
    added = tuple(line.outcome.session for line in found)
    return Rederived(derived, added, tuple(running), tuple(unreadable), tuple(gone))


def _derived(folder: SessionFolder) -> RecordedOutcome | None:
    """The outcome of one session; ``None`` while it has not ended."""
    last = read_last_entry(folder.journal_file)
    if last is None:
        raise JournalDamaged("its journal has no entry")
    if not isinstance(last.body, SessionClosed):
        return None
    entries = list(read_journal(folder.journal_file))
    return outcome_of_journal(entries)
