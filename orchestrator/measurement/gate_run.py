"""Measure a project by its gates: look at it, run what they need in the sandbox, read it, and conclude."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

import anyio

from orchestrator.coordinator.interpreters import with_folders
from orchestrator.coordinator.preflight import choose_backend, prove_some_sandbox
from orchestrator.errors import EnvironmentUnfit
from orchestrator.files.foreign import ForeignFolder, Unread
from orchestrator.files.temporary import temporary_folder
from orchestrator.files.time_limits import off_loop
from orchestrator.gates.declared_packages import REQUIREMENTS
from orchestrator.gates.gate import LIST, PROBES, TOOLS, Command, Evidence, Gate, Reading, Subject, Unmeasured
from orchestrator.gates.gate_verdicts import Rules, blocks, concluded, judged
from orchestrator.gates.leaked_secrets import GATE as SECRETS
from orchestrator.gates.passing_tests import GATE as TESTS
from orchestrator.gates.unrun_tests import selection_of
from orchestrator.measurement.installed_packages import installed_in
from orchestrator.measurement.probe_programs import lay_probes
from orchestrator.measurement.project_languages import languages_of
from orchestrator.measurement.project_tree import (
    MOST_HASHED_BYTES,
    MOST_SECRET_BYTES,
    ProjectTree,
    checked_files,
    look_at,
    python_files,
    reader_of_lines,
    settings_of,
    source_files,
    text_files,
)
from orchestrator.measurement.target_python import TargetPython, find_python
from orchestrator.measurement.target_suites import (
    FIND_TIME_S,
    SuiteRuns,
    Trace,
    found_suites,
    run_target_suites,
)
from orchestrator.measurement.tool_environment import ToolEnvironment, ready_tools
from orchestrator.measurement.tool_runs import Measured, ToolRunner
from orchestrator.models.quality_gates import GateReport, ObeyedSettings, QualityGate
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.models.suite_measurements import SuitesMeasured
from orchestrator.quotation import quoted_name, quoted_names
from orchestrator.sandbox.layers import Bench, Layer, open_layer
from orchestrator.settings.gate_settings import GateSettings
from orchestrator.suites.suite import Detection
from orchestrator.value_class import value_class

LOOK_TIME_S: Final = 120.0
MOST_TOOL_FILES: Final = 200_000
"""Of one ``node_modules``."""
PROVE_TIME_S: Final = 60.0
INSTALL_TIME_S: Final = 1_800.0
SIDE_BY_SIDE: Final = max(1, min(4, os.cpu_count() or 1))
"""So many tools run at once."""

Progress = Callable[[str], None]


@value_class
class GateRequest:
    """Which project to measure, by which gates, and how."""

    target: Path
    """Resolved."""
    gates: tuple[Gate, ...]
    """In the order in which they are shown."""
    sandbox: SandboxConfig
    environ: Mapping[str, str]
    cache: Path
    """The user's cache folder for this program."""
    rules: Rules = field(default_factory=Rules)
    python: Path | None = None
    """The interpreter of the project's environment, where the user names one."""
    stated: tuple[str, ...] = ()
    """The commands that the project states as its tests."""
    settings: GateSettings = GateSettings()
    """What the project says of its gates, where a person consented to it."""
    others: tuple[Gate, ...] = ()
    """Gates whose values those that were asked for are made from."""
    osv_url: str = ""
    is_offline: bool = False
    notes: tuple[str, ...] = ()
    is_whole: bool = False
    """Whether nobody chose: left out is then what belongs to a language that the project is not written in."""
    selection: tuple[str, ...] | None = None
    """What the project's settings had its runner leave out before; more than that is not measured.  ``None``: it is
    not known."""
    since: datetime | None = None
    """When agents began to work on the project; ``None``: none does."""
    original: Path | None = None
    """The project that agents work on, where the target is a copy that was made for one of them."""
    within_s: float = 300.0
    """For each run of a tool, and for each suite."""


@dataclass(slots=True)
class _Outcomes:
    """What was read so far, by gate, and where it came from."""

    suites: Detection = field(default_factory=Detection)
    """The project's tests, as they were found."""

    readings: dict[str, Reading | Unmeasured] = field(default_factory=dict)
    runs: dict[str, Measured] = field(default_factory=dict)

    def put(self, gate: Gate, subject: Subject, evidence: Evidence, measured: Measured) -> None:
        self.runs[gate.name] = measured
        try:
            self.readings[gate.name] = gate.read(subject, evidence)
        except Exception as error:  # a gate may come from another package, and its tool may print anything
            self.readings[gate.name] = Unmeasured(
                f"what {gate.tool} printed cannot be read: {type(error).__name__}: {str(error)[:200]}"
            )

    def refuse(self, gate: Gate, reason: str, measured: Measured | None = None) -> None:
        self.readings[gate.name] = Unmeasured(reason)
        if measured is not None:
            self.runs[gate.name] = measured


async def measure(request: GateRequest, progress: Progress) -> GateReport:
    """Measure every gate that was asked for.  What cannot be measured is an answer, and never an exception."""
    began, started = time.monotonic(), datetime.now(UTC)
    before = await off_loop(partial(look_at, request.target), within_s=LOOK_TIME_S, what="the look at the project")
    outcomes = _Outcomes()
    subject, python = await off_loop(partial(_subject, request, before), within_s=LOOK_TIME_S, what="the look")
    request, left = _of_languages(request, subject)
    notes = [*request.notes, *left]
    long = [name for name, size in before.sizes.items() if size > MOST_SECRET_BYTES]
    if long and any(gate.name == SECRETS.name for gate in request.gates):
        notes.append(f"looked through for no secrets, as they are longer than 1 MiB: {quoted_names(sorted(long)[:10])}")
    if before.left_out:
        notes.append(f"not looked at: {quoted_names(before.left_out[:10])}")
    notes += python.notes if subject.python_files else ()
    if before.problem is not None:
        _refuse_all(outcomes, request.gates, before.problem)
    else:
        await _measure_all(request, subject, python, outcomes, notes, progress)
        after = await off_loop(partial(look_at, request.target), within_s=LOOK_TIME_S, what="the last look")
        if after.tree != before.tree:
            _refuse_all(outcomes, request.gates, "the project changed while it was measured")
        added = [words for words in selection_of(subject) if words not in (request.selection or ())]
        if request.selection is not None and added:
            _refuse_all(
                outcomes,
                [gate for gate in request.gates if gate.source in ("tests", "coverage")],
                f"tests are left out that were not before: {added[0]}",
            )
    gates = tuple(_gate(gate, outcomes, request.rules, before.tree) for gate in request.gates)
    gates = tuple(gate.model_copy(update={"blocks": blocks(gate, request.rules)}) for gate in gates)
    conclusion = concluded(gates, request.rules)
    return GateReport(
        path=quoted_name(str(request.target)),
        tree=before.tree,
        files=len(before.names),
        approved=conclusion.approved,
        confidence=conclusion.confidence,
        gates=gates,
        blockers=conclusion.blockers,
        warnings=conclusion.warnings,
        notes=tuple(notes),
        started=started.isoformat(timespec="seconds"),
        duration_s=round(time.monotonic() - began, 3),
        obeyed=ObeyedSettings(
            request.settings.allowed_licences, request.settings.budget, request.stated, selection_of(subject)
        ),
    )


def _of_languages(request: GateRequest, subject: Subject) -> tuple[GateRequest, Sequence[str]]:
    """Leave out the gates of other languages, where nobody asked for them and none was measured before; say which."""
    if not request.is_whole:
        return request, ()
    kept = [
        gate
        for gate in request.gates
        if not gate.languages or gate.name in request.rules.baseline or any(map(subject.roots.get, gate.languages))
    ]
    left = [gate for gate in request.gates if gate not in kept and "python" in gate.languages]
    notes = []
    if left:
        names = ", ".join(gate.name for gate in left)
        files = f"; {len(subject.python_files)} Python files are not measured" if subject.python_files else ""
        named = sorted(name for name in subject.settings if name in REQUIREMENTS)
        packages = f"; the packages of {', '.join(named)} are not looked at" if named else ""
        notes.append(f"no project of Python, so there is no {names}{files}{packages}")
    rules = replace(request.rules, beside=gates_beside(kept, subject, request.rules))
    return replace(request, gates=tuple(kept), rules=rules), notes


def gates_beside(gates: Sequence[Gate], subject: Subject, rules: Rules) -> frozenset[str]:
    """Of a project of Python and other languages, the gates of what fewer of its sources are written in.

    Those that somebody asked for, or that were measured before, are not among them.
    """
    foreign = {name for found in subject.sources.values() for name in found}
    if "python" not in subject.roots or not foreign or rules.strict:
        return frozenset()
    is_python = len(foreign) <= len(subject.source_files)
    others = {gate.name for gate in gates if gate.languages and ("python" in gate.languages) is not is_python}
    return frozenset(others - rules.baseline.keys() - rules.thresholds.keys())


def _refuse_all(outcomes: _Outcomes, gates: Sequence[Gate], reason: str) -> None:
    for gate in gates:
        outcomes.refuse(gate, reason)


def _gate(gate: Gate, outcomes: _Outcomes, rules: Rules, tree: str) -> QualityGate:
    verdict = judged(gate, outcomes.readings.get(gate.name, Unmeasured("it was not run")), rules)
    run = outcomes.runs.get(gate.name, Measured(Unmeasured("")))
    duration = None if run.duration_s is None else round(run.duration_s, 3)
    told = {
        "tool": run.tool or gate.tool,
        "version": run.version,
        "command": run.command,
        "duration_s": duration,
        "tree": tree,
    }
    return verdict.model_copy(update=told)


def _subject(request: GateRequest, tree: ProjectTree) -> tuple[Subject, TargetPython]:
    names = python_files(tree)
    python = find_python(request.target, request.python, request.environ)
    languages = languages_of(tree.names)
    settings, unread = settings_of(request.target)
    subject = Subject(
        python_files=names,
        source_files=source_files(names),
        checked_files=checked_files(names),
        text_files=text_files(tree),
        settings=settings,
        unread=tuple(unread),
        lines=reader_of_lines(request.target),
        python=str(python.path or ""),
        python_version=python.version,
        installed=installed_in(python.site_packages),
        allowed_licences=request.settings.allowed_licences,
        budget=request.settings.budget,
        roots=languages.roots,
        sources=languages.sources,
        osv_url=request.osv_url,
    )
    return subject, python


async def _measure_all(
    request: GateRequest,
    subject: Subject,
    python: TargetPython,
    outcomes: _Outcomes,
    notes: list[str],
    progress: Progress,
) -> None:
    tools = await _tools(request, progress) if _needs_tools((*request.gates, *request.others)) else "no tool is needed"
    prove = partial(prove_some_sandbox, request.sandbox, request.environ)
    try:
        config, proof, said = await off_loop(prove, within_s=PROVE_TIME_S, what="the proof of the sandbox")
        backend, more = choose_backend(config, proof)
    except (EnvironmentUnfit, TimeoutError) as error:
        _refuse_all(outcomes, request.gates, str(error))
        return
    notes += (*said, *more)
    seen = [*python.shown, *((tools.folder, tools.base) if isinstance(tools, ToolEnvironment) else ())]
    look = partial(found_suites, request.target, request.environ, request.stated)
    try:
        outcomes.suites, folders = await off_loop(look, within_s=FIND_TIME_S, what="the look for tests")
    except OSError as error:
        _refuse_all(outcomes, request.gates, f"the tests could not be looked for: {error}")
        return
    notes += dict.fromkeys(suite.interpreter for suite in outcomes.suites.suites if suite.interpreter)
    with temporary_folder("gates") as folder:
        for name in ("scratch", "settings", "probes"):
            (folder / name).mkdir(mode=0o700)
        readable = (*config.readable, *seen, folder / "probes", folder / "trace")
        bench = Bench(
            config=replace(config, readable=readable),
            backend=backend,
            environ=with_folders(request.environ, folders),
            scratch=folder / "scratch",
            masked=(),
            settings=folder / "settings",
        )
        try:
            lay = partial(lay_probes, folder / "probes")
            await off_loop(lay, within_s=PROVE_TIME_S, what="laying out our own small programs")
            graders = partial(graders_of, tools, folder / "probes")
            before = await off_loop(graders, within_s=LOOK_TIME_S, what="the look at the tools")
            async with open_layer(request.target, bench) as layer:
                await _measure_on(layer, request, subject, tools, outcomes, folder / "probes", progress)
            if await off_loop(graders, within_s=LOOK_TIME_S, what="the last look at the tools") != before:
                _refuse_all(outcomes, request.gates, "what measures was written while the project's code ran")
        except EnvironmentUnfit as error:
            _refuse_all(outcomes, request.gates, error.message)


def graders_of(tools: ToolEnvironment | str, probes: Path) -> frozenset[tuple[str, int, int, int]]:
    """Hash the programs that measure; every run checks them again after the project's own code ran.  Blocks."""
    folders = [probes]
    if isinstance(tools, ToolEnvironment):
        folders += [tools.folder, tools.programs, *tools.folder.glob("lib/python3*/site-packages")]
    found = set()
    for folder in folders:
        for entry in os.scandir(folder):
            status = entry.stat(follow_symlinks=False)
            found.add((entry.path, status.st_ino, status.st_size, status.st_mtime_ns))
    return frozenset(found)


def _needs_tools(gates: Sequence[Gate]) -> bool:
    return any(gate.source in ("tool", "coverage") for gate in gates)


async def _tools(request: GateRequest, progress: Progress) -> ToolEnvironment | str:
    make = partial(ready_tools, request.cache, request.environ)
    try:
        return await off_loop(make, within_s=INSTALL_TIME_S, what="setting up the gates' tools")
    except TimeoutError as error:
        return str(error)


async def _measure_on(
    layer: Layer,
    request: GateRequest,
    subject: Subject,
    tools: ToolEnvironment | str,
    outcomes: _Outcomes,
    probes: Path,
    progress: Progress,
) -> None:
    """Tools first, side by side; then the project's own code, which may do anything to a layer that is a copy."""
    gates = (*request.gates, *request.others)
    asked = _planned([gate for gate in gates if gate.source == "tool"], subject, outcomes)
    runner: ToolRunner | None = None
    if isinstance(tools, str):
        for gate, _ in asked:
            outcomes.refuse(gate, tools)
    elif asked:
        runner = ToolRunner(layer, tools, probes, request.within_s, request.is_offline, subject.python)
        asked = await _unwritten(asked, request, outcomes)
        first = [pair for pair in asked if not pair[1].runs_project]
        if first:
            progress(f"running {', '.join(gate.name for gate, _ in first)}")
        limiter = anyio.CapacityLimiter(SIDE_BY_SIDE)
        async with anyio.create_task_group() as group:
            for gate, command in first:
                group.start_soon(_measure_by_tool, gate, command, subject, runner, limiter, outcomes)
        await _one_by_one([pair for pair in asked if pair[1].lies_in], subject, runner, outcomes, progress)
    sources = partial(digests_of, layer, subject)
    before = await off_loop(sources, within_s=LOOK_TIME_S, what="the look at the layer")
    if any(gate.source in ("tests", "coverage") for gate in gates):
        progress("running the project's tests")
        await _measure_by_tests(layer, request, subject, tools, outcomes, probes)
    if runner is not None:
        late = [pair for pair in asked if pair[1].runs_project and not pair[1].lies_in]
        await _one_by_one(late, subject, runner, outcomes, progress)
    if await off_loop(sources, within_s=LOOK_TIME_S, what="the last look at the layer") != before:
        for gate in (gate for gate in gates if _reads_late(gate, asked)):
            outcomes.refuse(gate, "the project's own code wrote to the sources that it was measured by")
    for gate in (gate for gate in gates if gate.source == "gates"):
        outcomes.put(gate, subject, Evidence(values=dict(outcomes.readings)), Measured(Unmeasured("")))


async def _one_by_one(
    asked: Sequence[tuple[Gate, Command]],
    subject: Subject,
    runner: ToolRunner,
    outcomes: _Outcomes,
    progress: Progress,
) -> None:
    for gate, command in asked:
        progress(f"running {gate.name}")
        await _measure_by_tool(gate, command, subject, runner, anyio.CapacityLimiter(1), outcomes)


async def _unwritten(
    asked: Sequence[tuple[Gate, Command]], request: GateRequest, outcomes: _Outcomes
) -> list[tuple[Gate, Command]]:
    """Leave out each tool that lies in the project and was written since agents began to work: it may be theirs."""
    if request.since is None:
        return list(asked)
    kept = []
    for gate, command in asked:
        original = request.original or request.target
        look = partial(written_since, original, command.lies_in, request.since, copy=request.target)
        written = await off_loop(look, within_s=LOOK_TIME_S, what="the look at the project's own tools")
        if written is None:
            kept.append((gate, command))
        else:
            outcomes.refuse(gate, f"{command.tool} lies in the project, and {written}")
    return kept


def written_since(target: Path, folders: Sequence[str], since: datetime, *, copy: Path | None = None) -> str | None:
    """What of these folders was written since then, in words; ``None``: nothing, and all was looked at.  Blocks.

    It is the time of a file's last change of any kind that tells: nobody can set it.  Of a copy, which is younger, the
    contents have to be those of the project.
    """
    written = _touched(target, folders, since)
    if written is not None or copy is None or copy == target:
        return written
    for folder in folders:
        if _contents(target, folder) != _contents(copy, folder):
            return f"{quoted_name(folder)} is not that of the project in the copy that an agent worked on"
    return None


def _contents(target: Path, folder: str) -> Mapping[str, tuple[str, str]]:
    """Kind and content of everything in a folder; what cannot be read is like nothing else."""
    foreign, found = ForeignFolder(target), dict[str, tuple[str, str]]()
    status = foreign.status(folder)
    if isinstance(status, Unread):
        return {} if status.reason == "missing" else {"": (str(target), status.reason)}
    for entry in foreign.walk(folder, most=MOST_TOOL_FILES):
        if isinstance(entry, Unread):
            return {"": (str(target), entry.reason)}
        kind = str(entry.status.kind)
        content: str | Unread = ""
        if kind == "file":
            kind = f"file {entry.status.mode & 0o111:o}"
            content = foreign.digest(entry.name, most_bytes=MOST_HASHED_BYTES)
        elif kind == "link":
            content = foreign.link(entry.name)
        if isinstance(content, Unread):
            return {"": (str(target), content.reason)}
        found[entry.name] = (kind, content)
    return found


def _touched(target: Path, folders: Sequence[str], since: datetime) -> str | None:
    foreign, limit_ns = ForeignFolder(target), int(since.timestamp() * 10**9)
    for folder in folders:
        status = foreign.status(folder)
        if isinstance(status, Unread) and status.reason == "missing":
            continue
        if isinstance(status, Unread) or status.kind != "folder":
            return f"{quoted_name(folder)} is no folder that can be looked at"
        if status.ctime_ns > limit_ns:
            return f"{quoted_name(folder)} was written while agents worked"
        for entry in foreign.walk(folder, most=MOST_TOOL_FILES):
            if isinstance(entry, Unread):
                return f"not all of it can be looked at: {entry}"
            if entry.status.ctime_ns > limit_ns:
                return f"{quoted_name(entry.name)} was written while agents worked"
    return None


def digests_of(layer: Layer, subject: Subject) -> Mapping[str, str]:
    """What the measured files hold, as they lie on the layer; nothing where each run sees them anew.  Blocks."""
    if layer.kind == "overlay":
        return {}
    foreign = ForeignFolder(layer.base)
    names = {*subject.source_files, *(name for found in subject.sources.values() for name in found)}
    return {name: str(foreign.digest(name, most_bytes=MOST_HASHED_BYTES)) for name in sorted(names)}


def _reads_late(gate: Gate, asked: Sequence[tuple[Gate, Command]]) -> bool:
    """Whether what it reads is read after the project's own code ran."""
    late = {one.name for one, command in asked if command.runs_project and not command.lies_in}
    return gate.source == "coverage" or gate.name in late


def _planned(gates: Sequence[Gate], subject: Subject, outcomes: _Outcomes) -> list[tuple[Gate, Command]]:
    """Ask each gate for its command; a gate without one is not measured, with its reason."""
    planned: list[tuple[Gate, Command]] = []
    for gate in gates:
        assert gate.plan is not None
        try:
            command = gate.plan(subject)
        except Exception as error:  # a gate may come from another package
            command = Unmeasured(f"the gate does not know what to run: {type(error).__name__}: {str(error)[:200]}")
        if isinstance(command, Unmeasured):
            outcomes.refuse(gate, command.reason)
        elif isinstance(command, Reading):
            outcomes.readings[gate.name] = command
        else:
            planned.append((gate, command))
    return planned


async def _measure_by_tests(
    layer: Layer,
    request: GateRequest,
    subject: Subject,
    tools: ToolEnvironment | str,
    outcomes: _Outcomes,
    probes: Path,
) -> None:
    """One run of the tests for all gates that need it."""
    traced = [gate for gate in request.gates if gate.source == "coverage"]
    trace: Trace | None = None
    if traced and isinstance(tools, ToolEnvironment):
        lay = partial(lay_trace, tools, probes.parent / "trace", layer.bench.scratch)
        trace = await off_loop(lay, within_s=PROVE_TIME_S, what="laying out the tracer")
    suites = await _run_tests(layer, request, outcomes.suites, trace)
    evidence = Evidence(suites=suites.measured, missing_modules=suites.missing_modules, command=suites.command)
    for gate in (gate for gate in request.gates if gate.source == "tests"):
        outcomes.put(gate, subject, evidence, Measured(Unmeasured(""), "", suites.command, suites.duration_s))
    if not traced:
        return
    if trace is None or isinstance(tools, str):
        for gate in traced:
            outcomes.refuse(gate, str(tools))
        return
    runner = ToolRunner(layer, tools, probes, request.within_s, records=str(trace.node))
    ran = TESTS.read(subject, evidence)
    if isinstance(ran, Unmeasured):
        for gate in traced:
            outcomes.refuse(gate, ran.reason)
        return
    for gate, asked in _planned([gate for gate in traced if gate.plan is not None], subject, outcomes):
        await _measure_by_tool(gate, asked, subject, runner, anyio.CapacityLimiter(1), outcomes)
    traced = [gate for gate in traced if gate.plan is None]
    if traced:
        await _measure_by_trace(traced, subject, runner, trace, suites.command, outcomes)


async def _measure_by_trace(
    traced: Sequence[Gate], subject: Subject, runner: ToolRunner, trace: Trace, command: str, outcomes: _Outcomes
) -> None:
    """One look at what coverage.py wrote, for all gates that need it."""
    if not subject.source_files:
        for gate in traced:
            outcomes.refuse(gate, "there is no Python file besides tests and examples")
        return
    argv = (f"{TOOLS}/python", "-I", f"{PROBES}/orchestrate_coverage.py", LIST, str(trace.records))
    shown = f"coverage run --branch --source=. -m ({command})"
    measured = await runner.measure(traced[0], Command(argv, subject.source_files, shown=shown))
    for gate in traced:
        if isinstance(measured.outcome, Unmeasured):
            outcomes.refuse(gate, measured.outcome.reason, measured)
        else:
            outcomes.put(gate, subject, Evidence(run=measured.outcome, command=measured.command), measured)


def lay_trace(tools: ToolEnvironment, folder: Path, scratch: Path) -> Trace:
    """Make the folder that coverage.py is imported from, and the one that it writes to.  Blocks."""
    folder.mkdir(mode=0o700)
    (package,) = tools.folder.glob("lib/python3*/site-packages/coverage")
    (folder / "coverage").symlink_to(package)
    records = scratch / f"trace-{secrets.token_hex(12)}" / "records"
    records.mkdir(mode=0o700, parents=True)
    node = records.with_name("node")
    node.mkdir(mode=0o700)
    return Trace(folder, records, node)


async def _measure_by_tool(
    gate: Gate,
    command: Command,
    subject: Subject,
    runner: ToolRunner,
    limiter: anyio.CapacityLimiter,
    outcomes: _Outcomes,
) -> None:
    async with limiter:
        measured = await runner.measure(gate, command)
    if isinstance(measured.outcome, Unmeasured):
        outcomes.refuse(gate, measured.outcome.reason, measured)
    else:
        outcomes.put(gate, subject, Evidence(run=measured.outcome, command=measured.command), measured)


async def _run_tests(layer: Layer, request: GateRequest, detection: Detection, trace: Trace | None) -> SuiteRuns:
    allowed = (*request.sandbox.environment, "HOME")
    environ = {name: request.environ[name] for name in allowed if name in request.environ}
    try:
        return await run_target_suites(
            layer,
            detection,
            environ=environ,
            python=request.python,
            trace=trace,
            within_s=request.within_s,
        )
    except EnvironmentUnfit as error:
        return SuiteRuns(SuitesMeasured(problem=error.message))
