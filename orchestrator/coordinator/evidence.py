"""Measure what really happened in the target: the diff a worker left, and checks that need no agent."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import field, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import anyio

from orchestrator.coordinator.kept_results import read_results, read_stated, write_results, write_stated
from orchestrator.coordinator.project_files import stated_in
from orchestrator.coordinator.target_tests import SuiteOutcomes, TargetTests
from orchestrator.errors import EnvironmentUnfit
from orchestrator.files.foreign import Entry, ForeignFolder
from orchestrator.files.time_limits import off_loop
from orchestrator.models.identity import WorkerId
from orchestrator.models.reviews import Verdict
from orchestrator.models.shared_targets import TargetHolder
from orchestrator.models.suite_measurements import SuitesMeasured
from orchestrator.quotation import quoted_names
from orchestrator.sandbox.layers import REMOVE_TIME_S
from orchestrator.snapshots.attribution import change_of
from orchestrator.snapshots.conflict_markers import conflicts_added
from orchestrator.snapshots.recorded_trees import (
    AT_END,
    RESUMED,
    Diff,
    LookCutShort,
    Moment,
    Snapshots,
    begin_label,
    follow_up_label,
    review_label,
)
from orchestrator.snapshots.recorded_trees import BASELINE as BASELINE
from orchestrator.snapshots.undo_records import Records
from orchestrator.snapshots.writers import Writers
from orchestrator.suites.comparison import Weighed, weigh
from orchestrator.suites.steering_files import earlier_tests_changed
from orchestrator.value_class import value_class

EXCERPT_CHARS = 12_000
MOST_UNSHOWN_CHARS = 4_000
LOOK_TIME_S = 300.0
"""Longest look at the target where no policy says; what takes longer counts as not measured."""
T = TypeVar("T")
MOST_SCRATCH_ENTRIES = 10_000


@value_class
class Checked:
    """The orchestrator's own review."""

    verdict: Verdict
    findings: tuple[str, ...]
    suites: SuitesMeasured = field(default_factory=SuitesMeasured)


class Evidence:
    """Measures the target against what it was when the session began.

    Args:
        tests: The target's own.
        others: Tells which other sessions could write in the target since this one does.
        look_s: Longest look at the target.
    """

    def __init__(
        self,
        snapshots: Snapshots,
        tests: TargetTests,
        *,
        others: Callable[[], tuple[TargetHolder, ...]] = tuple,
        look_s: float = LOOK_TIME_S,
    ) -> None:
        self._look_s = look_s
        self.snapshots = snapshots
        self.records = Records(snapshots.folder, snapshots.target, snapshots.exclude)
        self.tests = tests
        self.others = others
        self.writers = snapshots.writers or Writers()
        self._kept = tests.bench.scratch.with_name("baseline.json")
        self._kept_statement = tests.bench.scratch.with_name("stated-tests.json")
        self._baseline: SuiteOutcomes | None = None
        self.since = BASELINE
        """The moment from which the work under way counts: the session's begin, or that of its last follow-up."""

    def begin(self, alive: Collection[WorkerId] = (), *, follow_up: int = 0, is_new: bool = False) -> None:
        """Record the target as it is before anybody works on it, or as another coordinator has left it.  Blocks.

        Args:
            alive: Workers that another coordinator started, and that may have lived on without one.
            follow_up: The number of the follow-up that is worked on; 0 for the task itself.
            is_new: It begins now.

        Raises:
            UsageError: The project states its tests in a way that cannot be read.
        """
        if self.snapshots.find(BASELINE) is None:
            stated = stated_in(self.snapshots.target) if self.tests.trusts_project else ()
            self.records.take(self.snapshots, "begin")
            write_stated(self._kept_statement, stated)
            self.tests = replace(self.tests, stated=stated)
            return
        self.tests = replace(self.tests, stated=read_stated(self._kept_statement))
        # Nobody looked on since the other coordinator looked last, unless it came to its end.
        if self.snapshots.moments()[-1].label != AT_END or alive:
            self.writers.lost_sight()
        for worker in alive:
            self.writers.begins(worker)
        self.since = follow_up_label(follow_up) if follow_up else BASELINE
        self.snapshots.record(self.since if is_new else RESUMED)
        # A session that goes on has not ended yet.
        self.records.forget_end()

    async def look(self, act: Callable[[], T], *, what: str = "the look at the target") -> T:
        """Look at the target, off the event loop, and no longer than the policy lets anybody keep us.

        Raises:
            TimeoutError: It took longer; whose work that may be is said.
        """
        try:
            return await off_loop(act, within_s=self._look_s, what=what)
        except (TimeoutError, LookCutShort) as error:
            # Whether we or the look itself saw first that the time was over is chance.
            late = str(error) if isinstance(error, TimeoutError) else f"{what} took longer than {self._look_s:g} s"
            names = ", ".join(self.writers.wrote)
            who = f"; {names} could write there since the last one" if names else ""
            raise TimeoutError(f"{late}{who} (limits.snapshot_s of the sandbox policy)") from None

    def on_layer(self, snapshots: Snapshots) -> Evidence:
        """The same for a copy of the target, whose tests are held against the same baseline."""
        tests = replace(self.tests, target=snapshots.target)
        return Evidence(snapshots, tests, others=self.others, look_s=self._look_s)

    def mark(self, worker: WorkerId, follow_up: int = 0, *, anew: bool = True) -> None:
        """Record the target as it is when a worker begins, with the task or with a follow-up.  Blocks.

        Args:
            anew: Do so also where that is on record already.
        """
        label = begin_label(worker, follow_up)
        if anew or self.snapshots.find(label) is None:
            self.snapshots.record(label)

    def change(self, review: str = "") -> Diff:
        """The difference since the session, or its last follow-up, began.  Blocks.

        Args:
            review: For whom it is looked at; ``orchestrate diff --since`` knows the moment by this name.
        """
        return self.change_and_tree(review)[0]

    def change_and_tree(self, review: str = "") -> tuple[Diff, str]:
        """The same, with the id of the tree that the target is now.  Blocks."""
        # The last of its name: a follow-up that never began may have been recorded, too.
        labelled = [moment for moment in self.snapshots.moments() if moment.label == self.since]
        before = labelled[-1] if labelled and self.since != BASELINE else self.snapshots.moment(BASELINE)
        after = self.snapshots.record(review_label(review) if review else "measured")
        diff = Diff("", (), 0, 0) if before is None else self.snapshots.compare(before, after)
        return diff, after.tree

    def change_by(self, worker: WorkerId, follow_up: int = 0) -> Diff:
        """The difference since the worker began, in files that changed while it could write.  Blocks."""
        before = self.snapshots.moment(begin_label(worker, follow_up)) or self.snapshots.moment(BASELINE)
        after = self.snapshots.record("measured")
        return Diff("", (), 0, 0) if before is None else change_of(self.snapshots, worker, before, after)

    async def measure_baseline(self, within_s: float) -> SuitesMeasured:
        """Run the tests of the target as it was when the session began; what cannot be had is an answer as well.

        What single tests did is kept beside the session, for :meth:`check`.
        """
        tested = await self._tested_before(within_s)
        self._baseline = tested
        write_results(self._kept, tested)
        return tested.measured

    async def _tested_before(self, within_s: float) -> SuiteOutcomes:
        began, checkout = time.monotonic(), self.tests.bench.scratch.with_name("baseline")

        def look() -> tuple[Moment, tuple[str, ...]]:
            moment = self.snapshots.moment(BASELINE)
            if moment is None:
                raise EnvironmentUnfit("the target was not recorded when the session began")
            return moment, self.snapshots.check_out(moment, checkout)

        try:
            moment, shared = await off_loop(look, within_s=within_s, what="writing down the target as it was")
            left = max(0.0, within_s - (time.monotonic() - began))
            tested = await self.tests.run_on(checkout, shared, within_s=left)
            changed = await self.look(
                partial(self._changed_meanwhile, moment, shared), what="the look at ignored files"
            )
        except (EnvironmentUnfit, OSError) as error:
            return SuiteOutcomes(problem=error.message if isinstance(error, EnvironmentUnfit) else str(error))
        finally:
            with anyio.CancelScope(shield=True), suppress(TimeoutError):
                remove = ForeignFolder(checkout).remove_all
                await off_loop(remove, within_s=REMOVE_TIME_S, what="taking the target as it was away")
        if changed and tested.results:
            # Somebody could else make a test fail that never did.
            return SuiteOutcomes(
                tested.detection, problem=f"ignored files changed meanwhile: {quoted_names(changed[:5])}"
            )
        return tested

    def _changed_meanwhile(self, before: Moment, shared: Sequence[str]) -> list[str]:
        unshown = self.snapshots.compare(before, self.snapshots.glance()).unshown
        gone = [change.path for change in unshown.ignored if change.what != "new"]
        return [path for path in gone if any(path == name or path.startswith(f"{name}/") for name in shared)]

    async def check(self, review: str = "", *, baseline: str | None = None) -> Checked:
        """Review by measuring: something changed, it leaves no conflict, and nothing fails that did not before.

        Args:
            baseline: Why there is none to compare with; ``None`` where there is one.
        """
        look = partial(self.change_and_tree, review)
        diff, tree = await self.look(look)
        if not diff.files:
            nothing = "nothing changed in the target, so there is nothing to accept"
            return Checked(Verdict.CONCERNS, (nothing, *diff.unshown.lines()))
        tested = await self.tests.run()
        # The tests ran elsewhere; a person, or another program, may have gone on here.
        diff, left = await self.look(look, what="the last look at the target")
        findings = (f"{len(diff.files)} files changed (+{diff.insertions} -{diff.deletions})", *diff.unshown.lines())
        verdict, told = _verdict(tested, self._weighed(tested, baseline))
        damaged = conflicts_added(diff.text)
        if damaged:
            verdict, told = Verdict.BLOCKER, (*told, f"conflict markers are left in {quoted_names(damaged)}")
        steered = earlier_tests_changed(diff.files, diff.text) if tested.results else ()
        if steered:
            # An edited test may be a better one.  Whoever reads that tests pass should know that they are others.
            told = (*told, f"the tests themselves, or what steers them, were changed: {quoted_names(steered)}")
        suites = replace(tested.measured, tree=tree) if left == tree else tested.measured
        return Checked(verdict, (*findings, *told), suites)

    async def tests_now(self, *, baseline: str | None = None) -> tuple[Verdict, tuple[str, ...], SuitesMeasured]:
        """Run the target's tests as it is now: what they say of the change, why, and what each suite did.

        Args:
            baseline: Why there is none to compare with; ``None`` where there is one.
        """
        tested = await self.tests.run()
        verdict, told = _verdict(tested, self._weighed(tested, baseline))
        return verdict, told, tested.measured

    def _weighed(self, tested: SuiteOutcomes, baseline: str | None) -> Weighed:
        before = self._baseline or read_results(self._kept)
        if before is not None and before.problem is not None:
            baseline = baseline or before.problem
        because = baseline or "what the tests did before was not kept"
        return weigh(tested.results, None if before is None or baseline else before.results, because=because)


def _verdict(tested: SuiteOutcomes, weighed: Weighed) -> tuple[Verdict, tuple[str, ...]]:
    if weighed.concerns:
        return Verdict.CONCERNS, (*weighed.concerns, *weighed.notes)
    if tested.problem is not None:
        return Verdict.ABSTAINED, (f"the target's tests were not measured: {tested.problem}",)
    if not tested.results:
        return Verdict.APPROVED, ("the target has no tests that could be run",)
    if weighed.all_passed:
        return Verdict.APPROVED, ("the target's tests pass", *weighed.notes)
    if weighed.is_measured:
        return Verdict.APPROVED, ("nothing fails that did not fail before", *weighed.notes)
    return Verdict.ABSTAINED, ("the target's tests were not measured", *weighed.notes)


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
