"""What really happened in the target: the diff a worker left, and checks that need no agent."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from orchestrator.coordinator.project_files import ProjectFiles
from orchestrator.coordinator.suite_runs import run_suite
from orchestrator.files.foreign import Entry, ForeignFolder
from orchestrator.files.time_limits import off_loop
from orchestrator.models.identity import WorkerId
from orchestrator.models.reviews import Verdict
from orchestrator.snapshots.recorded_trees import BASELINE as BASELINE
from orchestrator.snapshots.recorded_trees import Diff, Snapshots
from orchestrator.suites.detection import detect
from orchestrator.suites.results import State, SuiteResult

EXCERPT_CHARS = 12_000
MOST_UNSHOWN_CHARS = 4_000
LOOK_TIME_S = 300.0
"""Longest look at the target; what takes longer counts as not measured."""
MOST_SCRATCH_ENTRIES = 10_000


class Evidence:
    """Measures the target against what it was when the session began.

    Args:
        scratch: A folder that the target's tests may write in.
        wrap: Puts the read-only sandbox around a command line, so that the target's tests run as a worker would.
        environ: What the tests see of the environment: agents may have written them, so it holds no secret.
    """

    def __init__(
        self,
        snapshots: Snapshots,
        target: Path,
        *,
        scratch: Path,
        wrap: Callable[[Sequence[str]], Sequence[str]],
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.snapshots = snapshots
        self._target = target
        self._scratch = scratch
        self._wrap = wrap
        self._environ = environ

    def begin(self) -> None:
        """Record the target as it is before anybody works on it.  Blocks; see :class:`Snapshots`."""
        if self.snapshots.find(BASELINE) is None:
            self.snapshots.take(BASELINE)

    def mark(self, worker: WorkerId) -> None:
        """Record the target as it is when a worker begins.  Blocks."""
        self.snapshots.take(f"{worker} begins")

    def change(self) -> Diff:
        """The difference since the session began.  Blocks."""
        return self._since(BASELINE)

    def change_by(self, worker: WorkerId) -> Diff:
        """The difference since the worker began.  Blocks."""
        return self._since(f"{worker} begins")

    async def check(self) -> tuple[Verdict, tuple[str, ...]]:
        """Review by measuring: something changed, and the target's tests still pass."""
        diff = await off_loop(self.change, within_s=LOOK_TIME_S, what="the look at the target")
        if not diff.files:
            nothing = "nothing changed in the target, so there is nothing to accept"
            return Verdict.CONCERNS, (nothing, *diff.unshown.lines())
        findings = [f"{len(diff.files)} files changed (+{diff.insertions} -{diff.deletions})", *diff.unshown.lines()]
        look = partial(self._conflict_markers, diff)
        damaged = await off_loop(look, within_s=LOOK_TIME_S, what="the look at what changed")
        if damaged:
            return Verdict.BLOCKER, (*findings, f"conflict markers are left in {', '.join(damaged)}")
        results = await self.run_tests()
        told = tuple(f"{result.suite}: {result.state}: {result.reason}" for result in results)
        if not results:
            return Verdict.APPROVED, (*findings, "the target has no tests that could be run")
        if all(result.state is State.PASSED for result in results):
            return Verdict.APPROVED, (*findings, "the target's tests pass", *told)
        failed = any(result.state is State.FAILED for result in results)
        return Verdict.CONCERNS, (*findings, f"the target's tests {'fail' if failed else 'were not measured'}", *told)

    async def run_tests(self) -> Sequence[SuiteResult]:
        """Run every suite of the target in the sandbox, one after another; none where none was found."""
        look = partial(detect, ProjectFiles(self._target))
        detection = await off_loop(look, within_s=LOOK_TIME_S, what="the look for tests")
        environ = os.environ if self._environ is None else self._environ
        return [
            await run_suite(suite, target=self._target, scratch=self._scratch, wrap=self._wrap, environ=environ)
            for suite in detection.suites
        ]

    def _since(self, label: str) -> Diff:
        before = self.snapshots.moment(label) or self.snapshots.moment(BASELINE)
        after = self.snapshots.record("measured")
        return self.snapshots.compare(before, after) if before is not None else Diff("", (), 0, 0)

    def _conflict_markers(self, diff: Diff) -> list[str]:
        found, target = [], ForeignFolder(self._target)
        for name in diff.files:
            content = target.read(name, most_bytes=1_000_000)
            if isinstance(content, bytes):
                lines = content.split(b"\n")
                if any(line.startswith(b"<<<<<<< ") for line in lines) and b"=======" in lines:
                    found.append(name)
        return found


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
