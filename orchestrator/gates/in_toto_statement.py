"""Write what gates measured as an in-toto statement: the subject is the tree, the predicate is the gates."""

from __future__ import annotations

from typing import Any

from orchestrator.models.quality_gates import GateReport

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "urn:orchestrate:gates:1"


def in_toto_statement(report: GateReport, *, name: str, made_by: str) -> dict[str, Any]:
    """The whole statement, not signed: whoever signs it says who they are.

    Args:
        name: What the tree is called, for people; its digest is what counts.
        made_by: This program and its version.
    """
    algorithm, _, digest = report.tree.partition(":")
    return {
        "_type": STATEMENT,
        "subject": [{"name": name, "digest": {algorithm: digest}}],
        "predicateType": PREDICATE,
        "predicate": {
            "madeBy": made_by,
            "startedOn": report.started,
            "durationSeconds": report.duration_s,
            "approved": report.approved,
            "confidence": report.confidence,
            "blockers": list(report.blockers),
            "warnings": list(report.warnings),
            "gates": [_gate(gate.model_dump(mode="json")) for gate in report.gates],
        },
    }


def _gate(row: dict[str, Any]) -> dict[str, Any]:
    """A gate without the project's own lines, which the statement's readers need not have."""
    row["suppressions"] = sum(entry["hides"] for entry in row.pop("suppressions"))
    row.pop("findings")
    return row
