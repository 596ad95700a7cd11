"""Write ``orchestrator.log``: what is noteworthy in the journal, as JSON lines to tail.  The journal is the record."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from orchestrator.models.effects import EffectId
from orchestrator.models.entries import (
    EffectIntended,
    JournalEntry,
    SessionClosed,
    SessionOpened,
    StartFailed,
    StreamFault,
    Told,
    UserCommand,
    Wanted,
    WorkerExited,
    WorkerStarted,
)
from orchestrator.models.facts import DecisionMade, PersonAsked, RecoveryChosen, Warned
from orchestrator.session.state import Session


class Commentary:
    """An observer that writes one line for every entry worth a remark.

    Args:
        path: Appended to, 0600.
        level: The least that is written (``ORCHESTRATOR_LOG_LEVEL``); at ``DEBUG`` every entry leaves a line.
    """

    def __init__(self, path: Path, level: str = "INFO") -> None:
        import structlog

        self._path = path
        self._log = structlog.wrap_logger(
            self,
            wrapper_class=structlog.make_filtering_bound_logger(level),
            processors=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.JSONRenderer(),
            ],
        )

    def msg(self, line: str) -> None:
        """Append one line; what structlog calls its logger for.  A full disk costs the remark, not the session."""
        with suppress(OSError):
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            try:
                os.write(descriptor, f"{line}\n".encode(errors="replace"))
            finally:
                os.close(descriptor)

    debug = info = warning = error = critical = msg

    def __call__(self, session: Session, entry: JournalEntry) -> None:
        log = self._log.bind(n=entry.n)
        match entry.body:
            case SessionOpened(session=name, options=options):
                log.info("session_opened", session=name, target=str(options.target))
            case WorkerStarted(worker=worker, attempt=attempt, argv=argv, sandbox=sandbox):
                log.info("worker_started", worker=worker, attempt=attempt, argv=list(argv), sandbox=sandbox)
            case StartFailed(worker=worker, problem=problem):
                log.error("worker_not_started", worker=worker, problem=problem)
            case WorkerExited(worker=worker, attempt=attempt, exit=record):
                log.info("worker_exited", worker=worker, attempt=attempt, code=record.code, proof=record.proof)
            case StreamFault(worker=worker, fault=fault, text=text):
                log.warning("stream_fault", worker=worker, fault=fault, text=text)
            case UserCommand(command=command, by=by, worker=worker):
                log.info("command_taken", command=str(command), by=by, worker=worker)
            case EffectIntended(id=name, effect=one) | Told(id=name, fact=one):
                _remark_on_derived(log, name, one)
            case SessionClosed(outcome=outcome, reason=reason):
                log.info("session_closed", outcome=str(outcome), reason=reason)
            case body:
                log.debug("entry_taken", kind=body.kind, worker=getattr(body, "worker", None))


def _remark_on_derived(log: Any, name: EffectId, derived: Wanted) -> None:
    match derived:
        case Warned(text=text):
            log.warning("warned", text=text)
        case DecisionMade(decision=decision):
            log.info("decided", action=str(decision.action), rule=decision.rule, review=decision.review)
        case RecoveryChosen(action=action):
            log.info("recovered", worker=action.worker, rule=action.rule, because=action.because)
        case PersonAsked(question=question):
            log.warning("asked", question=question.id, text=question.text)
        case effect:
            log.debug("effect_intended", effect=effect.kind, cause=name.cause, index=name.index)
