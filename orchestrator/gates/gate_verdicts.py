"""Judge what was read against thresholds, and say what follows from all gates together."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import field, replace

from orchestrator.gates.gate import Gate, Reading, Unmeasured
from orchestrator.models.quality_gates import (
    Confidence,
    Direction,
    FailOn,
    Finding,
    GateState,
    QualityGate,
    Suppression,
)
from orchestrator.value_class import value_class

MOST_FINDINGS = 200
"""So many are kept of one gate, those that count before the others; their number is kept whole."""
LEAST_SHARE_OF_BASELINE = 0.5
"""Of what an earlier report counted: a gate that counts less than this has not looked at the same project."""


@value_class
class Counted:
    """What a value was counted over: a number and its unit."""

    number: int
    counts: str = ""
    """Empty where the report does not say."""


@value_class
class Rules:
    """What the user wants of the gates."""

    thresholds: Mapping[str, float] = field(default_factory=dict)
    strict: bool = False
    """Every gate blocks."""
    allow_unmeasured: frozenset[str] = frozenset()
    fail_on: FailOn = "unmeasured"
    baseline: Mapping[str, Counted] = field(default_factory=dict)
    """What each gate counted in an earlier report."""
    beside: frozenset[str] = frozenset()
    """Gates of languages that stand beside the project's own: where one is not measured, it warns."""


def judged(gate: Gate, outcome: Reading | Unmeasured, rules: Rules) -> QualityGate:
    """Judge one gate; a value that is no number, or that was measured over nothing, counts as not measured."""
    threshold = rules.thresholds.get(gate.name, gate.threshold)
    blank = QualityGate(
        name=gate.name,
        state=GateState.NOT_MEASURED,
        threshold=threshold,
        direction=gate.direction,
        unit=gate.unit,
        blocking=gate.blocking or rules.strict or gate.name in rules.thresholds,
        counts=gate.counts,
        tool=gate.tool,
    )
    if isinstance(outcome, Unmeasured):
        return blank.model_copy(update={"message": encodable(outcome.reason)})
    reason = _why_not(gate, outcome, rules)
    if reason is not None:
        return blank.model_copy(update={"message": reason, "counted": outcome.counted})
    passes = gate.holds(outcome.value, threshold)
    return blank.model_copy(
        update={
            "state": GateState.PASS if passes else GateState.FAIL,
            "actual": outcome.value,
            "message": encodable(outcome.message),
            "counted": outcome.counted,
            "counts": outcome.counts or gate.counts,
            "findings": tuple(map(_encodable_finding, _first(outcome.findings))),
            "findings_total": sum(1 for finding in outcome.findings if finding.counted),
            "suppressions": tuple(map(_encodable_suppression, outcome.suppressions[:MOST_FINDINGS])),
        }
    )


def encodable(text: str) -> str:
    """A text that every report can hold: of a name that is no UTF-8, bytes are shown as ``\\udcff``."""
    return text.encode("utf-8", "backslashreplace").decode()


def _encodable_finding(finding: Finding) -> Finding:
    return replace(
        finding,
        message=encodable(finding.message),
        rule=encodable(finding.rule),
        file=encodable(finding.file),
    )


def _encodable_suppression(entry: Suppression) -> Suppression:
    return replace(entry, asks=encodable(entry.asks), file=encodable(entry.file), what=encodable(entry.what))


def _first(findings: Sequence[Finding]) -> Sequence[Finding]:
    """Those that are kept: two hundred of low severity hide none of the grave ones behind them."""
    if len(findings) <= MOST_FINDINGS:
        return findings
    return sorted(findings, key=lambda each: not each.counted)[:MOST_FINDINGS]


def _why_not(gate: Gate, reading: Reading, rules: Rules) -> str | None:
    if not math.isfinite(reading.value):
        return f"the value is no number: {reading.value}"
    counts = reading.counts or gate.counts
    if reading.counted <= 0:
        return f"there are no {counts} to measure"
    before = rules.baseline.get(gate.name)
    if before is None or (before.counts and before.counts != counts):
        return None
    if reading.counted < before.number * LEAST_SHARE_OF_BASELINE:
        return f"only {reading.counted} {counts} were counted, and {before.number} in the baseline"
    return None


@value_class
class Conclusion:
    """The conclusion from all gates."""

    approved: bool
    confidence: Confidence
    blockers: tuple[str, ...]
    warnings: tuple[str, ...]


def concluded(gates: Sequence[QualityGate], rules: Rules) -> Conclusion:
    """Whether the project passes: no gate among those that block may do anything else."""
    blockers = [sentence(gate) for gate in gates if blocks(gate, rules)]
    warnings = [sentence(gate) for gate in gates if not gate.passed and not blocks(gate, rules)]
    return Conclusion(not blockers, _confidence(gates, rules), tuple(blockers), tuple(warnings))


def blocks(gate: QualityGate, rules: Rules) -> bool:
    """Whether this gate keeps the whole from passing."""
    if gate.passed:
        return False
    if gate.state is GateState.NOT_MEASURED and (gate.name in rules.allow_unmeasured or rules.fail_on == "fail"):
        return False
    return _would_block(gate, rules) or rules.fail_on == "warning"


def _would_block(gate: QualityGate, rules: Rules) -> bool:
    return gate.blocking and not (gate.state is GateState.NOT_MEASURED and gate.name in rules.beside)


def _confidence(gates: Sequence[QualityGate], rules: Rules) -> Confidence:
    """High: all measured and pass.  Medium: warnings, or one optional gate unmeasured.  Low: anything else."""
    unmeasured = [gate for gate in gates if gate.state is GateState.NOT_MEASURED]
    failed = [gate for gate in gates if gate.state is GateState.FAIL]
    if not unmeasured and not failed:
        return "high"
    optional = all(not _would_block(gate, rules) or gate.name in rules.allow_unmeasured for gate in unmeasured)
    return "medium" if len(unmeasured) <= 1 and optional and not any(gate.blocking for gate in failed) else "low"


def sentence(gate: QualityGate) -> str:
    """What one gate that does not pass says, for people."""
    if gate.actual is None:
        return f"{gate.name} was not measured: {gate.message}"
    bound = "at least" if gate.direction == "at least" else "at most"
    unit = f" {gate.unit}" if gate.unit and gate.unit != "%" else gate.unit
    return f"{gate.name}: {figure(gate.actual, gate.direction)}{unit}, and {bound} {figure(gate.threshold)} is wanted"


def figure(value: float, direction: Direction = "at least") -> str:
    """A value for people, never rounded to a threshold that it does not hold."""
    if value == int(value):
        return str(int(value))
    towards = math.floor if direction == "at least" else math.ceil
    return f"{towards(value * 100) / 100:.2f}"
