"""Write what gates measured as JUnit XML, which every build server reads: a test case per gate."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from orchestrator.gates.gate_verdicts import sentence
from orchestrator.late_pattern import late_pattern
from orchestrator.models.quality_gates import GateReport, GateState, QualityGate
from orchestrator.quotation import clean

MOST_LINES = 50
_NOT_XML = late_pattern("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_document(report: GateReport) -> str:
    """The whole document.  What blocks is a failure, or an error where it was not measured; nothing else is either."""
    rows = [_case(gate) for gate in report.gates]
    kinds = [_kind(gate) for gate in report.gates]
    counts = f'tests="{len(rows)}" failures="{kinds.count("failure")}" errors="{kinds.count("error")}"'
    head = f'<testsuite name="gates" {counts} skipped="{kinds.count("skipped")}" time="{report.duration_s:.3f}"'
    when = f" timestamp={_attribute(report.started)}" if report.started else ""
    properties = f'<properties><property name="tree" value={_attribute(report.tree)}/></properties>'
    body = "\n".join(("<testsuites>", f"{head}{when}>", properties, *rows, "</testsuite>", "</testsuites>"))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'


def _kind(gate: QualityGate) -> str:
    if gate.blocks:
        return "error" if gate.state is GateState.NOT_MEASURED else "failure"
    return "skipped" if gate.state is GateState.NOT_MEASURED else ""


def _case(gate: QualityGate) -> str:
    head = f'<testcase classname="gates" name={_attribute(gate.name)} time="{gate.duration_s or 0.0:.3f}"'
    said = "" if gate.passed else sentence(gate)
    kind = _kind(gate)
    found = [
        f"{finding.file}:{finding.line or 1}: {finding.rule} {finding.message}" if finding.file else finding.message
        for finding in gate.findings[:MOST_LINES]
        if finding.counted
    ]
    text = _text("\n".join((gate.message, *found)))
    if not kind:
        return f"{head}><system-out>{_text(said)}\n{text}</system-out></testcase>"
    return f"{head}><{kind} message={_attribute(said)}>{text}</{kind}></testcase>"


def _text(text: str) -> str:
    return escape(_NOT_XML.sub("", clean(text)))


def _attribute(text: str) -> str:
    return quoteattr(_NOT_XML.sub("", clean(text)))
