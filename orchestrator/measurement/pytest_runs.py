"""Run tests of a project by pytest, each time on a new throw-away layer: with other files, in another order, traced."""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from orchestrator.coordinator.suite_runs import observe_suite
from orchestrator.files.foreign import ForeignFolder
from orchestrator.files.time_limits import off_loop
from orchestrator.gates.gate import LIST, PROBES, TOOLS, Command, Unmeasured
from orchestrator.gates.line_coverage import GATE
from orchestrator.measurement.gate_run import lay_trace
from orchestrator.measurement.target_suites import Trace
from orchestrator.measurement.tool_environment import ToolEnvironment
from orchestrator.measurement.tool_runs import ToolRunner
from orchestrator.sandbox.layers import Bench, Layer, open_layer
from orchestrator.suites.report import TestOutcome
from orchestrator.suites.results import Run, State, judge
from orchestrator.suites.runners import RUNNERS
from orchestrator.suites.suite import Form, Setting, Suite

LAY_TIME_S: Final = 60.0
TOO_LONG: Final = "it took longer than"
_WITNESSES: Final = frozenset({"placed", "observer"})
"""Whoever takes one of their records away is not believed."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The result of one run."""

    state: State
    reason: str
    outcomes: Mapping[str, TestOutcome] = field(default_factory=dict)
    collected: tuple[str, ...] = ()
    """The tests that were to run, in their order."""
    network: tuple[str, ...] = ()
    """The hosts that were asked for."""
    edited: tuple[str, ...] = ()
    """Files of the project that were written, made or removed."""
    missing: Mapping[str, frozenset[int]] | None = None
    """Of every source file the lines that did not run, where that was asked for and could be told."""
    statements: int = 0
    is_too_long: bool = False
    last_words: str = ""
    code: int | None = None


@dataclass(slots=True)
class PytestRuns:
    """Runs tests of one project; no run sees what an earlier one left."""

    target: Path
    bench: Bench
    tools: ToolEnvironment
    probes: Path
    """Our own small programs, which the sandbox shows and nothing there can write."""
    placed: Path
    """A folder of ours of the same kind, for the files that a run is given."""
    python: Path
    """The interpreter of the project."""
    environ: Mapping[str, str]
    candidates: Sequence[str]
    """Files that are in the project only where a run is given them."""
    sources: tuple[str, ...]
    """The files of which it is traced what runs."""
    within_s: float
    base: Mapping[str, str] = field(default_factory=dict)
    """Texts of files that every run is given."""
    _layer: Layer | None = None

    async def run(
        self,
        words: Sequence[str] = (),
        *,
        files: Mapping[str, str],
        only: Mapping[str, Sequence[str]] | None = None,
        seed: int | None = None,
        is_traced: bool = False,
        within_s: float | None = None,
    ) -> Seen:
        """Run pytest once; whatever goes wrong is an answer.

        Args:
            words: What it is given besides: tests, ``--collect-only``.
            files: Texts of files that are put into the project for this run.
            only: By file, the tests of it that run; files that are not named run whole.
            seed: Of the order, and of the interpreter's hashes.
        """
        files = {**self.base, **files}
        async with self._opened() as layer:
            folder = self.placed / secrets.token_hex(12)
            plan = await off_loop(partial(self._lay, folder, files), within_s=LAY_TIME_S, what="laying out tests")
            trace: Trace | None = None
            if is_traced:
                lay = partial(lay_trace, self.tools, folder / "trace", self.bench.scratch)
                trace = await off_loop(lay, within_s=LAY_TIME_S, what="laying out the tracer")
            suite = self._suite(words, plan, layer, only=only or {}, seed=seed)
            traced = trace.environ(layer.at) if trace is not None else {}
            run = await observe_suite(
                suite,
                target=layer.at,
                scratch=self.bench.scratch,
                wrap=layer.wrap,
                environ={**self.environ, **traced},
                within_s=within_s or self.within_s,
            )
            missing, statements = await self._missing(layer, trace) if trace is not None else (None, 0)
            remove = partial(ForeignFolder(self.placed).remove_all, folder.name)
            await off_loop(remove, within_s=LAY_TIME_S, what="taking tests away")
            return _seen(suite, run, missing, statements)

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[Layer]:
        if self._layer is not None:
            yield self._layer
            return
        async with open_layer(self.target, self.bench) as layer:
            if layer.kind == "overlay":
                # Every run on it begins anew, so one is enough.
                self._layer = layer
            yield layer

    def _lay(self, folder: Path, files: Mapping[str, str]) -> Path:
        folder.mkdir(mode=0o700)
        ours = ForeignFolder(folder)
        sources = {}
        for number, (name, text) in enumerate(files.items()):
            ours.write(f"{number}.txt", text.encode("utf-8", "surrogateescape"))
            sources[name] = str(folder / f"{number}.txt")
        plan = {"remove": [name for name in self.candidates if name not in files], "files": sources}
        ours.write("plan.json", json.dumps(plan).encode("utf-8", "surrogateescape"))
        return folder / "plan.json"

    def _suite(
        self, words: Sequence[str], plan: Path, layer: Layer, *, only: Mapping[str, Sequence[str]], seed: int | None
    ) -> Suite:
        told = json.dumps({"seed": seed, "only": {file: list(names) for file, names in only.items()}})
        at = str(layer.at)
        quiet = ("-p", "no:cacheprovider", "-p", "no:randomly", "-p", "orchestrate_observer", "--rootdir", at)
        placed = (str(self.tools.python), "-I", str(self.probes / "orchestrate_placed.py"), str(plan), at)
        return Suite(
            name="pytest",
            runner="pytest",
            argv=(*placed, str(self.python), "-m", "pytest", *quiet, *words),
            found="",
            form=Form.RECORDS,
            env=(
                Setting("PYTHONPATH", str(self.probes), ":"),
                *RUNNERS["pytest"].env,
                Setting("ORCHESTRATE_OBSERVER", told),
                Setting("PYTHONHASHSEED", "0" if seed is None else str(seed % 2**32)),
                Setting("PYTHONPYCACHEPREFIX", "@work@/bytecode"),
            ),
        )

    async def _missing(self, layer: Layer, trace: Trace) -> tuple[Mapping[str, frozenset[int]] | None, int]:
        runner = ToolRunner(layer, self.tools, self.probes, self.within_s)
        argv = (f"{TOOLS}/python", "-I", f"{PROBES}/orchestrate_coverage.py", LIST, str(trace.records))
        measured = await runner.measure(GATE, Command(argv, self.sources))
        if isinstance(measured.outcome, Unmeasured) or measured.outcome.code != 0:
            return None, 0
        try:
            told: Any = json.loads(measured.outcome.stdout)
            rows = {
                str(name): (frozenset(map(int, row["missing"])), int(row["statements"]))
                for name, row in told["files"].items()
            }
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None, 0
        return {name: missing for name, (missing, _) in rows.items()}, sum(number for _, number in rows.values())


def _seen(suite: Suite, run: Run, missing: Mapping[str, frozenset[int]] | None, statements: int) -> Seen:
    result = judge(suite, run)
    records = [_record(line) for content in run.files.values() for line in content.splitlines()]
    noted = {
        key: tuple(dict.fromkeys(str(record[key]) for record in records if key in record))
        for key in ("collected", "network", "edited")
    }
    state, reason = result.state, result.reason
    if state is State.PASSED and not {record.get("start") for record in records} >= _WITNESSES:
        state, reason = State.NOT_MEASURED, "what the tests did besides could not be seen"
    return Seen(
        state,
        reason,
        result.tests,
        **noted,
        missing=missing,
        statements=statements,
        is_too_long=bool(run.problem and run.problem.startswith(TOO_LONG)),
        last_words=_error_in(run.output),
        code=run.code,
    )


def _record(line: bytes) -> Mapping[str, object]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _error_in(output: bytes) -> str:
    """The first line by which pytest says what went wrong, else its last one."""
    said = output[-20_000:].decode("utf-8", "replace").splitlines()
    errors = [line[1:].strip() for line in said if line.startswith("E  ")]
    full = [line.strip() for line in said if line.strip()]
    return (errors or full[-1:] or [""])[0][:200]
