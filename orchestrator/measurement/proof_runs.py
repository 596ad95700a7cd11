"""Run what is to prove a finding on a throw-away layer of the project, with other files in place of its own."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Final

from orchestrator.coordinator.suite_runs import observe_suite
from orchestrator.files.foreign import ForeignFolder
from orchestrator.files.time_limits import off_loop
from orchestrator.measurement.target_suites import FIND_TIME_S, found_suites, with_python
from orchestrator.measurement.workbench import LAY_TIME_S, Workbench, open_workbench
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.suites.results import Run, State, SuiteResult, compare, judge
from orchestrator.suites.suite import Form, Setting, Suite
from orchestrator.value_class import value_class

PROOF_TIME_S: Final = 30.0
"""The longest run of one proof."""
TOO_LONG: Final = "it took longer than"
_SIGNALS: Final = 128
_NOT_STARTED: Final = (126, 127)

# As the probe bounds itself: 4 GiB of memory, and 64 MiB for a file.
_BOUNDED: Final = 'ulimit -v 4194304; ulimit -f 131072; exec sh -c "$1"'

_Made = Callable[[Path, Path], Suite]
"""Makes what is run, from a folder of ours that the sandbox shows and from where the project lies."""


@value_class
class ProofTest:
    """What is run: a test in Python, or a command line for ``sh``; exactly one of them is there."""

    test: str = ""
    command: str = ""


@value_class
class Place:
    """Where a finding is: the lines that have to run, and the whole function around them."""

    file: str
    first: int
    last: int
    function_first: int
    function_last: int


@value_class
class ProofRun:
    """What one run showed."""

    outcome: str
    """``passed``, ``failed``, or ``nothing``: it was ended, could not be started, or ran no test."""
    why: str = ""
    by: str = ""
    """Why it failed: ``assertion`` of the test, what happened at the ``place``, or something ``other``."""
    place_ran: bool = False
    network: tuple[str, ...] = ()
    """The hosts that were asked for."""
    edited: tuple[str, ...] = ()
    """Files of the project that were written, made or removed."""
    sources: tuple[str, ...] = ()
    """Sources of the project that were read as text."""


@dataclass(slots=True)
class ProofRuns:
    """Runs proofs for one project; no run sees what an earlier one left."""

    at: Workbench
    suites: Sequence[Suite] = ()
    """The project's own."""
    within_s: float = PROOF_TIME_S
    suite_within_s: float = 300.0
    _before: dict[str, SuiteResult] = field(default_factory=dict)

    async def run(self, proof: ProofTest, place: Place, files: Mapping[str, str]) -> ProofRun:
        """Run it once; whatever goes wrong is an answer.

        Args:
            files: Texts of files of the project that stand in their place for this run.
        """
        run = await self._observed(partial(self._proof, proof, place), files, within_s=self.within_s)
        return _seen(run, is_command=bool(proof.command))

    async def broken_tests(self, files: Mapping[str, str]) -> tuple[str, ...] | None:
        """The project's own tests that fail with these files and not without; ``None`` where none speaks for them."""
        broken: list[str] = []
        has_spoken = False
        for suite in self.suites:
            if suite.name not in self._before:
                self._before[suite.name] = await self._judged(suite, {})
            before = self._before[suite.name]
            if before.state is State.NOT_MEASURED:
                continue
            after = await self._judged(suite, files)
            if after.state is State.NOT_MEASURED:
                broken.append(f"{suite.name} ({after.reason})")
                continue
            has_spoken = True
            found = compare(before, after)
            broken += [*found.newly_failing, *found.gone, *found.newly_skipped]
        return tuple(broken) if has_spoken or broken else None

    async def _judged(self, suite: Suite, files: Mapping[str, str]) -> SuiteResult:
        chosen = with_python(suite, self.at.python)
        run = await self._observed(lambda folder, at: chosen, files, within_s=self.suite_within_s)
        return judge(suite, run)

    async def _observed(self, suite_of: _Made, files: Mapping[str, str], *, within_s: float) -> Run:
        scratch = self.at.bench.scratch
        async with self.at.layer() as layer, self.at.given(files) as folder:
            suite = suite_of(folder, layer.at)
            # Where a report has another form, what was placed is noted beside it.
            report = () if suite.form is Form.RECORDS else (Setting("ORCHESTRATE_REPORT", "@work@"),)
            placed = (*self.at.placing(folder, layer.at), *suite.argv)
            run = await observe_suite(
                replace(suite, argv=placed, env=(*suite.env, *report)),
                target=layer.at,
                scratch=scratch,
                wrap=layer.wrap,
                environ=self.at.environ,
                within_s=within_s,
            )
        await off_loop(partial(_clear, scratch), within_s=LAY_TIME_S, what="taking away what a run left")
        return run

    def _proof(self, proof: ProofTest, place: Place, folder: Path, at: Path) -> Suite:
        told = {
            "test": str(folder / "proof.txt"),
            "at": str(at),
            "file": str(at / place.file),
            "first": place.first,
            "last": place.last,
            "from": place.function_first,
            "to": place.function_last,
        }
        ours = ForeignFolder(folder)
        ours.write("proof.txt", proof.test.encode("utf-8", "replace"))
        ours.write("told.json", json.dumps(told).encode("utf-8", "surrogateescape"))
        probe = (str(self.at.python), str(self.at.probes / "orchestrate_proof.py"), str(folder / "told.json"))
        return Suite(
            name="proof",
            runner="proof",
            argv=("sh", "-c", _BOUNDED, "sh", proof.command) if proof.command else probe,
            found="",
            form=Form.RECORDS,
            env=(
                Setting("ORCHESTRATE_REPORT", "@report@"),
                Setting("PYTHONHASHSEED", "0"),
                Setting("TMPDIR", "@work@"),
                Setting("HOME", "@work@"),
                *((Setting("PYTHONPATH", str(at), ":"),) if proof.command else ()),
            ),
        )


@asynccontextmanager
async def proof_runs(
    target: Path,
    *,
    sandbox: SandboxConfig,
    environ: Mapping[str, str],
    cache: Path,
    python: Path | None = None,
    stated: Sequence[str] = (),
) -> AsyncIterator[ProofRuns]:
    """What proofs are run by while the block runs.

    Raises:
        EnvironmentUnfit: Nothing can be run here, and why; or, at the end, our own programs were written meanwhile.
    """
    look = partial(found_suites, target, environ, stated)
    detection, folders = await off_loop(look, within_s=FIND_TIME_S, what="the look for tests")
    bench = open_workbench(
        target, what="proofs", sandbox=sandbox, environ=environ, cache=cache, python=python, folders=folders
    )
    async with bench as at:
        yield ProofRuns(at, suites=detection.suites)


def _clear(scratch: Path) -> None:
    """Nothing that a run left may tell a later one which of them it is."""
    folder = ForeignFolder(scratch)
    listing = folder.entries()
    for entry in getattr(listing, "entries", ()):
        folder.remove_all(entry.name)


def _seen(run: Run, *, is_command: bool) -> ProofRun:
    records = [_record(line) for content in run.files.values() for line in content.splitlines()]
    noted = {
        key: tuple(dict.fromkeys(str(record[key]) for record in records if key in record))
        for key in ("network", "edited", "read")
    }
    place_ran = any(record.get("place") for record in records)
    outcome, why, by = _ended(run, records, is_command=is_command)
    return ProofRun(outcome, why, by, place_ran, noted["network"], noted["edited"], noted["read"])


def _ended(run: Run, records: Sequence[Mapping[str, object]], *, is_command: bool) -> tuple[str, str, str]:
    if run.problem is not None or run.code is None:
        return "nothing", run.problem or "it was ended before it was done", ""
    if not any(record.get("start") == "placed" for record in records):
        return "nothing", _last_words(run.output) or "it could not be started", ""
    if is_command:
        if run.code in _NOT_STARTED or run.code > _SIGNALS:
            return "nothing", f"it ended with {run.code}{_last_words(run.output, ': ')}", ""
        # Where a command fails cannot be seen; that the change at the place ends it, can.
        return ("failed", _last_words(run.output), "assertion") if run.code else ("passed", "", "")
    told = next((record for record in records if "outcome" in record), None)
    has_ended = sum("end" in record for record in records) > 1
    if told is None or not has_ended:
        return "nothing", f"it ended with {run.code} before it was done{_last_words(run.output, ': ')}", ""
    if told["outcome"] == "passed" and not told.get("ran"):
        return "nothing", "it holds no test: a function test_… or a class of unittest", ""
    at = f" ({told['at']})" if told.get("at") else ""
    return str(told["outcome"]), f"{told.get('why', '')}{at}"[:300], str(told.get("by", ""))


def _record(line: bytes) -> Mapping[str, object]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _last_words(output: bytes, before: str = "") -> str:
    said = [line.strip() for line in output[-4_000:].decode("utf-8", "replace").splitlines() if line.strip()]
    return f"{before}{said[-1][:200]}" if said else ""
