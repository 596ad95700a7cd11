"""Join the results of a strategy's parts into its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from orchestrator.models.gate_states import GateState
from orchestrator.models.plan_steps import Finished
from orchestrator.models.plan_tree import (
    AgentResult,
    Failure,
    GateResult,
    MergeResult,
    NodePath,
    StrategyResult,
)

IN_WORDS = {Failure.FAILED: "failed", Failure.TIMED_OUT: "timed out", Failure.MALFORMED: "gave no usable answer"}


def joined(
    path: NodePath,
    parts: Sequence[StrategyResult],
    *,
    success: bool,
    output: Mapping[str, Any],
    confidence: float,
    duration_s: float,
    errors: Iterable[str] = (),
    warnings: Iterable[str] = (),
    dissent: Iterable[AgentResult] = (),
    kept: Iterable[str] = (),
) -> Finished:
    """The result of a strategy: what it concluded, with everything that its parts bring along."""
    return Finished(
        StrategyResult(
            path,
            success=success,
            outputs=tuple(each for part in parts for each in part.outputs),
            aggregated_output=output,
            confidence=confidence,
            total_duration_s=duration_s,
            errors=(*(error for part in parts for error in part.errors), *errors),
            gates=tuple(gate for part in parts for gate in part.gates),
            dissent=(*(each for part in parts for each in part.dissent), *dissent),
            warnings=(*(warning for part in parts for warning in part.warnings), *warnings),
            kept=(*(patch for part in parts for patch in part.kept), *kept),
        )
    )


def of_agent(result: AgentResult) -> StrategyResult:
    """One agent's result as the result of its node."""
    error = result.error or IN_WORDS[result.failure or Failure.FAILED]
    return StrategyResult(
        result.path,
        success=result.success,
        outputs=(result,),
        aggregated_output=result.output if result.success else {},
        # A figure outside 0 to 1, or none at all, is no word to rely on.
        confidence=result.confidence if result.success and 0.0 <= result.confidence <= 1.0 else 0.0,
        total_duration_s=result.duration_s,
        errors=() if result.success else (f"{result.agent_id}: {error}",),
    )


def of_gates(result: GateResult) -> StrategyResult:
    """What gates measured as the result of their node.  What was not measured has not passed."""
    return StrategyResult(
        result.path,
        success=result.state is GateState.PASS,
        aggregated_output=gates_as_output(result),
        confidence=1.0 if result.state is GateState.PASS else 0.0,
        total_duration_s=result.duration_s,
        errors=tuple(_gate_errors(result)),
        gates=(result,),
    )


def of_merge(result: MergeResult) -> StrategyResult:
    """What became of changes that were made side by side.  A conflict is told, and is no success."""
    success = result.success and not result.conflicts
    unsaid = () if success or result.error or result.conflicts else ("the changes could not be merged",)
    return StrategyResult(
        result.path,
        success=success,
        total_duration_s=result.duration_s,
        errors=(*result.conflicts, *((result.error,) if result.error else ()), *unsaid),
        kept=result.kept,
    )


def gates_as_output(result: GateResult) -> dict[str, Any]:
    """What gates measured, for an agent that has to do something about it."""
    return {
        "state": result.state.value,
        "gates": {
            gate.name: {
                "state": gate.state.value,
                "actual": gate.actual,
                "threshold": gate.threshold,
                "message": gate.message,
            }
            for gate in result.gates
        },
    }


def _gate_errors(result: GateResult) -> Iterable[str]:
    if result.error:
        yield f"gates at {result.path}: not measured ({result.error})"
    for gate in result.gates:
        if gate.state is not GateState.PASS:
            yield f"gate {gate.name} at {result.path}: {gate.state.value}" + (
                f" ({gate.message})" if gate.message else ""
            )
    if not result.gates and not result.error:
        yield f"gates at {result.path}: not measured"
