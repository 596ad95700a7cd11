"""Write the findings of gates as GitLab's code quality, which it shows in a merge request beside the lines."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from orchestrator.gates.gate_verdicts import sentence
from orchestrator.models.quality_gates import Finding, GateReport, GateState, QualityGate
from orchestrator.quotation import one_line, quoted_name

_SEVERITIES = {"high": "critical", "medium": "major", "low": "minor"}
NO_FILE = "."
"""What stands for a place where a gate as a whole is meant: GitLab takes no row without one."""


def code_quality_document(report: GateReport) -> list[dict[str, Any]]:
    """A row per finding of a gate that does not pass, and one per gate that blocks without any."""
    seen: dict[str, int] = {}
    rows = []
    for gate in report.gates:
        for finding in _findings(gate):
            words = f"{gate.name}\0{finding.rule}\0{finding.file}\0{finding.message}"
            seen[words] = seen.get(words, 0) + 1
            # Lines move with every edit, so the place is no part of what makes a finding the same.
            fingerprint = hashlib.sha256(f"{words}\0{seen[words]}".encode("utf-8", "surrogateescape")).hexdigest()
            rows.append(
                {
                    "description": one_line(f"{gate.name}: {finding.message}", 1_000),
                    "check_name": one_line(f"{gate.name}/{finding.rule or gate.name}", 200),
                    "fingerprint": fingerprint,
                    "severity": _severity(gate, finding),
                    "location": {"path": quoted_name(finding.file or NO_FILE), "lines": {"begin": finding.line or 1}},
                }
            )
    return rows


def _findings(gate: QualityGate) -> Iterator[Finding]:
    if gate.passed:
        return
    found = [finding for finding in gate.findings if finding.counted]
    yield from found
    if gate.state is GateState.NOT_MEASURED or not found:
        yield Finding(sentence(gate))


def _severity(gate: QualityGate, finding: Finding) -> str:
    if not gate.blocks:
        return "info"
    return _SEVERITIES.get(finding.severity, "major")
