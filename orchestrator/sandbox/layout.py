"""Name where a crew keeps its files, and what it says of a worker that it has started."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from orchestrator.models.identity import ProcessIdentity, WorkerId
from orchestrator.models.work import Assignment, Role
from orchestrator.value_class import value_class


@value_class
class SandboxRequest:
    """What one process is to see and to write, whether it is a worker's or a program that the coordinator runs."""

    target: Path
    scratch: Path
    """Its own writable folder; files of the sandbox's are kept two folders above it."""
    home: Path
    readable: tuple[Path, ...] = ()
    writable: tuple[Path, ...] = ()
    changes_target: bool = False
    """It is there to change the target, and gets what the policy gives to whoever does."""

    @classmethod
    def of(cls, assignment: Assignment) -> SandboxRequest:
        """The request of a worker."""
        return cls(
            assignment.target,
            assignment.scratch,
            assignment.home,
            assignment.readable,
            assignment.writable,
            changes_target=assignment.role is Role.IMPLEMENTER,
        )


@value_class
class CrewLayout:
    """Where a session's crew keeps its files; the coordinator fills it from the session folder."""

    session_dir: Path
    workspace: Path
    """Parent of all sessions; masked in every sandbox."""
    own: tuple[Path, ...]
    """What this program keeps of the user: outcomes, consents, settings, the gates' tools; masked in every sandbox."""
    workers_dir: Path
    control_dir: Path
    lock: Path | None
    """The coordinator's lease; ``None``: workers never ask for one."""
    stdout: Callable[[WorkerId], Path]
    stderr: Callable[[WorkerId], Path]


@value_class
class Prepared:
    """One attempt that is ready: only its shim has to be started."""

    command: tuple[str, ...]
    """The CLI's own command line, sandbox left out."""
    environment: Mapping[str, str]
    sandbox: str
    """What will stand around it, for people."""
    groups: Sequence[str] = ()
    """Control groups that its process is to join, or stands in already."""


@value_class
class Started:
    """One attempt that runs."""

    argv: tuple[str, ...]
    """The CLI's own command line, sandbox left out."""
    shim: ProcessIdentity
    sandbox: str
    """What stands around it, for people."""
