"""Say what gates found as GitHub Actions reads it: annotations beside the lines, and outputs of the step."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.gates.gate_verdicts import sentence
from orchestrator.models.quality_gates import GateReport, GateState
from orchestrator.quotation import one_line

MOST_ANNOTATIONS = 10
"""Of one gate; GitHub itself shows ten of a kind in a step."""


def annotation_lines(report: GateReport) -> Iterator[str]:
    """A line per finding of a gate that fails, and one per gate that was not measured."""
    for gate in report.gates:
        if gate.passed:
            continue
        kind = "error" if gate.blocks else "warning"
        found = [finding for finding in gate.findings if finding.counted and finding.file]
        for finding in found[:MOST_ANNOTATIONS]:
            line = f",line={finding.line}" if finding.line else ""
            title = f"{gate.name} {finding.rule}".strip()
            yield f"::{kind} file={_property(finding.file)}{line},title={_property(title)}::{_text(finding.message)}"
        if gate.state is GateState.NOT_MEASURED or not found:
            yield f"::{kind} title={_property(f'gate {gate.name}')}::{_text(sentence(gate))}"


def outputs(report: GateReport) -> str:
    """Lines for the file that ``GITHUB_OUTPUT`` names; no word of the project's is among them."""
    rows = {
        "approved": str(report.approved).lower(),
        "confidence": report.confidence,
        "tree": report.tree,
        "blocked-by": ",".join(gate.name for gate in report.gates if gate.blocks),
    }
    return "".join(f"{name}={value}\n" for name, value in rows.items())


def _text(text: str) -> str:
    return one_line(text, 1_000).replace("%", "%25")


def _property(text: str) -> str:
    return _text(text).replace(":", "%3A").replace(",", "%2C")
