"""These models are the state of one worker, with the evidence for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal, TypeAlias

from orchestrator.models.field_marks import LEFT_OUT
from orchestrator.models.identity import AgentName, ProcessIdentity, WorkerId
from orchestrator.models.money import UNKNOWN, Usage
from orchestrator.models.work import Role
from orchestrator.value_class import value_class


class WorkerStatus(StrEnum):
    """Where a worker stands.  The last four are terminal and need a proof that its tree is gone."""

    WAITING = "waiting"
    """For the workers it depends on."""
    STARTING = "starting"
    RUNNING = "running"
    SILENT = "silent"
    FROZEN = "frozen"
    LIMITED = "limited"
    """By the provider's usage limit."""
    STOPPING = "stopping"
    RELAUNCHING = "relaunching"
    """Its next attempt is due: at once, or after a pause that its ``why`` names."""
    PARKED = "parked"
    """It has used up its restarts; a person says what becomes of it."""
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"
    UNPROVEN = "unproven"
    """It claims success without evidence: nothing changed, nothing returned well, or what it began did not end."""


TERMINAL = frozenset({WorkerStatus.DONE, WorkerStatus.FAILED, WorkerStatus.STOPPED, WorkerStatus.UNPROVEN})


@value_class
class Sample:
    """One measurement of a worker's whole tree."""

    cpu_percent: float
    """Since the last sample; 100 = one core."""
    memory_mib: float
    """PSS where the platform has it, else RSS."""
    processes: int


StoppedBy: TypeAlias = Literal["itself", "stop", "orphaned", "shim lost"]


@value_class
class PlantedFile:
    """A file that a worker made, changed or removed, and that a program of the user obeys."""

    path: str
    what: Literal["new", "changed", "removed"]
    done: Literal["taken back", "left"]
    program: str
    when: str
    """Goes on from "it runs when …"."""

    def below(self, target: str) -> str:
        """Its path as people know it: from the target, where it lies in that."""
        return self.path[len(target) + 1 :] if self.path.startswith(f"{target}/") else self.path

    def in_words(self, name: str) -> str:
        """One line for people.

        Args:
            name: its path as it is to be shown.
        """
        done = "taken back" if self.done == "taken back" else self.what
        return f"{name} ({done}): {self.program} obeys it when {self.when}"


@value_class
class ExitRecord:
    """How one attempt ended, as its shim wrote it down."""

    code: Annotated[int | None, LEFT_OUT]
    """``None``: the shim is gone without a record.  A code above 128 is "exit N or a signal"; it is not decoded."""
    proof: Literal["empty pid namespace", "cgroup empty", "empty sub-reaper walk", "nothing was started", "none"]
    """How it is known that no process of the tree is left."""
    stdout_end: int = 0
    """Size in bytes of the raw stdout file when the tree was gone."""
    stderr_end: int = 0
    stopped_by: StoppedBy = "itself"
    note: str = ""
    """Whatever else its shim had to say, for people."""
    planted: tuple[PlantedFile, ...] = ()
    """What it left that programs of the user obey."""
    said: tuple[str, ...] = ()
    """What people must know of what was taken back, and of what did not reach the real repositories."""


@dataclass(slots=True)
class WorkerState:
    """What is known of one worker now (spec 004).  Only the fold writes it, on copies of its own."""

    id: WorkerId
    agent: AgentName
    role: Role
    status: WorkerStatus = WorkerStatus.WAITING
    why: str = ""
    """The evidence for the status, for people."""
    attempt: int = 0
    shim: ProcessIdentity | None = None
    argv: tuple[str, ...] = ()
    """Of the running attempt, sandbox left out."""
    conversation: str | None = None
    model: str | None = None
    doing: str = ""
    """What it is doing now, one line."""
    progress: float | None = None
    """Percent, as it reported it."""
    usage: Usage = UNKNOWN
    tool_calls: int = 0
    denials: int = 0
    noise: int = 0
    """Lines of its stdout that were no record; the raw file has them."""
    sample: Sample | None = None
    started_at: datetime | None = None
    last_heard: datetime | None = None
    ended_at: datetime | None = None
    ran_s: float = 0.0
    """Running time over all attempts; the clock stands still while frozen."""
    limited_until: datetime | None = None
    exit: ExitRecord | None = None
    answer: str = ""
    """Its final text."""
