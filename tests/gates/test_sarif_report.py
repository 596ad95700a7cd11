from __future__ import annotations

import json

from orchestrator.gates.sarif_report import sarif_document
from orchestrator.models.quality_gates import GateReport


def test_findings_stand_at_their_lines_with_the_level_of_their_gate(report: GateReport) -> None:
    document = json.loads(json.dumps(sarif_document(report)))
    assert document["version"] == "2.1.0"
    lint = document["runs"][0]
    assert [result["level"] for result in lint["results"]] == ["error", "note"]
    place = lint["results"][0]["locations"][0]["physicalLocation"]
    assert place["region"] == {"startLine": 3}
    assert "\n" not in place["artifactLocation"]["uri"]
    assert {result["ruleId"] for result in lint["results"]} == {rule["id"] for rule in lint["tool"]["driver"]["rules"]}


def test_a_gate_that_was_not_measured_is_no_run_without_findings(report: GateReport) -> None:
    runs = {run["automationDetails"]["id"]: run for run in sarif_document(report)["runs"]}
    assert runs["gates/secrets/"]["invocations"][0]["executionSuccessful"] is False
    levels = [
        runs[f"gates/{name}/"]["invocations"][0]["toolExecutionNotifications"][0]["level"]
        for name in ("secrets", "types")
    ]
    assert levels == ["error", "warning"]
    assert runs["gates/security/"]["invocations"] == [{"executionSuccessful": True}]
