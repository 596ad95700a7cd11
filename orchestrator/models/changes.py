"""These models describe what lies changed in a session's target when the session ends."""

from __future__ import annotations

from dataclasses import field
from typing import Literal

from orchestrator.models.identity import WorkerId
from orchestrator.models.shared_targets import FileOrigin, TargetHolder
from orchestrator.models.unshown import Unshown
from orchestrator.value_class import value_class


@value_class
class WorkerChange:
    """What changed in the target while one worker of the plan was at work."""

    worker: WorkerId
    files: tuple[str, ...]
    insertions: int
    deletions: int


@value_class
class ChangeMeasured:
    """The target compared with what it was when the session began: the last thing before a session is closed."""

    files: tuple[str, ...] = ()
    insertions: int = 0
    deletions: int = 0
    workers: tuple[WorkerChange, ...] = ()
    """Of those that ran, in the order in which they began."""
    lost_work: tuple[str, ...] = ()
    """Files in which the user had work that was in no commit when the session began, and that is not there any more."""
    unshown: Unshown = field(default_factory=Unshown)
    """What the files do not show: ignored files, names that git cannot hold, what could not be told."""
    whose: tuple[FileOrigin, ...] = ()
    """By whom each of the files was changed, as far as that was observed."""
    shared_with: tuple[TargetHolder, ...] = ()
    """Other sessions that could write in the target meanwhile."""
    tree: str = ""
    """The recorded tree of the target as it was left; empty in journals before it was known."""
    problem: str | None = None
    """Why nothing could be measured; the other fields then say nothing."""
    kind: Literal["change_measured"] = "change_measured"
