"""Write the findings of gates as SARIF 2.1.0, which code hosts show beside the lines: a run per tool."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from orchestrator.gates.gate_verdicts import sentence
from orchestrator.models.quality_gates import Finding, GateReport, GateState, QualityGate
from orchestrator.quotation import clean

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif_document(report: GateReport) -> dict[str, Any]:
    """The whole document.  A gate that was not measured is a run that did not succeed, never one without findings."""
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(gate, report) for gate in report.gates]}


def _run(gate: QualityGate, report: GateReport) -> dict[str, Any]:
    driver: dict[str, Any] = {"name": f"orchestrate gates: {gate.name}"}
    if gate.tool:
        driver["properties"] = {"tool": gate.tool, "version": gate.version, "command": clean(gate.command)}
    rules = sorted({finding.rule or gate.name for finding in gate.findings})
    driver["rules"] = [{"id": clean(rule)} for rule in rules]
    measured = gate.state is not GateState.NOT_MEASURED
    invocation: dict[str, Any] = {"executionSuccessful": measured}
    if not measured:
        note = {"level": "error" if gate.blocks else "warning", "message": {"text": clean(sentence(gate))}}
        invocation["toolExecutionNotifications"] = [note]
    return {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"gates/{gate.name}/"},
        "invocations": [invocation],
        "properties": {"tree": report.tree, "state": str(gate.state), "actual": gate.actual},
        "results": [_result(gate, finding) for finding in gate.findings],
    }


def _result(gate: QualityGate, finding: Finding) -> dict[str, Any]:
    level = "note" if not finding.counted or gate.passed else "error" if gate.blocks else "warning"
    result: dict[str, Any] = {
        "ruleId": clean(finding.rule or gate.name),
        "level": level,
        "message": {"text": clean(finding.message) or gate.name},
    }
    if finding.file:
        place: dict[str, Any] = {"artifactLocation": {"uri": quote(finding.file.encode("utf-8", "surrogateescape"))}}
        if finding.line is not None and finding.line > 0:
            place["region"] = {"startLine": finding.line}
        result["locations"] = [{"physicalLocation": place}]
    return result
