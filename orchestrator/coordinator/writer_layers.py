"""Keep the copies of the target on which writers work side by side, and merge what they made.

A layer is a copy as the target lies, ignored files included, in the session's folder.  It is made when the first agent
on it starts, from the target or from the layer below it, and its own recorded trees say what changed on it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Final

from orchestrator.coordinator.isolation import copy_for_session
from orchestrator.files.foreign import ForeignFolder
from orchestrator.journal.folder import SessionFolder
from orchestrator.models.identity import WorkerId
from orchestrator.models.plan_steps import MergeLeaf
from orchestrator.models.plan_tree import MergeResult, NodePath
from orchestrator.session.assignments import layer_target
from orchestrator.snapshots.layer_merge import Conflict, merge_layer
from orchestrator.snapshots.patches import heading, make_patch
from orchestrator.snapshots.recorded_trees import BASELINE, Diff, Snapshots
from orchestrator.snapshots.restoration import Recorded
from orchestrator.snapshots.undo_records import Records
from orchestrator.value_class import value_class

PATCH: Final = "change.patch"
CONFLICTS: Final = "conflicts"
Names = Mapping[NodePath, Sequence[WorkerId]]
"""Who may write on each layer."""
Around = Callable[[Sequence[WorkerId]], AbstractContextManager[None]]


@value_class
class WriterLayers:
    """The layers of one session."""

    session: SessionFolder
    target: Path
    follow_up: int = 0
    """The number of the follow-up that is worked on: each has copies of its own."""

    def place(self, layers: Sequence[NodePath]) -> Path:
        """The folder that a worker on these layers works in: the last layer, or the target without layers."""
        return layer_target(self.session.path, layers[-1], self.follow_up) if layers else self.target

    def prepare(self, layers: Sequence[NodePath]) -> None:
        """Make the layers that do not exist yet, and record what they begin with.  Blocks.

        Raises:
            EnvironmentUnfit: The target cannot be copied or recorded.
        """
        for depth, path in enumerate(layers):
            try:
                self._prepare(path, self.place(layers[:depth]))
            except BaseException:
                if not self._is_ready(path):  # what is there of it is no layer, and may have filled the disk
                    ForeignFolder(self._folder(path)).remove_all()
                raise

    def _prepare(self, path: NodePath, below: Path) -> None:
        place = self.place((path,))
        if not place.is_dir():
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            copy_for_session(below, place, workspace=self.session.workspace)
        snapshots, records = self._recorded(path)
        if snapshots.find(BASELINE) is None:
            records.take(snapshots, "begin")

    def _is_ready(self, path: NodePath) -> bool:
        return self.place((path,)).is_dir() and self._recorded(path)[0].find(BASELINE) is not None

    def snapshots(self, layers: Sequence[NodePath]) -> Snapshots:
        """The recorded trees of the last layer."""
        return self._recorded(layers[-1])[0]

    def mark(self, layers: Sequence[NodePath], worker: WorkerId) -> None:
        """Record the last layer as it is when a worker first begins on it.  Blocks."""
        snapshots, label = self.snapshots(layers), f"{worker} begins"
        if snapshots.find(label) is None:
            snapshots.record(label)

    def change(self, layers: Sequence[NodePath], worker: WorkerId) -> Diff:
        """The worker's change on the last layer, where nobody else writes meanwhile.  Blocks."""
        snapshots = self.snapshots(layers)
        before = snapshots.moment(f"{worker} begins") or snapshots.moment(BASELINE)
        after = snapshots.record("measured")
        return Diff("", (), 0, 0) if before is None else snapshots.compare(before, after)

    def merge(self, leaf: MergeLeaf, names: Names, *, around: Around = lambda _: nullcontext()) -> MergeResult:
        """Merge in plan order; the change of whoever meets a conflict, or is not taken, is kept as a patch.  Blocks.

        Repeated after a kill, it gives the same result.

        Args:
            around: Entered while changes of these writers are put into the target itself.
        """
        began, into = time.monotonic(), self.place(leaf.layers)
        conflicts: list[str] = []
        kept: list[str] = []
        taken: list[NodePath] = []
        for path in (*leaf.take, *leaf.keep):
            if not self._is_ready(path):
                continue  # nobody began on it
            before, after = self._ends(path)
            name = _named(path, names)
            found: tuple[Conflict, ...] = ()
            if path in leaf.take:
                others = ", ".join(_named(one, names) for one in taken) or "the target"
                folder, store = self._folder(path), self._recorded(path)[1].store
                with nullcontext() if leaf.layers else around(names.get(path, ())):
                    found = merge_layer(into, folder, store, before, after, ours=others, theirs=name)
                taken.append(path)
                conflicts += [self._told(path, number, one, others, name) for number, one in enumerate(found, start=1)]
            if before.tree != after.tree and (found or path in leaf.keep):
                kept.append(self._keep(path, before, after))
        return MergeResult(
            leaf.path,
            success=not conflicts,
            conflicts=tuple(conflicts),
            kept=tuple(kept),
            taken=tuple(taken),
            duration_s=round(time.monotonic() - began, 3),
        )

    def _told(self, path: NodePath, number: int, conflict: Conflict, others: str, name: str) -> str:
        """Keep both sides of a conflict, and say where they are."""
        there = f"; {name}'s version is in {self._relative(path, PATCH)}"
        if conflict.both:
            file = self._folder(path) / CONFLICTS / f"{number}.txt"
            file.parent.mkdir(mode=0o700, exist_ok=True)
            file.write_bytes(conflict.both)
            there = f"{there}, both are in {self._relative(path, f'{CONFLICTS}/{number}.txt')}"
        return f"{conflict.name}: the changes of {name} and of {others} conflict ({conflict.why}){there}"

    def _keep(self, path: NodePath, before: Recorded, after: Recorded) -> str:
        patch = make_patch(self._recorded(path)[1].folder, before, after)
        file = self._folder(path) / PATCH
        fresh = file.with_suffix(".part")
        fresh.write_bytes(heading(patch, self.session.id) + patch.content)
        fresh.replace(file)
        return self._relative(path, PATCH)

    def _ends(self, path: NodePath) -> tuple[Recorded, Recorded]:
        snapshots, records = self._recorded(path)
        records.take(snapshots, "end")
        return records.recorded(snapshots, "begin"), records.recorded(snapshots, "end")

    def _recorded(self, path: NodePath) -> tuple[Snapshots, Records]:
        snapshots = Snapshots(self._folder(path) / "snapshots", self.place((path,)))
        return snapshots, Records(snapshots.folder, snapshots.target)

    def _folder(self, path: NodePath) -> Path:
        return self.place((path,)).parent

    def _relative(self, path: NodePath, name: str) -> str:
        return str((self._folder(path) / name).relative_to(self.session.path))


def _named(path: NodePath, names: Names) -> str:
    return " and ".join(names.get(path, ())) or path
