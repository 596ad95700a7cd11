"""Measure what a session changed in its target, whatever ended it and whoever asks."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace

from orchestrator.coordinator.evidence import Evidence
from orchestrator.errors import EnvironmentUnfit, OrchestrateError
from orchestrator.files.time_limits import in_time, off_loop
from orchestrator.journal.folder import SessionFolder
from orchestrator.models.changes import ChangeMeasured, WorkerChange
from orchestrator.models.effects import Outcome
from orchestrator.models.identity import WorkerId
from orchestrator.models.shared_targets import TargetHolder
from orchestrator.models.work import Role
from orchestrator.session.state import Session
from orchestrator.snapshots.attribution import change_of, origins
from orchestrator.snapshots.patches import heading, make_patch
from orchestrator.snapshots.recorded_trees import BASELINE, Moment, Snapshots, begin_label
from orchestrator.snapshots.undo_records import Records

WITHIN_S = 120.0
WITHIN_S_OF_STOP = 3.0
"""Who stops a session waits for its end; what takes longer is measured by ``orchestrate diff`` and ``show``."""
PATCH_WITHIN_S_OF_STOP = 1.0
_LOOK_WITHIN_S = 30.0


async def measure_at_end(evidence: Evidence, session: Session, outcome: Outcome) -> ChangeMeasured:
    """Measure, in a bounded time, what the session leaves; a failure is an answer as well.

    The change as a patch is written besides, if there is time for it.
    """
    is_stop = outcome is Outcome.INTERRUPTED
    snapshots, records, others = evidence.snapshots, evidence.records, evidence.others()
    measured: list[ChangeMeasured] = []
    with suppress(OSError):  # of an end before this one
        SessionFolder(session.options.session_dir).patch_file.unlink()
    try:
        change = await off_loop(
            lambda: recorded_end(snapshots, records, session, others=others, tell=measured.append),
            within_s=WITHIN_S_OF_STOP if is_stop else WITHIN_S,
            what="comparing the target",
        )
    except (OrchestrateError, OSError) as error:
        # What is known by then is worth more than what is missing of it.
        return measured[-1] if measured else ChangeMeasured(problem=str(error), shared_with=others)
    with suppress(OrchestrateError, OSError):
        await off_loop(
            lambda: write_patch(snapshots, records, session),
            within_s=PATCH_WITHIN_S_OF_STOP if is_stop else WITHIN_S,
            what="writing the patch",
        )
    return change


def recorded_end(
    snapshots: Snapshots,
    records: Records,
    session: Session,
    *,
    settled_ns: int | None = None,
    others: tuple[TargetHolder, ...] = (),
    tell: Callable[[ChangeMeasured], None] = lambda _: None,
) -> ChangeMeasured:
    """Record the target as the session leaves it, and say what it changed.

    Args:
        settled_ns: When its last worker was gone, where that is a while ago.
        others: Sessions that could write in the target meanwhile.
        tell: Told what was measured as soon as that is known; looking for lost work may take longer.

    Raises:
        EnvironmentUnfit: It cannot be recorded.
    """
    change = compared(snapshots, session, records.take(snapshots, "end", settled_ns=settled_ns), others=others)
    tell(change)
    with suppress(EnvironmentUnfit):
        before, after = records.recorded(snapshots, "begin"), records.recorded(snapshots, "end")
        lost = records.lost_work(before, after)
        change = replace(change, lost_work=tuple(path.decode(errors="backslashreplace") for path in lost))
    return change


def write_patch(snapshots: Snapshots, records: Records, session: Session) -> None:
    """Write ``changes.patch`` into the session's folder.

    Raises:
        EnvironmentUnfit: It cannot be made.
        OSError: It cannot be written.
    """
    before, after = records.recorded(snapshots, "begin"), records.recorded(snapshots, "end")
    patch = make_patch(records.folder, before, after)
    path = SessionFolder(session.options.session_dir).patch_file
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with suppress(FileNotFoundError):
        fresh.unlink()
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(heading(patch, session.id) + patch.content)
    fresh.replace(path)


def measured_now(session: Session, folder: SessionFolder) -> Session:
    """The session with its change measured now, where nothing measured it when it ended, or it has not ended.

    Blocks for as long as that takes, within half a minute.
    """
    known = session.change.problem is None if session.change is not None else _all_is_known(session)
    if known or not _began(folder):
        return session

    def look() -> ChangeMeasured:
        snapshots = Snapshots(folder.snapshots_dir, session.options.target, exclude=(folder.workspace,))
        return compared(snapshots, session, snapshots.glance())

    try:
        return replace(session, change=in_time(look, within_s=_LOOK_WITHIN_S, what="comparing the target"))
    except (OrchestrateError, OSError) as error:
        return replace(session, change=ChangeMeasured(problem=str(error)))


def compared(
    snapshots: Snapshots, session: Session, after: Moment, *, others: tuple[TargetHolder, ...] = ()
) -> ChangeMeasured:
    """What led from the target as it was to the moment ``after``, in all and while each worker was at work.

    Args:
        others: Sessions that could write in the target meanwhile.

    Raises:
        EnvironmentUnfit: The trees cannot be compared.
    """
    before = snapshots.moment(BASELINE)
    if before is None:
        return ChangeMeasured(problem="the target was not recorded when the session began")
    whole = snapshots.compare(before, after)
    workers = tuple(_change_of_workers(snapshots, session, after)) if before.tree != after.tree else ()
    shared = bool(others) or session.options.share_target
    whose = origins(snapshots, after, files=whole.files, is_shared=shared)
    return ChangeMeasured(
        whole.files,
        whole.insertions,
        whole.deletions,
        workers,
        unshown=whole.unshown,
        whose=whose,
        shared_with=others,
        tree=after.tree,
    )


def _change_of_workers(snapshots: Snapshots, session: Session, after: Moment) -> Iterator[WorkerChange]:
    """From where each began to where the next one that may write began, in files that changed while it could write."""
    for step in session.steps():
        state = session.workers.get(step.worker)
        reads = step.path is not None and step.role is not Role.IMPLEMENTER
        if state is None or state.attempt == 0 or step.role is Role.REVIEWER or reads:
            continue
        diff = change_of(snapshots, step.worker, *moments_around(snapshots, step.worker, after))
        yield WorkerChange(step.worker, diff.files, diff.insertions, diff.deletions)


def moments_around(snapshots: Snapshots, worker: WorkerId, after: Moment) -> tuple[Moment, Moment]:
    """When a worker began first, and when the next one did after its last turn that may write, else ``after``."""
    moments = snapshots.moments()
    labels = [moment.label for moment in moments]
    own = [at for at, label in enumerate(labels) if _is_begin_of(label, worker)] or [labels.index(BASELINE)]
    later = (one for one in moments[own[-1] + 1 :] if one.label.endswith(" begins"))
    return moments[own[0]], next(later, after)


def _is_begin_of(label: str, worker: WorkerId) -> bool:
    return label == begin_label(worker) or label.startswith(f"{worker} (follow-up ")


def _all_is_known(session: Session) -> bool:
    """A session of an earlier version that has ended, each worker by itself."""
    writers = [step.worker for step in session.steps() if step.role is not Role.REVIEWER]
    ran = [worker for worker in writers if worker in session.workers and session.workers[worker].attempt > 0]
    return session.closed is not None and all(session.details[worker].current.work is not None for worker in ran)


def _began(folder: SessionFolder) -> bool:
    return (folder.snapshots_dir / "labels.jsonl").exists()
