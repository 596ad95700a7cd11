"""Tell how a target differs from how a session that is done has left it."""

from __future__ import annotations

from orchestrator.errors import EnvironmentUnfit, UsageError
from orchestrator.files.foreign import ForeignFolder
from orchestrator.journal.folder import SessionFolder
from orchestrator.quotation import quoted_names
from orchestrator.session.state import Session
from orchestrator.snapshots.recorded_trees import AT_END, Snapshots

MOST_NAMED = 5
GO_ON = "orchestrate continue --changed-target goes on with the target as it is now, and tells the agents what changed"


def check_left_target(folder: SessionFolder, session: Session, *, may_differ: bool) -> tuple[str, ...]:
    """The files that are not as the session left them.  Blocks.

    Args:
        may_differ: Whoever asks knows that there are some.

    Raises:
        UsageError: The target is gone; or it differs, cannot be compared, and was not said to be fit all the same.
    """
    target = session.options.target
    if not ForeignFolder(target).is_folder():
        raise UsageError(
            f"the target {target} of session {session.id} is gone",
            hint="put it back where it was, or run a new session elsewhere: orchestrate --target PATH",
        )
    snapshots = Snapshots(folder.snapshots_dir, target, exclude=(folder.workspace,))
    try:
        end = next((moment for moment in reversed(snapshots.moments()) if moment.label == AT_END), None)
        if end is None:
            raise EnvironmentUnfit("how the session left it was not recorded")
        changed = snapshots.compare(end, snapshots.glance()).files
    except (EnvironmentUnfit, OSError) as error:
        if may_differ:
            return ()
        said = error.message if isinstance(error, EnvironmentUnfit) else str(error)
        raise UsageError(
            f"it cannot be told whether {target} is as session {session.id} left it: {said}", hint=GO_ON
        ) from error
    if changed and not may_differ:
        more = f" and {len(changed) - MOST_NAMED} more" if len(changed) > MOST_NAMED else ""
        raise UsageError(
            f"the target {target} has changed since session {session.id} left it: "
            f"{quoted_names(changed[:MOST_NAMED])}{more}",
            hint=GO_ON,
        )
    return changed
