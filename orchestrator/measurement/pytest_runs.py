"""Run tests of a project by pytest, each time on a new throw-away layer: with other files, in another order, traced."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from orchestrator.coordinator.suite_runs import observe_suite
from orchestrator.files.time_limits import off_loop
from orchestrator.gates.gate import LIST, PROBES, TOOLS, Command, Unmeasured
from orchestrator.gates.line_coverage import GATE
from orchestrator.measurement.gate_run import lay_trace
from orchestrator.measurement.target_suites import Trace
from orchestrator.measurement.tool_runs import ToolRunner
from orchestrator.measurement.workbench import LAY_TIME_S, Workbench
from orchestrator.sandbox.layers import Layer
from orchestrator.suites.report import TestOutcome
from orchestrator.suites.results import Run, State, judge
from orchestrator.suites.runners import RUNNERS
from orchestrator.suites.suite import Form, Setting, Suite
from orchestrator.value_class import value_class

TOO_LONG: Final = "it took longer than"
_WITNESSES: Final = frozenset({"placed", "observer"})
"""Whoever takes one of their records away is not believed."""


@value_class
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

    at: Workbench
    candidates: Sequence[str]
    """Files that are in the project only where a run is given them."""
    sources: tuple[str, ...]
    """The files of which it is traced what runs."""
    within_s: float
    base: Mapping[str, str] = field(default_factory=dict)
    """Texts of files that every run is given."""

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
        bench = self.at.bench
        async with self.at.layer() as layer, self.at.given(files, without=self.candidates) as folder:
            trace: Trace | None = None
            if is_traced:
                lay = partial(lay_trace, self.at.tools, folder / "trace", bench.scratch)
                trace = await off_loop(lay, within_s=LAY_TIME_S, what="laying out the tracer")
            suite = self._suite(words, self.at.placing(folder, layer.at), layer, only=only or {}, seed=seed)
            traced = trace.environ(layer.at) if trace is not None else {}
            run = await observe_suite(
                suite,
                target=layer.at,
                scratch=bench.scratch,
                wrap=layer.wrap,
                environ={**self.at.environ, **traced},
                within_s=within_s or self.within_s,
            )
            missing, statements = await self._missing(layer, trace) if trace is not None else (None, 0)
        return _seen(suite, run, missing, statements)

    def _suite(
        self,
        words: Sequence[str],
        placing: Sequence[str],
        layer: Layer,
        *,
        only: Mapping[str, Sequence[str]],
        seed: int | None,
    ) -> Suite:
        told = json.dumps({"seed": seed, "only": {file: list(names) for file, names in only.items()}})
        at = str(layer.at)
        quiet = ("-p", "no:cacheprovider", "-p", "no:randomly", "-p", "orchestrate_observer", "--rootdir", at)
        return Suite(
            name="pytest",
            runner="pytest",
            argv=(*placing, str(self.at.python), "-m", "pytest", *quiet, *words),
            found="",
            form=Form.RECORDS,
            env=(
                Setting("PYTHONPATH", str(self.at.probes), ":"),
                *RUNNERS["pytest"].env,
                Setting("ORCHESTRATE_OBSERVER", told),
                Setting("PYTHONHASHSEED", "0" if seed is None else str(seed % 2**32)),
            ),
        )

    async def _missing(self, layer: Layer, trace: Trace) -> tuple[Mapping[str, frozenset[int]] | None, int]:
        runner = ToolRunner(layer, self.at.tools, self.at.probes, self.within_s)
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
