"""Put a session's target back as it was, where nobody has touched it since; commits too, if asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from orchestrator.errors import EnvironmentUnfit, OrchestrateError, UsageError
from orchestrator.journal.folder import SessionFolder
from orchestrator.journal.session_lock import session_holder
from orchestrator.journal.target_lock import hold_target
from orchestrator.models.identity import WorkerId
from orchestrator.models.work import Role
from orchestrator.session.state import Session
from orchestrator.snapshots.attribution import perhaps_by_others
from orchestrator.snapshots.recorded_trees import AT_END, Snapshots
from orchestrator.snapshots.references import Moves, References, look_at_references, plan_moves, put_back
from orchestrator.snapshots.repository import Repository
from orchestrator.snapshots.restoration import LeftAlone, Plan, Recorded, Restoration
from orchestrator.snapshots.undo_records import Records
from orchestrator.snapshots.writers import Writers


@dataclass(slots=True)
class Undo:
    """What undoing one session would do, and how it went."""

    session: Session
    restoration: Restoration
    plan: Plan
    repository: Repository | None = None
    moves: Moves | None = None
    """``None`` where the repository is not to be put back."""
    repository_problem: str = ""
    """Why it cannot be."""
    _sides: tuple[References, References] | None = None
    problems: list[LeftAlone] = field(default_factory=list)

    @property
    def is_contested(self) -> bool:
        """Whether somebody else may have changed what the session changed."""
        return bool(self.plan.left or self.repository_problem or (self.moves is not None and self.moves.contested))

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to undo."""
        return self.plan.is_empty and (self.moves is None or not self.moves.changed)

    def perform(self) -> None:
        """Put back what can be put back.  Blocks.

        Raises:
            TargetBusy: Another session works in the target.
            EnvironmentUnfit: The repository cannot be put back; its files are left alone then, too.
        """
        moves, sides = self.moves, self._sides
        workspace = self.session.options.session_dir.parent
        with hold_target(self.restoration.target, session=self.session.id, workspace=workspace):
            if moves is not None and sides is not None and self.repository is not None and not moves.contested:
                put_back(self.repository, moves, *sides)
            self.restoration.perform(self.plan)
        self.problems = self.restoration.problems


def records_of(folder: SessionFolder, session: Session) -> Records:
    """Where the session's target was recorded."""
    return Records(folder.snapshots_dir, session.options.target.resolve(), (folder.workspace,))


def plan_undo(folder: SessionFolder, session: Session, *, commits: bool = False, only: Sequence[bytes] = ()) -> Undo:
    """Plan what to put back.  Blocks while the session's changes are read.

    Raises:
        UsageError: The session runs, or ended without its end having been seen.
        EnvironmentUnfit: Its target was not recorded, or cannot be read.
    """
    records, before, after = recorded_ends(folder, session)
    certain = _certainly_ours(folder, session)
    restoration = Restoration(records.target, records.store, before, after, certain)
    undo = Undo(session, restoration, restoration.plan(only))
    if commits:
        _plan_repository(undo, records)
    return undo


def recorded_ends(folder: SessionFolder, session: Session) -> tuple[Records, Recorded, Recorded]:
    """The recorded trees of the target as the session found it and as it left it.

    Raises:
        UsageError: The session runs, or ended without its end having been seen.
        EnvironmentUnfit: Its target was not recorded.
    """
    check_ended(folder, session)
    records = records_of(folder, session)
    writers = Writers.of(writers_of(session))
    snapshots = Snapshots(folder.snapshots_dir, session.options.target, (folder.workspace,), writers=writers)
    if not records.has_end():
        settled = session.now if session.closed is not None else None
        if settled is None:
            raise UsageError(
                f"session {folder.id} lost its coordinator, and nobody has looked at its target since",
                hint=f"orchestrate stop --session {folder.id} ends it and looks; then undo it",
            )
        # The look at the end took too long then: what was changed after the session's last entry may be anybody's.
        records.take(snapshots, "end", settled_ns=int(settled.timestamp() * 1e9))
    return records, records.recorded(snapshots, "begin"), records.recorded(snapshots, "end")


def writers_of(session: Session) -> tuple[WorkerId, ...]:
    """The workers of the session that could write in its target."""
    steps = (step for step in session.steps() if step.role is Role.IMPLEMENTER)
    return tuple(step.worker for step in steps if (state := session.workers.get(step.worker)) and state.attempt)


def _certainly_ours(folder: SessionFolder, session: Session) -> Callable[[bytes], bool]:
    """Whether a file was changed by nobody but the session's own workers, as far as anybody looked."""
    change = session.change
    if session.options.share_target or (change is not None and change.shared_with):
        return lambda _: False
    snapshots = Snapshots(folder.snapshots_dir, session.options.target, (folder.workspace,))
    end = next((moment for moment in reversed(snapshots.moments()) if moment.label == AT_END), None)
    if end is None:
        return lambda _: False
    others = perhaps_by_others(snapshots, end)
    return lambda path: path.decode(errors="backslashreplace") not in others


def check_ended(folder: SessionFolder, session: Session) -> None:
    """Refuse what would work on a target beside the session's own workers.

    Raises:
        UsageError: The session is running.
    """
    if session_holder(folder) is not None:
        raise UsageError(
            f"session {folder.id} is running", hint=f"orchestrate stop --session {folder.id}, then undo it"
        )


def _plan_repository(undo: Undo, records: Records) -> None:
    try:
        before, after = records.references("begin"), records.references("end")
        undo.repository = records.repository()
        if before is None or after is None or undo.repository is None:
            if before is not None or after is not None:
                raise EnvironmentUnfit("a repository was made or deleted in the session: it is left as it is")
            return
        undo._sides = (before, after)
        undo.moves = plan_moves(before, after, look_at_references(undo.repository), session=undo.session.id)
    except OrchestrateError as error:
        undo.repository_problem = error.message
