"""Keep the files of one attempt: what the shim is told, what it writes down, and the commands dropped for it."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from orchestrator.models.identity import ProcessIdentity, WorkerId
from orchestrator.models.workers import ExitRecord, PlantedFile
from orchestrator.sandbox.control_groups import end_group, remove_groups
from orchestrator.shim.attempt_records import FULL, decode_file, encode, replace_file
from orchestrator.shim.git_delivery import PLAN, Refused, deliver
from orchestrator.shim.orphan_processes import end_marked
from orchestrator.shim.planted_files import settle
from orchestrator.shim.processes import is_running
from orchestrator.value_class import value_class

SHIM_LOG = "shim.log"
SPARES = ("freeze", "thaw", "stop", "kill")
"""Commands of which one each is written beforehand, so that a full disk cannot keep them from a shim."""
GROUPS_WITHIN_S = 2.0
"""A process leaves its groups a moment after it is gone for everybody else."""
LOST_TREE_WITHIN_S = 30.0
"""A namespace dies with its sandbox in milliseconds; a loaded machine gets more."""


@value_class
class AttemptFiles:
    """Where one attempt of one worker is written down."""

    workers_dir: Path
    control: Path
    worker: WorkerId
    attempt: int

    @property
    def record(self) -> Path:
        """The shim's own file: pids, byte ranges, exit record."""
        return self.workers_dir / f"{self.worker}.{self.attempt}.json"

    @property
    def spec(self) -> Path:
        """What the shim is to do; holds no secret."""
        return self.workers_dir / f"{self.worker}.{self.attempt}.spec"

    @property
    def prompt(self) -> Path:
        """The child's standard input."""
        return self.workers_dir / f"{self.worker}.{self.attempt}.prompt"

    @property
    def taken(self) -> Path:
        """The prefix of the names under which forbidden files are kept that the worker planted."""
        return self.workers_dir / f"{self.worker}.{self.attempt}.taken"

    @property
    def layers(self) -> Path:
        """Where its own layers of repositories lie."""
        return self.taken.with_suffix(".git")

    @property
    def watch(self) -> Path:
        """The record of what lay in the worker's writable folders before."""
        return self.taken.with_suffix(".watch")

    @property
    def shim_log(self) -> Path:
        """What the shim's interpreter says when it cannot even start."""
        return self.workers_dir / SHIM_LOG

    def prepare(self, prompt: str) -> None:
        """Make the folders and write the prompt."""
        for folder in (self.workers_dir, self.control):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for command in SPARES:
            spare = {"command": command, "because": "the disk is full", "attempt": self.attempt}
            replace_file(str(self.control / f"{command}.spare"), encode(spare))
        replace_file(str(self.prompt), prompt)


@value_class
class AttemptRecord:
    """What a shim has written down so far."""

    shim: ProcessIdentity
    argv: tuple[str, ...]
    sandbox: str
    child: ProcessIdentity | None
    namespace_init: ProcessIdentity | None
    commands_done: int
    frozen: bool
    exit: ExitRecord | None
    stdout_start: int = 0
    stderr_start: int = 0


def read_record(files: AttemptFiles) -> AttemptRecord | None:
    """The shim's file; ``None`` if there is none."""
    # Between creating the file and filling it a shim may be seen for an instant.
    for _ in range(50):
        try:
            return _parsed(decode_file(str(files.record)))
        except FileNotFoundError:
            return None
        except (ValueError, KeyError):
            time.sleep(0.01)
    return None


def _parsed(value: Mapping[str, Any]) -> AttemptRecord:
    ended = value.get("exit")
    return AttemptRecord(
        shim=ProcessIdentity(**value["shim"]),
        argv=tuple(value.get("argv", ())),
        sandbox=value.get("sandbox", ""),
        child=_identity(value.get("child")),
        namespace_init=_identity(value.get("namespace_init")),
        commands_done=value.get("commands_done", 0),
        frozen=value.get("frozen", False),
        exit=None if ended is None else exit_record(ended),
        stdout_start=value.get("stdout", {}).get("start", 0),
        stderr_start=value.get("stderr", {}).get("start", 0),
    )


def exit_record(value: Mapping[str, Any]) -> ExitRecord:
    """An end as a shim wrote it down."""
    planted = tuple(PlantedFile(**each) for each in value.get("planted", ()))
    return ExitRecord(**{**value, "planted": planted, "said": tuple(value.get("said", ()))})


def _identity(value: Mapping[str, Any] | None) -> ProcessIdentity | None:
    return None if value is None else ProcessIdentity(**value)


def lost(files: AttemptFiles, stdout: Path, stderr: Path) -> ExitRecord:
    """The exit record of an attempt whose shim is gone without one; waits for its namespace to die with it."""
    record = read_record(files)
    init = record.namespace_init if record is not None else None
    group = _group(files)
    proof: Literal["empty pid namespace", "cgroup empty", "nothing was started", "none"] = "none"
    if init is not None and _is_gone_within(init, LOST_TREE_WITHIN_S):
        proof = "empty pid namespace"
    if group is not None and end_group(group, LOST_TREE_WITHIN_S) and proof == "none":
        proof = "cgroup empty"
    killed = end_marked(str(files.record)) if proof == "none" else 0
    note = "its shim ended without an exit record"
    if record is None and not killed:
        # The claim comes before the child.
        proof, note = "nothing was started", "its shim ended before it had begun"
    remove_groups(groups_of(files), seconds=GROUPS_WITHIN_S if proof != "none" else 0)
    planted, said = settle_and_carry(files) if proof != "none" else ((), [])
    return ExitRecord(
        code=None,
        proof=proof,
        stdout_end=_size(stdout),
        stderr_end=_size(stderr),
        stopped_by="shim lost",
        note=note + (f"; {killed} of its processes were killed" if killed else ""),
        planted=planted,
        said=tuple(said),
    )


def settle_and_carry(files: AttemptFiles) -> tuple[tuple[PlantedFile, ...], list[str]]:
    """Do what its shim could not: put back what it planted, and carry over what it did in its layers of repositories.

    Blocks for as long as git takes; does nothing where it was done before, and tells the same again.
    """
    planted: tuple[PlantedFile, ...] = ()
    notes: list[str] = []
    try:
        found = settle(str(files.watch / PLAN))
        planted = tuple(PlantedFile(**each) for each in found["planted"])
        notes += found["notes"]
        notes += deliver(str(files.layers / PLAN))
    except (OSError, ValueError, KeyError, Refused) as problem:
        notes.append(f"what it left is not put in order: {problem}")
    return planted, notes


def groups_of(files: AttemptFiles) -> tuple[Path, ...]:
    """The control groups that were made for an attempt, of whatever hierarchy."""
    try:
        groups = decode_file(str(files.spec)).get("groups")
    except (OSError, ValueError):
        return ()
    return tuple(Path(group) for group in groups if isinstance(group, str)) if isinstance(groups, list) else ()


def _group(files: AttemptFiles) -> Path | None:
    try:
        group = decode_file(str(files.spec)).get("cgroup")
    except (OSError, ValueError):
        return None
    return Path(group) if isinstance(group, str) else None


def _is_gone_within(process: ProcessIdentity, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while is_running(process.pid, process.start_ticks):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.002)
    return True


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def last_command(control: Path) -> int:
    """The number of the newest command dropped for a worker; 0 if there is none."""
    numbers = [int(name[:-5]) for name in os.listdir(control) if name.endswith(".json") and name[:-5].isdecimal()]
    return max(numbers, default=0)


def drop_command(control: Path, command: Mapping[str, object]) -> int:
    """Put a whole command into place at once; returns its number.  Only who holds the session's lock may."""
    number = last_command(control) + 1
    path = control / f"{number:04d}.json"
    try:
        replace_file(str(path), encode(command))
    except OSError as problem:
        spare = control / f"{command.get('command')}.spare"
        if problem.errno not in FULL or not spare.exists():
            raise
        os.replace(spare, path)
    return number
