"""Say for people what gates measured: a line each, then what blocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from orchestrator.gates.gate_verdicts import figure
from orchestrator.models.gate_states import GateState
from orchestrator.narration.formatting import counted, one_line, quoted_name

if TYPE_CHECKING:
    from orchestrator.models.quality_gates import GateReport, QualityGate

MOST_FINDINGS: Final = 5
_COLOURS: Final = {"pass": "32", "fail": "31", "warn": "33", "not measured": "33"}


def lines(report: GateReport, *, colour: bool = False) -> Iterator[str]:
    """The whole report, a line per gate and then the blocking ones."""
    for gate in report.gates:
        yield from _gate(gate, colour=colour)
    for note in report.notes:
        yield f"note: {one_line(note, 400)}"
    yield ""
    measured = sum(gate.state is not GateState.NOT_MEASURED for gate in report.gates)
    share = f"{measured} of {counted(len(report.gates), 'gate')} measured"
    verdict = "passes" if report.approved else "blocked"
    yield f"{verdict}, confidence {report.confidence}; {share}; tree {report.tree[:19]}"
    for blocker in report.blockers:
        yield f"  blocks: {one_line(blocker, 400)}"
    for warning in report.warnings:
        yield f"  warns:  {one_line(warning, 400)}"


def _gate(gate: QualityGate, *, colour: bool) -> Iterator[str]:
    word = "warn" if gate.state is GateState.FAIL and not gate.blocking else str(gate.state)
    shown = f"{word:<12}"
    if colour:
        shown = f"\x1b[{_COLOURS[word]}m{shown}\x1b[0m"
    if gate.actual is None:
        yield f"{shown} {gate.name:<14} {one_line(gate.message, 400)}"
    else:
        value = f"{figure(gate.actual, gate.direction)}{_unit(gate.unit)}"
        bound = f"{'>=' if gate.direction == 'at least' else '<='} {figure(gate.threshold)}"
        tool = f"{gate.tool} {gate.version}".strip()
        took = "" if gate.duration_s is None else f", {gate.duration_s:.1f} s"
        of = f"{gate.counted} {gate.counts}"
        yield f"{shown} {gate.name:<14} {value:<14} {bound:<8} {of}; {one_line(tool, 60)}{took}"
    if gate.state is GateState.FAIL:
        yield from _findings(gate)
    beside = [finding for finding in gate.findings if not finding.counted]
    if beside:
        place = quoted_name(beside[0].file) + (f":{beside[0].line}" if beside[0].line else "")
        shown = f"{place}: {one_line(beside[0].message, 120)}" if beside[0].file else one_line(beside[0].message, 120)
        yield f"{'':13}{len(beside)} not counted, such as {shown}"
    for suppression in gate.suppressions:
        if suppression.hides:
            place = quoted_name(suppression.file) + (f":{suppression.line}" if suppression.line else "")
            yield f"{'':13}not obeyed: {place}: {one_line(suppression.asks, 100)} (would hide {suppression.hides})"


def _findings(gate: QualityGate) -> Iterator[str]:
    findings = [finding for finding in gate.findings if finding.counted]
    for finding in findings[:MOST_FINDINGS]:
        place = quoted_name(finding.file) + (f":{finding.line}" if finding.line else "")
        where = f"{place}: " if finding.file else ""
        rule = f"{one_line(finding.rule, 60)} " if finding.rule else ""
        yield f"{'':13}{where}{rule}{one_line(finding.message, 200)}"
    left = gate.findings_total - min(len(findings), MOST_FINDINGS)
    if left > 0:
        yield f"{'':13}and {left} more (--json has them)"


def _unit(unit: str) -> str:
    return unit if unit in ("", "%") else f" {unit}"
