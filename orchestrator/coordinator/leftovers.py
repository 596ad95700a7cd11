"""Look whether dead sessions of a workspace left anything running, which they hardly ever do.

Every run, and every listing of sessions, begins with this look, so it reads the attempts' records as plain values.
What looks as if it had lost its shim is looked at exactly, and ended, by :mod:`orchestrator.coordinator.orphans`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from orchestrator.files.temporary import remove_abandoned_folders
from orchestrator.journal.folder import SESSION_ID, SessionFolder
from orchestrator.sandbox.control_groups import own_group, remove_abandoned_groups
from orchestrator.sandbox.homes import notes_in
from orchestrator.sandbox.kernel_limits import delegated
from orchestrator.shim.attempt_records import decode_file
from orchestrator.shim.orphan_processes import marked_records
from orchestrator.shim.processes import boot_id, is_running, pid_namespace


def marked_attempts() -> frozenset[Path]:
    """The records of attempts of which processes are there."""
    return frozenset(map(Path, marked_records()))


def remove_what_was_made() -> None:
    """Remove control groups and temporary folders whose makers are gone, of whatever workspace."""
    remove_abandoned_folders()
    own = own_group()
    parents = {*delegated().values(), *(() if own is None else (own,))}
    # A shim bears its attempt's mark: one that has just begun has not put its worker into its groups yet.
    kept = {Path(group) for record in marked_attempts() for group in _groups_in(record.with_suffix(".spec"))}
    remove_abandoned_groups(parents, kept=kept)


def _groups_in(spec: Path) -> Iterator[str]:
    with suppress(OSError, ValueError):
        groups = decode_file(str(spec)).get("groups")
        yield from map(str, groups if isinstance(groups, list) else ())


def sessions_in(workspace: Path) -> Iterator[SessionFolder]:
    """Every session of a workspace, oldest first."""
    try:
        names = sorted(path.name for path in workspace.iterdir())
    except OSError:
        return
    yield from (SessionFolder(workspace / name) for name in names if SESSION_ID.fullmatch(name))


def may_have_left(folder: SessionFolder, marked: frozenset[Path]) -> bool:
    """Whether an exact look is worth while: a false yes costs time, and a false no must not be."""
    try:
        records = [path for path in folder.workers_dir.iterdir() if path.suffix == ".json"]
    except OSError:
        records = []
    return any(_looks_lost(path, path in marked) for path in records) or bool(notes_in(folder.path))


def _looks_lost(record: Path, is_marked: bool) -> bool:
    try:
        value = decode_file(str(record))
        shim = value["shim"]
        if not isinstance(shim, dict):
            return True
        if shim.get("boot_id", "") != boot_id():
            return False  # a machine ago
        if value.get("exit") is not None and not is_marked:
            return False
        return shim.get("pid_namespace", 0) != pid_namespace() or not is_running(shim["pid"], shim["start_ticks"])
    except FileNotFoundError:
        return False
    except (OSError, ValueError, KeyError, TypeError):
        return True  # it is being written, or is no record
