"""Write what gates measured as Markdown, for a pull request's summary or a file."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.gates.gate_verdicts import figure
from orchestrator.models.quality_gates import Finding, GateReport, GateState, QualityGate
from orchestrator.quotation import markdown_cell, markdown_code, markdown_line

MOST_FINDINGS = 20


def markdown_document(report: GateReport) -> str:
    """The whole document; nothing of what the project holds can steer it."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: GateReport) -> Iterator[str]:
    yield f"# Gates: {'pass' if report.approved else 'blocked'}"
    yield ""
    yield f"Confidence {report.confidence}; tree {markdown_code(report.tree)}, {report.files} files; {report.started}"
    yield ""
    yield "| Gate | State | Value | Wanted | Of | Tool | Time |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for gate in report.gates:
        yield _row(gate)
    for heading, texts in (("Blocked by", report.blockers), ("Warnings", report.warnings), ("Notes", report.notes)):
        if texts:
            yield from ("", f"## {heading}", "")
            yield from (f"- {markdown_line(text)}" for text in texts)
    for gate in report.gates:
        found = [finding for finding in gate.findings if finding.counted]
        if gate.state is GateState.FAIL and found:
            yield from ("", f"## {gate.name}: findings", "")
            yield from (f"- {_finding(finding)}" for finding in found[:MOST_FINDINGS])
            if gate.findings_total > MOST_FINDINGS:
                yield f"- and {gate.findings_total - MOST_FINDINGS} more"
    hiding = [(gate, entry) for gate in report.gates for entry in gate.suppressions if entry.hides]
    if hiding:
        yield from ("", "## Not obeyed", "")
    for gate, entry in hiding:
        place = markdown_code(f"{entry.file}:{entry.line}" if entry.line else entry.file)
        yield f"- {gate.name}: {markdown_code(entry.asks)} in {place} would hide {entry.hides}"
    commands = [f"- {gate.name}: {markdown_code(gate.command)}" for gate in report.gates if gate.command]
    if commands:
        yield from ("", "## Measure it again", "", *commands)


def _row(gate: QualityGate) -> str:
    value = "" if gate.actual is None else f"{figure(gate.actual, gate.direction)} {gate.unit}".strip()
    state = "warn" if gate.state is GateState.FAIL and not gate.blocks else str(gate.state)
    cells = (
        gate.name,
        f"**{state}**" if gate.blocks else state,
        markdown_cell(markdown_line(value or gate.message)),
        f"{gate.direction} {figure(gate.threshold)}",
        "" if gate.counted is None else f"{gate.counted} {gate.counts}",
        markdown_cell(markdown_line(f"{gate.tool} {gate.version}".strip())),
        "" if gate.duration_s is None else f"{gate.duration_s:.1f} s",
    )
    return f"| {' | '.join(cells)} |"


def _finding(finding: Finding) -> str:
    place = f"{finding.file}:{finding.line}" if finding.line else finding.file
    rule = f"{markdown_line(finding.rule)}: " if finding.rule else ""
    return (
        f"{markdown_code(place)} {rule}{markdown_line(finding.message)}"
        if place
        else rule + markdown_line(finding.message)
    )
