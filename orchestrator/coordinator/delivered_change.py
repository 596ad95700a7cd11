"""Make a session's change in another folder, three ways; a file in conflict is left alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from orchestrator.coordinator.restored_target import recorded_ends
from orchestrator.errors import UsageError
from orchestrator.files.foreign import ForeignFolder
from orchestrator.journal.folder import SessionFolder
from orchestrator.journal.target_lock import hold_target
from orchestrator.session.state import Session
from orchestrator.snapshots.delivery import Delivered, Delivery


@dataclass(slots=True)
class Application:
    """What applying one session's change would do, and how it went."""

    target: Path
    folder: SessionFolder
    """Of the session."""
    delivery: Delivery
    plan: tuple[Delivered, ...]

    @property
    def conflicts(self) -> tuple[Delivered, ...]:
        """Files that are left as they are."""
        planned = tuple(one for one in self.plan if one.outcome == "conflict")
        return (*planned, *self.delivery.problems)

    @property
    def done(self) -> tuple[Delivered, ...]:
        """Files that are, or would be, written or deleted."""
        failed = {one.path for one in self.delivery.problems}
        return tuple(one for one in self.plan if one.outcome not in ("conflict", "already") and one.path not in failed)

    def perform(self) -> None:
        """Write what does not conflict.  Blocks.

        Raises:
            TargetBusy: Another session works there.
        """
        with hold_target(self.target, session=self.folder.id, workspace=self.folder.workspace):
            self.delivery.perform(self.plan)


def target_of(session: Session, given: Path | None) -> Path:
    """Where the change goes: the folder that is named, or the project that the session worked on, or on a copy of.

    Raises:
        UsageError: There is no such folder.
    """
    place = (given or session.options.source or session.options.target).resolve()
    if not ForeignFolder(place).is_folder():
        raise UsageError(f"{place} is no folder", hint="name the project with --target")
    return place


def plan_application(folder: SessionFolder, session: Session, target: Path) -> Application:
    """Plan how a session's change is made in a folder.  Blocks while what the session changed is read.

    Raises:
        UsageError: The session has not ended.
        EnvironmentUnfit: What it changed was not recorded.
    """
    records, before, after = recorded_ends(folder, session)
    delivery = Delivery(records.folder, target, records.store, before, after)
    return Application(target, folder, delivery, delivery.plan())
