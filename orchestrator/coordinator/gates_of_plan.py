"""Measure the gates that stand in a session's own plan; tests are held against the baseline, as every review does."""

from __future__ import annotations

import time

from orchestrator.coordinator.evidence import Evidence
from orchestrator.errors import OrchestrateError
from orchestrator.gates.passing_tests import GATE as TESTS
from orchestrator.models.effects import MeasureGates
from orchestrator.models.plan_tree import GateResult, MeasuredGate
from orchestrator.models.quality_gates import GateState
from orchestrator.models.reviews import Verdict

NOT_YET = "this gate cannot be measured in a session yet"
STATES = {
    Verdict.APPROVED: GateState.PASS,
    Verdict.CONCERNS: GateState.FAIL,
    Verdict.BLOCKER: GateState.FAIL,
    Verdict.ABSTAINED: GateState.NOT_MEASURED,
}


async def measured_gates(evidence: Evidence, effect: MeasureGates) -> GateResult:
    """Measure each gate; what cannot be measured is an answer, and never an exception."""
    began = time.monotonic()
    gates: list[MeasuredGate] = []
    changed, error = None, ""
    try:
        diff = await evidence.look(evidence.change, what="the look at the target for its gates")
        changed = diff.insertions + diff.deletions
        for name in effect.node.gates:
            gates.append(await _measured(evidence, name, effect))
    except (OrchestrateError, OSError) as problem:
        error = str(problem)
    return GateResult(effect.path, tuple(gates), error, changed, round(time.monotonic() - began, 3))


async def _measured(evidence: Evidence, name: str, effect: MeasureGates) -> MeasuredGate:
    threshold = effect.node.thresholds.get(name)
    if name != TESTS.name:
        return MeasuredGate(name, GateState.NOT_MEASURED, threshold=threshold, message=NOT_YET)
    began = time.monotonic()
    verdict, told, suites = await evidence.tests_now(baseline=effect.without_baseline)
    nothing_ran = verdict is Verdict.APPROVED and not suites.suites
    state = GateState.NOT_MEASURED if nothing_ran else STATES[verdict]
    failing = float(sum(suite.failed + suite.errors for suite in suites.suites))
    return MeasuredGate(
        name,
        state,
        actual=None if state is GateState.NOT_MEASURED else failing,
        threshold=threshold if threshold is not None else TESTS.threshold,
        direction=TESTS.direction,
        message="; ".join(told),
        tool=TESTS.tool,
        command="; ".join(suite.command for suite in suites.suites),
        duration_s=round(time.monotonic() - began, 3),
    )
