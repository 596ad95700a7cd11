"""Measure the gates that stand in a session's own plan; tests are held against the baseline, as every review does."""

from __future__ import annotations

import time

from orchestrator.coordinator.evidence import Evidence
from orchestrator.coordinator.session_request import GateMeasurer
from orchestrator.errors import OrchestrateError
from orchestrator.gates.passing_tests import GATE as TESTS
from orchestrator.models.effects import MeasureGates
from orchestrator.models.gate_states import GateState
from orchestrator.models.plan_tree import GateNode, GateResult, MeasuredGate
from orchestrator.models.reviews import Verdict

STATES = {
    Verdict.APPROVED: GateState.PASS,
    Verdict.CONCERNS: GateState.FAIL,
    Verdict.BLOCKER: GateState.FAIL,
    Verdict.ABSTAINED: GateState.NOT_MEASURED,
}


async def measured_gates(evidence: Evidence, effect: MeasureGates, measure: GateMeasurer | None) -> GateResult:
    """Measure each gate; what cannot be measured is an answer, and never an exception.

    Args:
        measure: Measures every gate but ``tests``; ``None``: they are not measured.
    """
    began = time.monotonic()
    found: dict[str, MeasuredGate] = {}
    changed, error, snapshot = None, "", ""
    others = tuple(name for name in effect.node.gates if name != TESTS.name)
    try:
        diff, tree = await evidence.look(evidence.change_and_tree, what="the look at the target for its gates")
        changed = diff.insertions + diff.deletions
        if TESTS.name in effect.node.gates:
            found[TESTS.name] = await _tests(evidence, effect)
        if others and measure is not None:
            limits = {name: value for name, value in effect.node.thresholds.items() if name in others}
            target = evidence.snapshots.target
            found |= {gate.name: gate for gate in await measure(GateNode(others, limits), target)}
        if await evidence.look(evidence.snapshots.look, what="the look at the target after its gates") == tree:
            snapshot = tree
    except (OrchestrateError, OSError) as problem:
        error = str(problem)
    gates = tuple(found.get(name) or _unmeasured(name, effect) for name in effect.node.gates)
    return GateResult(effect.path, gates, error, changed, round(time.monotonic() - began, 3), snapshot)


def _unmeasured(name: str, effect: MeasureGates) -> MeasuredGate:
    threshold = effect.node.thresholds.get(name)
    return MeasuredGate(name, GateState.NOT_MEASURED, threshold=threshold, message="nothing here measures this gate")


async def _tests(evidence: Evidence, effect: MeasureGates) -> MeasuredGate:
    """What every review finds of the target's tests.

    What failed before as well is nobody's fault now, unless the plan states how many may fail; where no test passes,
    none has said anything.
    """
    began = time.monotonic()
    verdict, told, suites = await evidence.tests_now(baseline=effect.without_baseline)
    failing = float(sum(suite.failed + suite.errors for suite in suites.suites))
    stated = effect.node.thresholds.get(TESTS.name)
    threshold = stated if stated is not None else TESTS.threshold
    state = STATES[verdict]
    speaks = any(suite.passed or suite.state == "passed" for suite in suites.suites)  # not every runner tells a number
    if state is GateState.PASS and not speaks:
        state, told = GateState.NOT_MEASURED, ("no test passes that could speak for the change", *told)
    elif state is GateState.PASS and stated is None:
        threshold = max(threshold, failing)
    elif state is GateState.PASS and failing > threshold:
        state = GateState.FAIL
    return MeasuredGate(
        TESTS.name,
        state,
        actual=None if state is GateState.NOT_MEASURED else failing,
        threshold=threshold,
        direction=TESTS.direction,
        message="; ".join(told),
        tool=TESTS.tool,
        command="; ".join(suite.command for suite in suites.suites),
        duration_s=round(time.monotonic() - began, 3),
    )
