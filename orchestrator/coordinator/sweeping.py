"""A workspace in, what sessions left running after their coordinator and their shim were both gone: ended and told.

A shim whose coordinator died ends its tree by itself, and a coordinator whose shim died does so too.  This is for
those who lost both.  Nobody is signalled by a pid alone: an attempt is known by its record, its shim and its namespace
by boot, start time and pid namespace, and its processes by the mark in their environment.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import anyio.to_thread

from orchestrator.coordinator.requests import Progress
from orchestrator.errors import OrchestrateError
from orchestrator.journal.folder import SESSION_ID, SessionFolder
from orchestrator.journal.locking import hold_session_lock, session_holder
from orchestrator.models.identity import SessionId, WorkerId
from orchestrator.models.workers import ExitRecord
from orchestrator.workers import attempts
from orchestrator.workers.attempts import AttemptFiles
from orchestrator.workers.following import is_same
from orchestrator.workers.processes import boot_id
from orchestrator.workers.records import encode, replace_file
from orchestrator.workers.sweeping import end_marked, marked_records

_RECORD = re.compile(r"(?P<worker>.+)\.(?P<attempt>\d+)\.json")


@dataclass(frozen=True, slots=True)
class Leftover:
    """One attempt whose coordinator and shim were both gone, and how it is known that its tree is gone now."""

    session: SessionId
    worker: WorkerId
    attempt: int
    exit: ExitRecord

    def __str__(self) -> str:
        proof = "not proven that nothing is left" if self.exit.proof == "none" else f"proof: {self.exit.proof}"
        return f"{self.session}: {self.worker}.{self.attempt}: {self.exit.note}; {proof}"


def sweep_workspace(workspace: Path) -> tuple[Leftover, ...]:
    """End what is left of sessions that nobody coordinates; sessions that somebody runs are left alone.

    Costs one look at the process table, and a listing of the records of each session of this boot.
    """
    marked = _marked_here(workspace)
    found: list[Leftover] = []
    for folder in _sessions(workspace):
        lost = list(_lost_attempts(folder, marked))
        if not lost or session_holder(folder) is not None:
            continue
        # Whoever runs the session from now on sees to it; what we cannot lock or write we cannot answer for.
        with suppress(OrchestrateError, OSError), hold_session_lock(folder):
            found.extend(_end(folder, files) for files in lost if _is_lost(files, marked))
    return tuple(found)


async def report_leftovers(workspace: Path, say: Progress) -> None:
    """Sweep, and say what was found: what a run or a resume begins with."""
    for leftover in await anyio.to_thread.run_sync(sweep_workspace, workspace):
        say(f"left over from {leftover}")


def _sessions(workspace: Path) -> Iterator[SessionFolder]:
    try:
        names = sorted(path.name for path in workspace.iterdir())
    except OSError:
        return
    yield from (SessionFolder(workspace / name) for name in names if SESSION_ID.fullmatch(name))


def _marked_here(workspace: Path) -> frozenset[Path]:
    return frozenset(path for path in map(Path, marked_records()) if path.parent.parent.parent == workspace)


def _lost_attempts(folder: SessionFolder, marked: frozenset[Path]) -> Iterator[AttemptFiles]:
    try:
        names = sorted(path.name for path in folder.workers_dir.iterdir())
    except OSError:
        return
    for name in names:
        match = _RECORD.fullmatch(name)
        if match is not None:
            worker = WorkerId(match["worker"])
            files = AttemptFiles(folder.workers_dir, folder.control_dir / worker, worker, int(match["attempt"]))
            if _is_lost(files, marked):
                yield files


def _is_lost(files: AttemptFiles, marked: frozenset[Path]) -> bool:
    """Whether its shim is gone, and it has no end on record or its processes outlived that end."""
    record = attempts.read_record(files)
    if record is None or record.shim.boot_id != boot_id():
        return False  # not begun, or a machine ago
    if record.exit is not None:
        return files.record in marked and not is_same(record.shim)
    return not is_same(record.shim)


def _end(folder: SessionFolder, files: AttemptFiles) -> Leftover:
    record = attempts.read_record(files)
    if record is not None and record.exit is not None:
        swept = end_marked(str(files.record))
        note = f"{record.exit.note}; {swept} of its processes outlived it and were killed".removeprefix("; ")
        return Leftover(folder.id, files.worker, files.attempt, ExitRecord(**{**asdict(record.exit), "note": note}))
    ended = attempts.lost(files, folder.raw_stdout(files.worker), folder.raw_stderr(files.worker))
    _write_down(files, ended)
    return Leftover(folder.id, files.worker, files.attempt, ended)


def _write_down(files: AttemptFiles, ended: ExitRecord) -> None:
    """The record gets the end its shim could not write, so that nobody has to look again."""
    value = json.loads(files.record.read_text())
    replace_file(str(files.record), encode({**value, "exit": asdict(ended)}), sync=True)
