"""Every exception that this program raises on purpose is defined here, with its exit code.

.. code-block:: text

    OrchestrateError                 1   something failed and we know what
    ├── UsageError                   2   the command line, a file or a setting is wrong: the user can fix it
    │   ├── InvalidFile              2   a policy, scenario or template file (file, line, reason)
    │   ├── EnvironmentUnfit         2   the machine or a folder is not fit (missing, not writable, full)
    │   └── TargetBusy               2   another session may write in the target
    ├── NoUsableAgent                3   no agent CLI is there and logged in: somebody must see to one
    ├── BudgetSpent                  3   what sessions may take together is spent: somebody must allow more, or wait
    ├── SessionBusy                  1   another coordinator holds the session
    ├── SessionUnknown               2   no such session in the workspace
    ├── JournalDamaged               1   the journal cannot be read or written
    └── ReplayDiffers                1   replay derived something else than the journal holds

Anything outside this tree is a bug and keeps its traceback.  ``cli/main.py`` is the one place that catches it.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


class ExitCode(IntEnum):
    """What ``orchestrate`` returns to the shell."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NEEDS_PERSON = 3
    INTERRUPTED = 130


class OrchestrateError(Exception):
    """Something failed and we know what; ``hint`` says what to do next."""

    exit_code: ExitCode = ExitCode.FAILED

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(OrchestrateError):
    """The command line, a file or a setting is wrong."""

    exit_code = ExitCode.USAGE


class InvalidFile(UsageError):
    """A file a person wrote does not say what it must.

    Args:
        line: 1-based line of the fault, ``None`` where the format does not tell.
    """

    def __init__(self, path: Path, reason: str, *, line: int | None = None) -> None:
        where = f"{path}:{line}" if line is not None else str(path)
        super().__init__(f"{where}: {reason}")
        self.path = path
        self.line = line
        self.reason = reason


class EnvironmentUnfit(UsageError):
    """A folder, a program or the machine itself is not fit for what was asked."""


class NoUsableAgent(OrchestrateError):
    """There is no agent to work with, so nothing was made or started.

    Args:
        problems: What is wrong with each, by its name.
    """

    exit_code = ExitCode.NEEDS_PERSON

    def __init__(self, problems: Mapping[str, str]) -> None:
        lines = "".join(f"\n  {name:<8} {problem}" for name, problem in problems.items())
        super().__init__(
            f"no agent CLI is usable, so nothing was started:{lines}",
            hint='`orchestrate doctor` looks at all there is; a rehearsal needs no agent: orchestrate --rehearse "…"',
        )


class BudgetSpent(OrchestrateError):
    """What all sessions of a day or month may take together is spent, so nothing was started.

    Args:
        setting: Which setting says so.
    """

    exit_code = ExitCode.NEEDS_PERSON

    def __init__(self, message: str, *, setting: str) -> None:
        super().__init__(message, hint=f"wait, or allow more: orchestrate settings set {setting} …")
        self.setting = setting


class SessionBusy(OrchestrateError):
    """Another coordinator, with this pid, is running the session."""

    def __init__(self, session: str, pid: int | None) -> None:
        holder = f"process {pid}" if pid is not None else "another process"
        super().__init__(
            f"session {session} is being run by {holder}",
            hint=f"stop it first: orchestrate stop --session {session}",
        )
        self.session = session
        self.pid = pid


class TargetBusy(UsageError):
    """Other sessions may write in the target.

    Args:
        holders: What is known of each, in words.
    """

    def __init__(self, target: str, holders: Sequence[str]) -> None:
        super().__init__(
            f"somebody else works in the target {target}: {'; '.join(holders)}",
            hint="wait for the end, stop it (orchestrate stop --session … --workspace …), or work there together with "
            "--share-target: then it is not certain whose a change is",
        )
        self.target = target
        self.holders = tuple(holders)


class SessionUnknown(UsageError):
    """There is no such session in the workspace."""

    def __init__(self, session: str, workspace: Path) -> None:
        super().__init__(
            f"no session {session!r} in {workspace}",
            hint="orchestrate sessions lists what is there",
        )
        self.session = session
        self.workspace = workspace


class JournalDamaged(OrchestrateError):
    """The journal cannot be read or written, so nothing may be decided from it."""


class ReplayDiffers(OrchestrateError):
    """Replay derived something else than the journal holds."""

    def __init__(self, entry: int, recorded: str, derived: str) -> None:
        super().__init__(f"entry {entry} differs\n  recorded: {recorded}\n  derived:  {derived}")
        self.entry = entry
        self.recorded = recorded
        self.derived = derived
