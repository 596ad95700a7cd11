"""Find the processes that dead sessions of a workspace left running, end them, and report them.

A shim whose coordinator died ends its tree by itself after a grace, and a coordinator whose shim died does so too.
This is for those who lost both, and for a person who does not want to wait for the grace.  Nobody is signalled by a
pid alone: an attempt is known by its record, its shim and its namespace by boot, start time and pid namespace, and its
processes by the mark in their environment.
"""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from orchestrator.coordinator.left_logins import LeftLogin, return_left_logins
from orchestrator.coordinator.leftovers import marked_attempts, remove_what_was_made
from orchestrator.errors import OrchestrateError
from orchestrator.journal.folder import SessionFolder
from orchestrator.journal.session_lock import hold_session_lock
from orchestrator.late_pattern import late_pattern
from orchestrator.models.identity import SessionId, WorkerId
from orchestrator.models.workers import ExitRecord
from orchestrator.sandbox.homes import notes_in
from orchestrator.shim.attempt_records import encode, replace_file
from orchestrator.shim.orphan_processes import end_marked
from orchestrator.shim.processes import boot_id, send_signal
from orchestrator.value_class import value_class
from orchestrator.workers import attempts
from orchestrator.workers.attempts import AttemptFiles, AttemptRecord
from orchestrator.workers.worker_process import is_same

_RECORD = late_pattern(r"(?P<worker>.+)\.(?P<attempt>\d+)\.json")


@value_class
class Leftover:
    """One attempt whose coordinator and shim were both gone, and how it is known that its tree is gone now."""

    session: SessionId
    worker: WorkerId
    attempt: int
    exit: ExitRecord

    def __str__(self) -> str:
        proof = "not proven that nothing is left" if self.exit.proof == "none" else f"proof: {self.exit.proof}"
        return f"{self.session}: {self.worker}.{self.attempt}: {'; '.join(filter(None, (self.exit.note, proof)))}"


def end_what_is_left(folder: SessionFolder, marked: frozenset[Path]) -> Iterator[Leftover | LeftLogin]:
    """End what is left of a session that nobody coordinates, and give back its logins; nothing if somebody begins to.

    Args:
        marked: Records of attempts of which processes are there.
    """
    lost = list(_lost_attempts(folder, marked))
    if not (lost or notes_in(folder.path)):
        return
    # Whoever runs the session from now on sees to it; what we cannot lock or write we cannot answer for.
    with suppress(OrchestrateError, OSError), hold_session_lock(folder):
        yield from [_end(folder, files) for files in lost if _is_lost(files, marked)]
        if not is_anything_running(folder):
            yield from return_left_logins(folder)


def stop_abandoned(
    folder: SessionFolder, *, hard: bool, within_s: float
) -> tuple[tuple[Leftover, ...], tuple[WorkerId, ...]]:
    """End what a session without a coordinator still runs, by its shims before their grace is over, or in their place.

    The session stays as it is: whoever resumes it hears of the ends.  Blocks, for little more than ``within_s``.
    Returns what has ended, and the workers that have not.

    Raises:
        SessionBusy: Somebody coordinates it after all.
    """
    with hold_session_lock(folder):
        lost = [_end(folder, files) for files in _lost_attempts(folder, marked_attempts())]
        running = [(files, record) for files, record in _begun(folder) if record.exit is None and is_same(record.shim)]
        for files, record in running:
            command = "kill" if hard else "stop"
            told = {"command": command, "because": "stopped without a coordinator", "attempt": files.attempt}
            attempts.drop_command(files.control, told)
            send_signal(record.shim.pid, record.shim.start_ticks, signal.SIGUSR1)
        deadline = time.monotonic() + within_s
        while any(is_same(record.shim) for _, record in running) and time.monotonic() < deadline:
            time.sleep(0.02)
        gone = [files for files, record in running if not is_same(record.shim)]
        left = tuple(files.worker for files, _ in running if files not in gone)
        ended = (*lost, *(_end(folder, files) for files in gone))
    remove_what_was_made()
    return ended, left


def is_anything_running(folder: SessionFolder) -> bool:
    """Whether a shim of the session is alive, or a process that one of its attempts left."""
    marked = marked_attempts()
    return any(is_same(record.shim) or files.record in marked for files, record in _begun(folder))


def _lost_attempts(folder: SessionFolder, marked: frozenset[Path]) -> Iterator[AttemptFiles]:
    yield from (files for files, _ in _begun(folder) if _is_lost(files, marked))


def _begun(folder: SessionFolder) -> Iterator[tuple[AttemptFiles, AttemptRecord]]:
    try:
        names = sorted(path.name for path in folder.workers_dir.iterdir())
    except OSError:
        return
    for name in names:
        match = _RECORD.fullmatch(name)
        if match is not None:
            worker = WorkerId(match["worker"])
            files = AttemptFiles(folder.workers_dir, folder.control_dir / worker, worker, int(match["attempt"]))
            record = attempts.read_record(files)
            if record is not None:
                yield files, record


def _is_lost(files: AttemptFiles, marked: frozenset[Path]) -> bool:
    """Whether an attempt's shim is gone and either no end is recorded or processes outlived it."""
    record = attempts.read_record(files)
    if record is None or record.shim.boot_id != boot_id():
        return False  # not begun, or a machine ago
    if record.exit is not None:
        return files.record in marked and not is_same(record.shim)
    return not is_same(record.shim)


def _end(folder: SessionFolder, files: AttemptFiles) -> Leftover:
    record = attempts.read_record(files)
    if record is not None and record.exit is not None:
        killed = end_marked(str(files.record))
        outlived = [f"{killed} of its processes outlived it and were killed"] if killed else []
        note = "; ".join([note for note in (record.exit.note, *outlived) if note])
        return Leftover(folder.id, files.worker, files.attempt, ExitRecord(**{**asdict(record.exit), "note": note}))
    ended = attempts.lost(files, folder.raw_stdout(files.worker), folder.raw_stderr(files.worker))
    _write_down(files, ended)
    return Leftover(folder.id, files.worker, files.attempt, ended)


def _write_down(files: AttemptFiles, ended: ExitRecord) -> None:
    """Write the end that the shim could no longer write, so that nobody has to look again."""
    value = json.loads(files.record.read_text())
    replace_file(str(files.record), encode({**value, "exit": asdict(ended)}), sync=True)
