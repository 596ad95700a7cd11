"""A report whose project tries to steer whoever reads it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from orchestrator.gates.gate import Reading, Unmeasured
from orchestrator.gates.gate_verdicts import Rules, blocks, concluded, judged
from orchestrator.gates.lint_findings import GATE
from orchestrator.models.quality_gates import Finding, GateReport, Suppression

EVIL = "a\n::set-output name=x::y\x1b[2J<script>]]>&|`%25"


@pytest.fixture
def report() -> GateReport:
    """One gate that fails and blocks, one that warns, one that passes, and two that were not measured."""
    rules = Rules(allow_unmeasured=frozenset({"types"}))
    findings = (Finding(EVIL, "F401", f"{EVIL}.py", 3), Finding("shown", "F1", "b.py", 1, counted=False))
    rows = [
        judged(GATE, Reading(1.0, 3, EVIL, findings, (Suppression("# noqa", "b.py", 1, 1),)), rules),
        judged(replace(GATE, name="documentation", blocking=False), Reading(2.0, 3, "two"), rules),
        judged(replace(GATE, name="security"), Reading(0.0, 3, "clean"), rules),
        judged(replace(GATE, name="secrets"), Unmeasured(f"no tool {EVIL}"), rules),
        judged(replace(GATE, name="types"), Unmeasured("no tool"), rules),
    ]
    gates = tuple(
        gate.model_copy(update={"blocks": blocks(gate, rules), "command": "ruff check", "tree": "sha256:00"})
        for gate in rows
    )
    said = concluded(gates, rules)
    return GateReport(
        path="/there/shop",
        tree="sha256:00",
        files=3,
        approved=said.approved,
        confidence=said.confidence,
        gates=gates,
        blockers=said.blockers,
        warnings=said.warnings,
        notes=(EVIL,),
        started="2026-11-30T10:00:00+00:00",
        duration_s=1.5,
    )
