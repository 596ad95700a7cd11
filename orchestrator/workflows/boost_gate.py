"""The gate ``written-tests``: which of the tests that agents wrote in a copy of the project are proven on the project.

The copy is only read for what they wrote; everything is run on layers over the project itself, which no agent of the
session can reach.  What is proven is kept at once, a test file after the other: whatever ends the session loses none.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Final

from orchestrator.coordinator.session_request import GateMeasurer
from orchestrator.errors import OrchestrateError
from orchestrator.files.atomic_replace import write_atomically
from orchestrator.files.foreign import ForeignFolder, Unread
from orchestrator.files.time_limits import off_loop
from orchestrator.measurement.gate_run import LOOK_TIME_S
from orchestrator.measurement.plan_gates import gates_of_session
from orchestrator.measurement.project_tree import MOST_SOURCE_BYTES, look_at
from orchestrator.models.gate_states import GateState
from orchestrator.models.options import SessionOptions
from orchestrator.models.plan_tree import GateNode, MeasuredGate
from orchestrator.quotation import one_line
from orchestrator.rehearsal.installing import default_cache
from orchestrator.value_class import value_class
from orchestrator.workflows.boost_report import LEAST_QUALITY
from orchestrator.workflows.coverage_bench import is_test_file, text_in
from orchestrator.workflows.coverage_check import CheckRequest, check_tests
from orchestrator.workflows.coverage_gaps import digests_of
from orchestrator.workflows.coverage_verdicts import CoverageCheck, JudgedTest, mean_quality
from orchestrator.workflows.proven_tests import ORDER_FILE, BoostOrder, ProvenTests, keep_proven, order_text, proven_in

GATE: Final = "written-tests"
_TOUCHED: Final = "nothing but new test files may be touched: it was put back"
_MOST_TOLD: Final = 30

Say = Callable[[str], None]


@value_class
class _Written:
    """What lies in the copy and not in the project."""

    tests: Mapping[str, str]
    """New test files that can be read."""
    others: tuple[str, ...]
    """New files that are none."""
    touched: tuple[str, ...]
    """Files of the project that were changed or removed."""


@dataclass(slots=True)
class BoostGate:
    """Measures one boost, from round to round."""

    order: BoostOrder
    options: SessionOptions
    environ: Mapping[str, str]
    beside: GateMeasurer
    """Measures every other gate of the plan."""
    say: Say
    proven: ProvenTests = field(init=False)

    def __post_init__(self) -> None:
        source = self.options.source or self.options.target
        fresh = ProvenTests(str(source), self.order.tree, self.order.digests, coverage=self.order.coverage)
        self.proven = proven_in(self.options.session_dir) or fresh

    async def measure(self, node: GateNode, target: Path) -> tuple[MeasuredGate, ...]:
        """Each gate of the node, in its order."""
        others = tuple(name for name in node.gates if name != GATE)
        limits = {name: value for name, value in node.thresholds.items() if name in others}
        found = {gate.name: gate for gate in await self.beside(GateNode(others, limits), target)} if others else {}
        if GATE in node.gates:
            found[GATE] = await self._measured(target)
        return tuple(found[name] for name in node.gates if name in found)

    async def _measured(self, target: Path) -> MeasuredGate:
        began = time.monotonic()
        self.proven = replace(self.proven, problem="")
        before = len(self.proven.verdicts)
        try:
            await self._judge_all(target)
        except (OrchestrateError, OSError) as error:
            self.proven = replace(self.proven, problem=one_line(str(error), 500))
        await self._keep()
        kept = [verdict for verdict in self.proven.verdicts if verdict.is_kept]
        enough = self.proven.coverage >= self.order.target_coverage and mean_quality(kept) >= LEAST_QUALITY
        state = GateState.PASS if enough else GateState.FAIL
        if self.proven.problem or (not enough and time.time() > self.order.until):
            state = GateState.NOT_MEASURED
        return MeasuredGate(
            GATE,
            state,
            actual=None if state is GateState.NOT_MEASURED else round(self.proven.coverage, 2),
            threshold=self.order.target_coverage,
            message=self._words(self.proven.verdicts[before:]),
            tool="orchestrate",
            command="orchestrate test-coverage check",
            duration_s=round(time.monotonic() - began, 3),
            tree=self.order.tree,
        )

    async def _judge_all(self, target: Path) -> None:
        look = partial(written_in, target, self.order.digests, self.proven.texts)
        written = await off_loop(look, within_s=LOOK_TIME_S, what="the look at what was written")
        new = [JudgedTest(name, (_TOUCHED,)) for name in written.touched]
        new += [JudgedTest(name, ("it is no test file, and nothing else may be touched",)) for name in written.others]
        self.proven = replace(self.proven, verdicts=(*self.proven.verdicts, *new))
        for name, text in written.tests.items():
            if time.time() > self.order.until:
                late = JudgedTest(name, ("there was no time left to judge it",))
                self.proven = replace(self.proven, verdicts=(*self.proven.verdicts, late))
                continue
            await self._judge(name, text)
            await self._keep()
        put_back = partial(_put_back, target, self.options.source, written, self.proven.texts)
        await off_loop(put_back, within_s=LOOK_TIME_S, what="taking what was refused out of the copy")

    async def _keep(self) -> None:
        keep = partial(keep_proven, self.options.session_dir, self.proven)
        await off_loop(keep, within_s=LOOK_TIME_S, what="keeping what is proven")

    async def _judge(self, name: str, text: str) -> None:
        rest = {other: kept for other, kept in self.proven.texts.items() if other != name}
        check = await check_tests(self._request(name, text, rest), self.say)
        if check.tree != self.order.tree:
            raise OrchestrateError("the project has changed since the boost began; nothing more can be proven on it")
        earlier = [verdict for verdict in self.proven.verdicts if _file(verdict) == name and verdict.is_kept]
        if earlier and not _is_better(check, earlier, self.proven.coverage):
            # It was proven before as it was; the other version of it adds nothing.
            return
        others = tuple(verdict for verdict in self.proven.verdicts if verdict not in earlier)
        self.proven = replace(
            self.proven,
            texts={**rest, **check.texts},
            verdicts=(*others, *check.verdicts),
            coverage=check.coverage_after,
        )

    def _request(self, name: str, text: str, rest: Mapping[str, str]) -> CheckRequest:
        return CheckRequest(
            target=Path(self.proven.project),
            sandbox=self.options.sandbox,
            environ=self.environ,
            cache=default_cache(),
            files=(name,),
            texts={name: text},
            proven=rest,
            python=Path(self.order.python) if self.order.python else None,
            seed=self.order.seed,
            within_s=self.order.within_s,
            repeats=self.order.repeats,
            mutants=self.order.mutants,
            until=self.order.until,
            cuts=True,
        )

    def _words(self, new: Sequence[JudgedTest]) -> str:
        kept = [verdict for verdict in self.proven.verdicts if verdict.is_kept]
        parts = [f"{self.proven.coverage:.1f} % with {len(kept)} proven tests, {self.order.target_coverage:g} % wanted"]
        if self.proven.problem:
            parts.append(self.proven.problem)
        refused = [verdict for verdict in new if not verdict.is_kept]
        parts += [f"refused: {verdict.test}: {verdict.reasons[0]}" for verdict in refused[:_MOST_TOLD]]
        return one_line("; ".join(parts), 6_000)


def boost_gates(order: BoostOrder, options: SessionOptions, environ: Mapping[str, str], say: Say) -> GateMeasurer:
    """What measures the gates of a boost's session; the order is kept in its folder.  Blocks."""
    with suppress(FileExistsError):
        if not (options.session_dir / ORDER_FILE).exists():
            write_atomically(options.session_dir / ORDER_FILE, order_text(order))
    return BoostGate(order, options, environ, gates_of_session(options, environ), say).measure


def written_in(copy: Path, before: Mapping[str, str], proven: Mapping[str, str]) -> _Written:
    """What agents wrote in a copy of a project.  Blocks.

    Args:
        before: The digests of the project's files.
        proven: Test files that are proven already: only another text of one is news.
    """
    tree = look_at(copy)
    now = digests_of(copy, tree.names)
    tests: dict[str, str] = {}
    others: list[str] = []
    for name in tree.names:
        if name in before or not name.endswith(".py"):
            continue
        text = text_in(copy, name) if is_test_file(name) and _is_plain(name) else None
        if text is None:
            others.append(name)
        elif proven.get(name) != text:
            tests[name] = text
    touched = sorted(name for name, digest in before.items() if now.get(name) != digest)
    return _Written(tests, tuple(others), tuple(touched))


def _is_plain(name: str) -> bool:
    return name.isprintable() and not any(part in ("", ".", "..") for part in name.split("/"))


def _put_back(copy: Path, source: Path | None, written: _Written, proven: Mapping[str, str]) -> None:
    """Leave in the copy what is proven and nothing else, so that whoever looks at it next sees no more.  Blocks.

    What cannot be put back stays as it is: nothing of the copy is ever believed.
    """
    ours = ForeignFolder(copy)
    with suppress(OSError):
        for name in (*written.others, *written.tests):
            if name in proven:
                ours.write(name, proven[name].encode("utf-8"), mode=0o644)
            else:
                ours.remove(name)
        if source is not None:
            for name in written.touched:
                _restore(ours, ForeignFolder(source), name)


def _restore(ours: ForeignFolder, theirs: ForeignFolder, name: str) -> None:
    content, status = theirs.read(name, most_bytes=MOST_SOURCE_BYTES), theirs.status(name)
    if isinstance(content, Unread) or isinstance(status, Unread):
        return
    for folder in _above(name):
        if not ours.is_folder(folder):
            ours.make_folder(folder)
    ours.write(name, content, mode=status.mode)


def _above(name: str) -> Iterator[str]:
    parts = name.split("/")[:-1]
    for number in range(1, len(parts) + 1):
        yield "/".join(parts[:number])


def _file(verdict: JudgedTest) -> str:
    return verdict.test.partition("::")[0]


def _is_better(check: CoverageCheck, earlier: Sequence[JudgedTest], coverage: float) -> bool:
    """Whether another text of a proven file is worth more than the one before."""
    return check.coverage_after > coverage or (
        check.coverage_after == coverage and check.test_quality > mean_quality(earlier)
    )
