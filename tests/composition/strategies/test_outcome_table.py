"""Every strategy with every outcome of up to five agents comes to what the table says."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from orchestrator.composition.next_steps import next_steps
from orchestrator.composition.plan_checks import check_plan
from orchestrator.models.plan_steps import AgentLeaf, Finished, GateLeaf, Leaf
from orchestrator.models.plan_tree import (
    AgentNode,
    AgentResult,
    Failure,
    GateNode,
    GateResult,
    MeasuredGate,
    MergeResult,
    NodePath,
    Result,
    Strategy,
    StrategyNode,
    StrategyResult,
    Tier,
)
from orchestrator.models.quality_gates import GateState

TABLE = tomllib.loads(Path(__file__).with_name("outcome_table.toml").read_text(encoding="utf-8"))["row"]
FAILURES = {"f": Failure.FAILED, "t": Failure.TIMED_OUT, "m": Failure.MALFORMED}
GATES = {"P": GateState.PASS, "X": GateState.FAIL, "U": GateState.NOT_MEASURED}
TIERS = (None, Tier.CHEAP, Tier.PREMIUM, Tier.CAPABLE, Tier.CHEAP)
GATED = {"cascade", "repeat", "best_of"}
"""Six outcomes of each agent, so up to four of them."""
MOST = 5


def plan_of(strategy: str, size: int) -> StrategyNode:
    writes = strategy in GATED
    gate = GateNode(("tests",)) if writes else None
    agents = tuple(AgentNode(f"agent{n}", tier=TIERS[n], access="write" if writes else "read") for n in range(size))
    if strategy == "repeat":
        return StrategyNode(Strategy.REPEAT, agents[:1], gate=gate, at_most=size)
    return StrategyNode(Strategy("adaptive" if strategy == "cascade" else strategy), agents, gate=gate)


def played(plan: StrategyNode, fares: str) -> tuple[StrategyResult, list[int]]:
    """Run the plan to its end; agent and gate fare as the letters say.  Also returns who ran, in order."""
    results: dict[NodePath, Result] = {}
    ran: list[int] = []
    while not isinstance(step := next_steps(plan, results), Finished):
        for leaf in step.leaves:
            assert leaf.path not in results
            results[leaf.path] = result_of(leaf, fares)
            if isinstance(leaf, AgentLeaf):
                ran.append(number_of(leaf.path))
    return step.result, ran


def number_of(path: NodePath) -> int:
    """Which letter a leaf has: its round or candidate, else which child it is."""
    part = path.split(".")[1]
    time = part.partition("@")[2]
    if time:
        return int(time) - 1
    return int(part) - 1 if part.isdigit() else 0


def result_of(leaf: Leaf, fares: str) -> Result:
    letter = fares[number_of(leaf.path)]
    match leaf:
        case AgentLeaf():
            output = {"text": f"by {leaf.path}"}
            if letter in FAILURES:
                return AgentResult(leaf.path, leaf.node.id, success=False, error="it did", failure=FAILURES[letter])
            confidence = 0.5 if letter == "l" else 0.9
            return AgentResult(
                leaf.path, leaf.node.id, success=True, output=output, confidence=confidence, duration_s=2
            )
        case GateLeaf():
            return GateResult(leaf.path, (MeasuredGate("tests", GATES[letter]),), duration_s=1)
        case _:
            return MergeResult(leaf.path, success=True, kept=tuple(f"{path}.patch" for path in leaf.keep))


def row_for(strategy: str, fares: str) -> tuple[Mapping[str, Any], list[int]]:
    """The one row that fits, and who runs by it."""
    more = 2 * sum(letter in "ol" for letter in fares) > len(fares)
    fitting = [
        (row, match)
        for row in TABLE
        if row["strategy"] == strategy
        and row.get("good", "more" if more else "not more") == ("more" if more else "not more")
        and (match := re.fullmatch(row["fares"], fares))
    ]
    assert len(fitting) == 1, f"{len(fitting)} rows say what becomes of {strategy} {fares}"
    row, match = fitting[0]
    spans = [match.span(name) for name in ("ran", "also") if name in match.re.groupindex]
    return row, [n for start, end in spans for n in range(start, end)]


@pytest.mark.parametrize("strategy", sorted({row["strategy"] for row in TABLE}))
def test_every_outcome_is_what_the_table_says(strategy: str) -> None:
    letters = "PXUftm" if strategy in GATED else "olftm"
    smallest = 2 if strategy in {"teaching", "refinement", "adaptive", "cascade", "best_of"} else 1
    largest = 2 if strategy == "teaching" else MOST - (strategy in GATED)
    for size in range(smallest, largest + 1):
        plan = plan_of(strategy, size)
        check_plan(plan)
        for fares in map("".join, product(letters, repeat=size)):
            row, runs = row_for(strategy, fares)
            result, ran = played(plan, fares)
            assert (result.success, sorted(ran)) == (row["success"], runs), f"{fares}: {row['because']}"
            assert_output(strategy, fares, runs, result, row)


def assert_output(strategy: str, fares: str, runs: list[int], result: StrategyResult, row: Mapping[str, Any]) -> None:
    """The output has exactly the keys of the specification, with what the agents said."""
    failed = [n for n in runs if fares[n] in FAILURES]
    assert len([each for each in result.outputs if not each.success]) == len(failed)
    assert len(result.errors) >= len(failed)
    assert result.success or result.errors, "a failure is told"
    said = {n: {} if fares[n] in FAILURES else {"text": f"by 1.{n + 1}"} for n in runs}
    output = result.aggregated_output
    match strategy:
        case "debate":
            votes = sum(fares[n] in "ol" for n in runs)
            confidence = sum({"o": 0.9, "l": 0.5}.get(letter, 0.0) for letter in fares) / len(fares)
            assert output == {
                "debate_participants": [f"agent{n}" for n in runs],
                "opinions": list(said.values()),
                "consensus": {
                    "consensus_reached": row["success"],
                    "success_votes": votes,
                    "total_votes": len(fares),
                    "avg_confidence": pytest.approx(confidence),
                },
            }
        case "teaching":
            expected = {"outcome": row["outcome"], "junior_output": said[0]}
            assert output == (expected if len(runs) == 1 else {**expected, "expert_output": said[1]})
        case "refinement":
            good = [said[n] for n in runs if said[n]]
            assert output == {
                "refinement_stages": len(runs),
                "final_output": good[-1] if good else {},
                "stage_outputs": list(said.values()),
            }
        case "adaptive":
            assert output == {
                "classification": said[0],
                "selected_specialist": f"agent{runs[-1]}",
                "specialist_output": said[runs[-1]],
            }
        case "cascade":
            assert set(output) == {"classification", "selected_specialist", "specialist_output"}
            assert output["selected_specialist"] == f"agent{runs[-1]}"
        case "best_of":
            chosen = fares.find("P")
            assert output["selected"] == (f"agent{chosen}" if chosen >= 0 else None)
            assert list(result.kept) == [f"1.{n + 1}.patch" for n in runs if n != chosen]


@pytest.mark.parametrize(
    ("strategy", "duration_s"),
    [("sequential", 6.0), ("refinement", 6.0), ("parallel", 2.0), ("debate", 2.0), ("adaptive", 4.0)],
)
def test_what_is_done_side_by_side_takes_as_long_as_the_slowest(strategy: str, duration_s: float) -> None:
    assert played(plan_of(strategy, 3), "ooo")[0].total_duration_s == duration_s
