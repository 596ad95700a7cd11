"""Prove that a gate keeps its contract: call ``check_gate(GATE, …)`` in any test.

Every check raises :class:`AssertionError` with a sentence that says what is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from orchestrator.gates.gate import Command, Evidence, Gate, Reading, Subject, ToolRun, Unmeasured
from orchestrator.gates.gate_verdicts import Rules, judged
from orchestrator.models.quality_gates import GateState, QualityGate

UNKNOWN_CODE = 99
"""No tool ends with it on purpose."""


def check_gate(gate: Gate, subject: Subject, *, passing: ToolRun, failing: ToolRun) -> None:
    """Everything below, of a gate whose source is a tool.

    Args:
        subject: A project that has what the gate counts.
        passing: What the tool printed of it where all was well, as recorded.
        failing: What it printed where something was wrong.
    """
    check_plan(gate, subject)
    check_states(gate, subject, passing=passing, failing=failing)
    check_unmeasured(gate, subject, passing)


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
