"""Tell what a session changed in its target, as a patch and in figures: in all, by a worker, since a review."""

from __future__ import annotations

from orchestrator.coordinator.final_change import moments_around
from orchestrator.coordinator.restored_target import records_of
from orchestrator.errors import EnvironmentUnfit, UsageError
from orchestrator.journal.folder import SessionFolder
from orchestrator.models.identity import WorkerId
from orchestrator.session.state import Session
from orchestrator.snapshots.attribution import change_of, origins
from orchestrator.snapshots.manifest import Manifest
from orchestrator.snapshots.patches import Patch, heading, make_patch
from orchestrator.snapshots.recorded_trees import AT_END, BASELINE, Moment, Snapshots, review_label
from orchestrator.snapshots.restoration import Recorded, Tree
from orchestrator.value_class import value_class


@value_class
class SessionDiff:
    """A session's change as a patch and in figures."""

    files: tuple[tuple[str, int, int], ...]
    """Path, insertions and deletions of each."""
    patch: Patch
    is_live: bool
    """The session has not ended: this is the target as it stands now."""
    uncertain: tuple[str, ...] = ()
    """Files of a worker's change that somebody else changed as well, or perhaps did instead."""

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
    """Read what the session changed: at its end, or up to now while it has not ended.

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
    last = snapshots.glance() if is_live else next(one for one in reversed(snapshots.moments()) if one.label == AT_END)
    before, after = trees[BASELINE], last.tree
    own: frozenset[str] | None = None
    uncertain: tuple[str, ...] = ()
    if worker is not None:
        begin, end = moments_around(snapshots, _known_worker(session, worker), last)
        before, after = begin.tree, end.tree
        # What changed in the same time while it could not write is somebody else's.
        own = frozenset(change_of(snapshots, WorkerId(worker), begin, end).files)
        uncertain = _uncertain(snapshots, session, WorkerId(worker), own, begin, end)
    if since is not None:
        before = _tree_of_review(trees, since)
    sides = [Recorded(records.store.read_tree(bytes.fromhex(tree)), Manifest()) for tree in (before, after)]
    if own is not None:
        sides = [Recorded(_only(side.tree, own), side.manifest) for side in sides]
    elif not is_live and since is None:
        # What stands for a content that was not recorded is no part of a patch.
        sides = [records.recorded(snapshots, "begin"), records.recorded(snapshots, "end")]
    figures = tuple(row for row in snapshots.figures(before, after) if own is None or row[0] in own)
    return SessionDiff(figures, make_patch(records.folder, *sides), is_live, uncertain)


def reviewed_states(folder: SessionFolder, session: Session) -> tuple[str, ...]:
    """The reviews whose reviewers saw a recorded state of the target, oldest first."""
    snapshots = Snapshots(folder.snapshots_dir, session.options.target, (folder.workspace,))
    labels = {label for label, _ in snapshots.taken()}
    return tuple(review for review in session.assessment.reviews if review_label(review) in labels)


def _only(tree: Tree, names: frozenset[str]) -> Tree:
    return {path: what for path, what in tree.items() if path.decode(errors="backslashreplace") in names}


def _uncertain(
    snapshots: Snapshots, session: Session, worker: WorkerId, names: frozenset[str], begin: Moment, end: Moment
) -> tuple[str, ...]:
    """Which of these files are not certainly this worker's alone."""
    found = origins(snapshots, end, files=sorted(names), is_shared=session.options.share_target, since=begin)
    return tuple(one.path for one in found if not one.is_certain or one.by_others or one.workers != (worker,))


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
