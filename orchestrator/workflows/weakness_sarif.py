"""Write weaknesses as SARIF 2.1.0: what is open, and what is suppressed or accepted with whoever did it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote

from orchestrator.gates.sarif_report import SCHEMA
from orchestrator.models.quality_gates import GateReport, GateState
from orchestrator.quotation import clean
from orchestrator.workflows.weakness_kinds import cwe_of
from orchestrator.workflows.weaknesses import Suppressed, Weakness

_LEVELS: Final = {"critical": "error", "high": "error", "medium": "warning", "low": "note"}
_SCORES: Final = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "2.0"}
"""What code hosts rank by; one in the middle of each band of CVSS."""


def weakness_sarif(
    findings: Sequence[Weakness], suppressed: Sequence[Suppressed], measured: GateReport | None
) -> dict[str, Any]:
    """The whole document, in one run.  A tool that was not measured makes it a run that did not succeed."""
    kinds = sorted({each.kind for each in (*findings, *(entry.weakness for entry in suppressed))})
    unmeasured = [
        gate for gate in (measured.gates if measured is not None else ()) if gate.state is GateState.NOT_MEASURED
    ]
    invocation: dict[str, Any] = {"executionSuccessful": not unmeasured}
    if unmeasured:
        invocation["toolExecutionNotifications"] = [
            {"level": "error", "message": {"text": clean(f"{gate.name} was not measured: {gate.message}")}}
            for gate in unmeasured
        ]
    run = {
        "tool": {"driver": {"name": "orchestrate security-deep-dive", "rules": [_rule(kind) for kind in kinds]}},
        "automationDetails": {"id": "security-deep-dive/"},
        "invocations": [invocation],
        "properties": {"tree": measured.tree if measured is not None else ""},
        "results": [
            *(_result(each, each.accepted) for each in findings),
            *(_result(each.weakness, f"{each.rule}; by {each.who}: {each.evidence}") for each in suppressed),
        ],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(kind: str) -> dict[str, Any]:
    cwe = cwe_of(kind)
    tags = ["security", *([f"external/cwe/cwe-{cwe:03}"] if cwe is not None else [])]
    return {"id": clean(kind), "properties": {"tags": tags}}


def _result(weakness: Weakness, suppression: str) -> dict[str, Any]:
    words = "; ".join(dict.fromkeys(source.text for source in weakness.sources if source.text))
    result: dict[str, Any] = {
        "ruleId": clean(weakness.kind),
        "level": _LEVELS[weakness.severity],
        "message": {"text": clean(f"{weakness.standing}: {words}" if words else str(weakness.standing))},
        "partialFingerprints": {"orchestrate/v1": weakness.id},
        "properties": {
            "security-severity": _SCORES[weakness.severity],
            "standing": str(weakness.standing),
            "foundBy": [source.who for source in weakness.sources],
        },
    }
    if weakness.file:
        place: dict[str, Any] = {"artifactLocation": {"uri": quote(weakness.file.encode("utf-8", "surrogateescape"))}}
        if weakness.line is not None:
            place["region"] = {"startLine": weakness.line}
        result["locations"] = [{"physicalLocation": place}]
    if suppression:
        result["suppressions"] = [{"kind": "external", "justification": clean(suppression)}]
    return result
