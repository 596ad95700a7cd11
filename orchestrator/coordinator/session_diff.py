"""A session in, what it changed in its target out, as a patch and in figures: in all, by a worker, since a review."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.coordinator.final_change import trees_around
from orchestrator.coordinator.restored_target import records_of
from orchestrator.errors import EnvironmentUnfit, UsageError
from orchestrator.journal.folder import SessionFolder
from orchestrator.models.identity import WorkerId
from orchestrator.session.state import Session
from orchestrator.snapshots.manifest import Manifest
from orchestrator.snapshots.patches import Patch, heading, make_patch
from orchestrator.snapshots.recorded_trees import AT_END, BASELINE, Snapshots, review_label
from orchestrator.snapshots.restoration import Recorded


@dataclass(frozen=True, slots=True)
class SessionDiff:
    """One look at a session's change."""

    files: tuple[tuple[str, int, int], ...]
    """Path, insertions and deletions of each."""
    patch: Patch
    is_live: bool
    """The session has not ended: this is the target as it stands now."""

    @property
    def insertions(self) -> int:
        return sum(more for _, more, _ in self.files)

    @property
    def deletions(self) -> int:
        return sum(less for _, _, less in self.files)

    def text(self, session: str) -> bytes:
        """The patch, with a heading where it is not the whole."""
        return self.patch.content if self.patch.is_whole else heading(self.patch, session) + self.patch.content


def session_diff(
    folder: SessionFolder, session: Session, *, worker: str | None = None, since: str | None = None
) -> SessionDiff:
    """What the session changed: as it left its target, or up to now while it has not ended.

    Args:
        worker: While this one was at work.
        since: From what the reviewers of this review saw; the number of the review will do.

    Raises:
        UsageError: There is no such worker or review.
        EnvironmentUnfit: The target was not recorded.
    """
    snapshots = Snapshots(folder.snapshots_dir, session.options.target, (folder.workspace,))
    trees = dict(reversed(snapshots.taken()))
    if BASELINE not in trees:
        raise EnvironmentUnfit(f"session {folder.id} has not recorded its target")
    records = records_of(folder, session)
    is_live = not records.has_end()
    after = (
        snapshots.look() if is_live else next(tree for label, tree in reversed(snapshots.taken()) if label == AT_END)
    )
    before = trees[BASELINE]
    if worker is not None:
        before, after = trees_around(snapshots, _known_worker(session, worker), after)
    if since is not None:
        before = _tree_of_review(trees, since)
    sides = [Recorded(records.store.read_tree(bytes.fromhex(tree)), Manifest()) for tree in (before, after)]
    if not is_live and worker is None and since is None:
        # What stands for a content that was not recorded is no part of a patch.
        sides = [records.recorded(snapshots, "begin"), records.recorded(snapshots, "end")]
    return SessionDiff(snapshots.figures(before, after), make_patch(records.folder, *sides), is_live)


def _known_worker(session: Session, named: str) -> WorkerId:
    worker = WorkerId(named)
    if worker not in session.workers:
        there = ", ".join(session.workers) or "nobody yet"
        raise UsageError(f"session {session.id} has no worker {named!r}", hint=f"there are: {there}")
    return worker


def _tree_of_review(trees: dict[str, str], named: str) -> str:
    known = {label.removeprefix(review_label("")): tree for label, tree in trees.items() if label.startswith("review ")}
    for review, tree in known.items():
        number = review.partition("-")[0]
        if named == review or (named.isdigit() and number.isdigit() and int(named) == int(number)):
            return tree
    hint = f"there are: {', '.join(sorted(known))}" if known else "no review has looked at the target yet"
    raise UsageError(f"no review {named!r} has looked at the target", hint=hint)
