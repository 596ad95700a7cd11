"""What really happened in the target: the diff a worker left, and checks that need no agent."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from orchestrator.coordinator.target_tests import TargetTests
from orchestrator.files.foreign import Entry, ForeignFolder
from orchestrator.files.time_limits import off_loop
from orchestrator.models.identity import WorkerId
from orchestrator.models.reviews import Verdict
from orchestrator.quotation import quoted_names
from orchestrator.snapshots.conflict_markers import conflicts_added
from orchestrator.snapshots.recorded_trees import BASELINE as BASELINE
from orchestrator.snapshots.recorded_trees import Diff, Snapshots, review_label
from orchestrator.snapshots.records import Records
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
    """

    def __init__(self, snapshots: Snapshots, tests: TargetTests) -> None:
        self.snapshots = snapshots
        self.records = Records(snapshots.folder, snapshots.target, snapshots.exclude)
        self.tests = tests

    def begin(self) -> None:
        """Record the target as it is before anybody works on it.  Blocks; see :class:`Snapshots`."""
        if self.snapshots.find(BASELINE) is None:
            self.records.take(self.snapshots, "begin")
        # A session that goes on has not ended yet.
        self.records.forget_end()

    def mark(self, worker: WorkerId) -> None:
        """Record the target as it is when a worker begins.  Blocks."""
        self.snapshots.take(f"{worker} begins")

    def change(self, review: str = "") -> Diff:
        """The difference since the session began.  Blocks.

        Args:
            review: For whom it is looked at; ``orchestrate diff --since`` knows the moment by this name.
        """
        return self._since(BASELINE, review_label(review) if review else "measured")

    def change_by(self, worker: WorkerId) -> Diff:
        """The difference since the worker began.  Blocks."""
        return self._since(f"{worker} begins")

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

    def _since(self, label: str, now: str = "measured") -> Diff:
        before = self.snapshots.moment(label) or self.snapshots.moment(BASELINE)
        after = self.snapshots.record(now)
        return self.snapshots.compare(before, after) if before is not None else Diff("", (), 0, 0)


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
