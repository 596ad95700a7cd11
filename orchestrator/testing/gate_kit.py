"""Prove that a gate keeps its contract: call ``check_gate(GATE, …)`` in any test.

Every check raises :class:`AssertionError` with a sentence that says what is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from orchestrator.files.programs import ProgramResult
from orchestrator.gates.gate import Command, Evidence, Gate, Reading, Subject, ToolRun, Unmeasured
from orchestrator.gates.gate_verdicts import Counted, Rules, judged
from orchestrator.measurement.tool_runs import believed
from orchestrator.models.quality_gates import GateState, QualityGate

UNKNOWN_CODE = 99
"""No tool ends with it on purpose."""
LEAST_S = 0.5
"""How long the tool takes to say its version, in the runs that are made up."""


def check_gate(gate: Gate, subject: Subject, *, passing: ToolRun, failing: ToolRun) -> None:
    """Check everything below for a gate whose source is a tool.

    Args:
        subject: A project that has what the gate counts.
        passing: What the tool printed of it where all was well, as recorded.
        failing: What it printed where something was wrong.
    """
    check_plan(gate, subject)
    check_states(gate, subject, passing=passing, failing=failing)
    check_unmeasured(gate, subject, passing)
    check_ways(gate, subject, passing)


def check_plan(gate: Gate, subject: Subject) -> None:
    """The gate knows what to run, and runs nothing where there is nothing to count."""
    assert gate.name == gate.name.lower().strip(), f"{gate.name!r} cannot be typed after --only"
    assert gate.counts, f"{gate.name} does not say what it counts"
    assert gate.plan is not None, f"{gate.name} does not say what to run"
    command = gate.plan(subject)
    assert isinstance(command, Command), f"{gate.name} runs nothing although there is something to count: {command}"
    assert command.argv, f"{gate.name} runs an empty command"
    empty = gate.plan(Subject())
    assert isinstance(empty, Unmeasured), f"{gate.name} runs something where there is nothing to count"
    assert empty.reason, f"{gate.name} does not say why there is nothing to measure"


def check_states(gate: Gate, subject: Subject, *, passing: ToolRun, failing: ToolRun) -> None:
    """What was well passes and what was wrong fails by the gate's own threshold, each with a value of something."""
    for run, wanted in ((passing, GateState.PASS), (failing, GateState.FAIL)):
        verdict = verdict_of(gate, subject, run)
        assert verdict.state is wanted, f"{gate.name}: {verdict.state} in place of {wanted}: {verdict.message}"
        assert verdict.counted, f"{gate.name} has a value of nothing"
    assert verdict_of(gate, subject, failing).actual != verdict_of(gate, subject, passing).actual


def check_unmeasured(gate: Gate, subject: Subject, passing: ToolRun) -> None:
    """Seven answers of a tool that say nothing; none of them may be a value, and none an exception."""
    for what, run in silent_runs(passing).items():
        verdict = verdict_of(gate, subject, run)
        assert verdict.state is GateState.NOT_MEASURED, f"{gate.name} takes {what} for {verdict.state}"
        assert verdict.message, f"{gate.name} does not say why {what} is not measured"


def check_ways(gate: Gate, subject: Subject, passing: ToolRun) -> None:
    """Seven ways in which nothing was measured, however well the report reads that lies there."""
    for way, verdict in ways_of_not_measured(gate, subject, passing).items():
        assert verdict.state is GateState.NOT_MEASURED, f"{gate.name}, {way}: {verdict.state}"
        assert verdict.actual is None, f"{gate.name}, {way}: it has a value"
        assert verdict.message, f"{gate.name}, {way}: it does not say why"


def ways_of_not_measured(gate: Gate, subject: Subject, passing: ToolRun) -> Mapping[str, QualityGate]:
    """What comes of each; the runs are as a measurement would have seen them."""

    def ran(result: ProgramResult, duration_s: float = 1.0) -> QualityGate:
        run = believed(gate.tool, result, duration_s, LEAST_S, at=passing.at)
        return judged(gate, run if isinstance(run, Unmeasured) else gate.read(subject, Evidence(run=run)), Rules())

    good = (passing.stdout, passing.stderr)
    nothing = gate.plan(Subject()) if gate.plan is not None else Unmeasured("")
    read = gate.read(subject, Evidence(run=passing))
    counted = read.counted if isinstance(read, Reading) else 0
    rules = Rules(baseline={gate.name: Counted(2 * counted + 1)})
    return {
        "a missing tool": ran(ProgramResult("exit", 127, b"", b"not found")),
        "a tool that crashed": ran(ProgramResult("exit", -11, *good)),
        "a tool that was out of time": ran(ProgramResult("time", None, *good, "it took too long")),
        "a tool that was too fast": ran(ProgramResult("exit", passing.code, *good), LEAST_S / 10),
        # Each run has a folder of its own, so of an earlier one nothing is there to be read.
        "a stale report": ran(ProgramResult("exit", passing.code, b"", b"")),
        "nothing to measure": judged(gate, nothing if isinstance(nothing, Unmeasured) else Unmeasured(""), Rules()),
        "too few": judged(gate, read, rules),
    }


def silent_runs(passing: ToolRun) -> Mapping[str, ToolRun]:
    """What a tool may leave behind that has not done its work, made from a report where all was well."""
    return {
        "nothing at all": replace(passing, stdout=b"", stderr=b""),
        "a cheerful sentence": replace(passing, stdout=b"All checks passed!\n"),
        "half of its report": replace(passing, stdout=passing.stdout[: len(passing.stdout.rstrip()) // 2]),
        "a report of another kind": replace(passing, stdout=b'{"null": null}'),
        "bytes that are no text": replace(passing, stdout=bytes(range(256)) * 8),
        "brackets without an end": replace(passing, stdout=b"[" * 100_000),
        "a good report and an unknown end": replace(passing, code=UNKNOWN_CODE),
    }


def verdict_of(gate: Gate, subject: Subject, run: ToolRun) -> QualityGate:
    """What the gate says of a run, by its own threshold."""
    outcome: Reading | Unmeasured = gate.read(subject, Evidence(run=run))
    return judged(gate, outcome, Rules())
