"""What really happened in the target: the diff a worker left, and checks that need no agent."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path

from orchestrator.coordinator.target_tests import TargetTests
from orchestrator.files.foreign import Entry, ForeignFolder
from orchestrator.files.time_limits import off_loop
from orchestrator.models.identity import WorkerId
from orchestrator.models.reviews import Verdict
from orchestrator.models.sharing import TargetHolder
from orchestrator.quotation import quoted_names
from orchestrator.snapshots.attribution import change_of
from orchestrator.snapshots.conflict_markers import conflicts_added
from orchestrator.snapshots.recorded_trees import AT_END, RESUMED, Diff, Snapshots, review_label
from orchestrator.snapshots.recorded_trees import BASELINE as BASELINE
from orchestrator.snapshots.records import Records
from orchestrator.snapshots.writers import Writers
from orchestrator.suites.results import State

EXCERPT_CHARS = 12_000
MOST_UNSHOWN_CHARS = 4_000
LOOK_TIME_S = 300.0
"""Longest look at the target; what takes longer counts as not measured."""
MOST_SCRATCH_ENTRIES = 10_000


class Evidence:
    """Measures the target against what it was when the session began.

    Args:
        tests: The target's own.
        others: Tells which other sessions could write in the target since this one does.
    """

    def __init__(
        self, snapshots: Snapshots, tests: TargetTests, *, others: Callable[[], tuple[TargetHolder, ...]] = tuple
    ) -> None:
        self.snapshots = snapshots
        self.records = Records(snapshots.folder, snapshots.target, snapshots.exclude)
        self.tests = tests
        self.others = others
        self.writers = snapshots.writers or Writers()

    def begin(self, alive: Collection[WorkerId] = ()) -> None:
        """Record the target as it is before anybody works on it, or as another coordinator has left it.  Blocks.

        Args:
            alive: Workers that another coordinator started, and that may have lived on without one.
        """
        if self.snapshots.find(BASELINE) is None:
            self.records.take(self.snapshots, "begin")
            return
        # Nobody looked on since the other coordinator looked last, unless it came to its end.
        if self.snapshots.moments()[-1].label != AT_END or alive:
            self.writers.lost_sight()
        for worker in alive:
            self.writers.begins(worker)
        self.snapshots.record(RESUMED)
        # A session that goes on has not ended yet.
        self.records.forget_end()

    def mark(self, worker: WorkerId) -> None:
        """Record the target as it is when a worker begins.  Blocks."""
        self.snapshots.record(f"{worker} begins")

    def change(self, review: str = "") -> Diff:
        """The difference since the session began.  Blocks.

        Args:
            review: For whom it is looked at; ``orchestrate diff --since`` knows the moment by this name.
        """
        before = self.snapshots.moment(BASELINE)
        after = self.snapshots.record(review_label(review) if review else "measured")
        return Diff("", (), 0, 0) if before is None else self.snapshots.compare(before, after)

    def change_by(self, worker: WorkerId) -> Diff:
        """The difference since the worker began, in files that changed while it could write.  Blocks."""
        before = self.snapshots.moment(f"{worker} begins") or self.snapshots.moment(BASELINE)
        after = self.snapshots.record("measured")
        return Diff("", (), 0, 0) if before is None else change_of(self.snapshots, worker, before, after)

    async def check(self, review: str = "") -> tuple[Verdict, tuple[str, ...]]:
        """Review by measuring: something changed, it leaves no conflict, and the target's tests still pass."""
        look = partial(self.change, review)
        diff = await off_loop(look, within_s=LOOK_TIME_S, what="the look at the target")
        if not diff.files:
            nothing = "nothing changed in the target, so there is nothing to accept"
            return Verdict.CONCERNS, (nothing, *diff.unshown.lines())
        tested = await self.tests.run()
        # The tests ran elsewhere; a person, or another program, may have gone on here.
        diff = await off_loop(self.change, within_s=LOOK_TIME_S, what="the last look at the target")
        findings = [f"{len(diff.files)} files changed (+{diff.insertions} -{diff.deletions})", *diff.unshown.lines()]
        damaged = conflicts_added(diff.text)
        if damaged:
            return Verdict.BLOCKER, (*findings, f"conflict markers are left in {quoted_names(damaged)}")
        told = tuple(f"{result.suite}: {result.state}: {result.reason}" for result in tested.results)
        if tested.problem is not None:
            return Verdict.CONCERNS, (*findings, f"the target's tests were not measured: {tested.problem}")
        if not tested.results:
            return Verdict.APPROVED, (*findings, "the target has no tests that could be run")
        if all(result.state is State.PASSED for result in tested.results):
            return Verdict.APPROVED, (*findings, "the target's tests pass", *told)
        failed = any(result.state is State.FAILED for result in tested.results)
        return Verdict.CONCERNS, (*findings, f"the target's tests {'fail' if failed else 'were not measured'}", *told)


def excerpt_of(diff: Diff) -> str:
    """What reviewers are shown of a change: what its diff does not show comes first, so that no length cuts it off."""
    unshown = "".join(f"# {line}\n" for line in diff.unshown.lines())[:MOST_UNSHOWN_CHARS]
    return f"{unshown}\n{diff.text}"[:EXCERPT_CHARS] if unshown else diff.text[:EXCERPT_CHARS]


def scratch_files(scratch: Path) -> tuple[str, ...]:
    """What a worker left in its own folder, relative to it; our own files left out."""
    ours = {"events.jsonl", "reply.schema.json"}
    walked = ForeignFolder(scratch).walk(most=MOST_SCRATCH_ENTRIES)
    names = sorted(found.name for found in walked if isinstance(found, Entry) and found.status.kind == "file")
    return tuple(name for name in names if name not in ours and not name.startswith("."))[:200]
