"""What really happened in the target: the diff a worker left, and checks that need no agent."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import anyio

from orchestrator.files.foreign import Entry, ForeignFolder
from orchestrator.files.time_limits import off_loop
from orchestrator.models.identity import WorkerId
from orchestrator.models.reviews import Verdict
from orchestrator.snapshots.recorded_trees import BASELINE as BASELINE
from orchestrator.snapshots.recorded_trees import Diff, Snapshots
from orchestrator.workers.boxed import boxed

EXCERPT_CHARS = 12_000
LOOK_TIME_S = 300.0
"""Longest look at the target; what takes longer counts as not measured."""
MOST_SCRATCH_ENTRIES = 10_000
TEST_TIME_S = 300.0
"""Longest run of the target's own tests; a longer one counts as not measured."""


@dataclass(frozen=True, slots=True)
class SuiteRun:
    """One run of the target's own tests; ``code`` is ``None`` when it was not measured."""

    command: str
    code: int | None
    tail: str


class Evidence:
    """Measures the target against what it was when the session began.

    Args:
        wrap: Puts the read-only sandbox around a command line, so that the target's tests run as a worker would.
        environ: What the tests see of the environment: agents may have written them, so it holds no secret.
    """

    def __init__(
        self,
        snapshots: Snapshots,
        target: Path,
        *,
        wrap: Callable[[Sequence[str]], Sequence[str]],
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.snapshots = snapshots
        self._target = target
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
            return Verdict.CONCERNS, ("nothing changed in the target, so there is nothing to accept",)
        findings = [f"{len(diff.files)} files changed (+{diff.insertions} -{diff.deletions})"]
        look = partial(self._conflict_markers, diff)
        damaged = await off_loop(look, within_s=LOOK_TIME_S, what="the look at what changed")
        if damaged:
            return Verdict.BLOCKER, (*findings, f"conflict markers are left in {', '.join(damaged)}")
        run = await self.run_tests()
        if run is None:
            return Verdict.APPROVED, (*findings, "the target has no tests that could be run")
        if run.code is None:
            return Verdict.CONCERNS, (*findings, f"not measured: {run.command} {run.tail}")
        if run.code != 0:
            return Verdict.CONCERNS, (
                *findings,
                f"the target's tests fail: {run.command} ended with {run.code}: {run.tail}",
            )
        return Verdict.APPROVED, (*findings, f"the target's tests pass: {run.command}")

    async def run_tests(self) -> SuiteRun | None:
        """Run the target's own tests in the sandbox; ``None`` where there are none we know how to run."""
        command = suite_command(self._target)
        if command is None:
            return None
        shown = " ".join(command)
        try:
            with anyio.fail_after(TEST_TIME_S):
                env = os.environ if self._environ is None else self._environ
                async with boxed(self._wrap(command), cwd=self._target, stderr=subprocess.STDOUT, env=env) as process:
                    said, _ = await process.communicate()
        except TimeoutError:
            return SuiteRun(shown, None, f"took longer than {TEST_TIME_S:g} s")
        except OSError as error:
            return SuiteRun(shown, None, f"could not be started: {error.strerror}")
        return SuiteRun(shown, process.returncode, said.decode("utf-8", "replace")[-400:].strip())

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


def suite_command(target: Path) -> tuple[str, ...] | None:
    """How the target's own tests are run, going by the files that lie in it; ``None`` where nothing says."""
    if (target / "package.json").is_file() and '"test"' in (target / "package.json").read_text("utf-8", "replace"):
        return ("npm", "test", "--silent")
    if (target / "Cargo.toml").is_file():
        return ("cargo", "test", "--quiet")
    if (target / "go.mod").is_file():
        return ("go", "test", "./...")
    python = [*target.glob("test_*.py"), *target.glob("*/test_*.py"), *target.glob("tests/**/test_*.py")]
    if python:
        uses_pytest = (target / "pyproject.toml").is_file() or any(
            b"import pytest" in p.read_bytes() for p in python[:50]
        )
        return ("python3", "-m", "pytest", "-q", "-x") if uses_pytest else ("python3", "-m", "unittest", "-q")
    return None


def scratch_files(scratch: Path) -> tuple[str, ...]:
    """What a worker left in its own folder, relative to it; our own files left out."""
    ours = {"events.jsonl", "reply.schema.json"}
    walked = ForeignFolder(scratch).walk(most=MOST_SCRATCH_ENTRIES)
    names = sorted(found.name for found in walked if isinstance(found, Entry) and found.status.kind == "file")
    return tuple(name for name in names if name not in ours and not name.startswith("."))[:200]
