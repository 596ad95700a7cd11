"""Tell by whom each file of a target was changed, from the moments at which it was looked at.

Only what was observed is claimed: who could write in the target between one moment and the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from orchestrator.models.identity import WorkerId
from orchestrator.models.shared_targets import FileOrigin
from orchestrator.snapshots.recorded_trees import Diff, Moment, Snapshots


def origins(
    snapshots: Snapshots,
    after: Moment,
    *,
    files: Sequence[str],
    is_shared: bool = False,
    since: Moment | None = None,
) -> tuple[FileOrigin, ...]:
    """By whom each of these files was changed between the first moment and ``after``.

    What changed while exactly one worker could write is that worker's; while none could, it is nobody's of this
    session; while several could, while nobody looked on, or in a target that other sessions shared, it is not certain.

    Args:
        after: One of the recorded moments, or a later one that has no label.
        since: Another moment to begin with than the first.

    Raises:
        EnvironmentUnfit: The trees cannot be compared.
    """
    moments = _until(snapshots, after)
    if since in moments:
        moments = moments[moments.index(since) :]
    steps: dict[str, list[tuple[WorkerId, ...] | None]] = {name: [] for name in files}
    for before, now in pairwise(moments):
        for name in snapshots.changed(before.tree, now.tree):
            if name in steps:
                steps[name].append(now.writers)
    return tuple(_origin(name, steps[name], is_shared=is_shared) for name in files)


def change_of(snapshots: Snapshots, worker: WorkerId, before: Moment, after: Moment) -> Diff:
    """What differs between two moments in files that changed while a worker could write, or while nobody looked on.

    The text is of all that differs.

    Raises:
        EnvironmentUnfit: The trees cannot be compared.
    """
    whole = snapshots.compare(before, after)
    moments = _until(snapshots, after)
    begin = moments.index(before) if before in moments else 0
    possible: set[str] = set()
    for earlier, now in pairwise(moments[begin:]):
        if now.writers is None or worker in now.writers:
            possible.update(snapshots.changed(earlier.tree, now.tree))
    if possible.issuperset(whole.files):
        return whole
    figures = [row for row in snapshots.figures(before.tree, after.tree) if row[0] in possible]
    files = tuple(path for path, _, _ in figures)
    return replace(
        whole,
        files=files,
        insertions=sum(insertions for _, insertions, _ in figures),
        deletions=sum(deletions for _, _, deletions in figures),
    )


def perhaps_by_others(snapshots: Snapshots, after: Moment) -> frozenset[str]:
    """Files that also changed, up to this moment, while no worker of the session could write, or nobody looked on.

    Raises:
        EnvironmentUnfit: The trees cannot be compared.
    """
    found: set[str] = set()
    for before, now in pairwise(_until(snapshots, after)):
        if not now.writers:
            found.update(snapshots.changed(before.tree, now.tree))
    return frozenset(found)


def _until(snapshots: Snapshots, after: Moment) -> list[Moment]:
    """All moments up to this one, which may be one without a label."""
    moments = list(snapshots.moments())
    return moments[: moments.index(after) + 1] if after in moments else [*moments, after]


def _origin(name: str, steps: Sequence[tuple[WorkerId, ...] | None], *, is_shared: bool) -> FileOrigin:
    workers = tuple(sorted({worker for writers in steps if writers for worker in writers}))
    unseen = any(writers is None or len(writers) > 1 for writers in steps)
    return FileOrigin(
        name,
        workers,
        by_others=any(writers == () for writers in steps),
        is_certain=bool(steps) and not unseen and not is_shared,
    )
