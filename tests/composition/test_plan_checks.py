from __future__ import annotations

from typing import Any

import pytest

from orchestrator.composition.plan_checks import MOST_DEPTH, MOST_NODES, check_plan
from orchestrator.models.plan_tree import (
    AgentLimits,
    Aggregator,
    GateNode,
    Node,
    Strategy,
    StrategyNode,
)
from tests.composition.plan_play import TESTS, agent, writer

A, B, C = agent("a"), agent("b"), agent("c")
W, V = writer("w"), writer("v")
WEIGHTED, RANKED = Aggregator.WEIGHTED_SCORE, Aggregator.PRIORITY_LIST

NOT_HEEDED: list[tuple[Strategy, str, dict[str, Any]]] = [
    (Strategy.PARALLEL, "gate", {"gate": TESTS}),
    (Strategy.SEQUENTIAL, "gate", {"gate": TESTS}),
    (Strategy.REFINEMENT, "gate", {"gate": TESTS}),
    (Strategy.PARALLEL, "synthesizer", {"synthesizer": C}),
    (Strategy.SEQUENTIAL, "rounds", {"rounds": 2}),
    (Strategy.TEACHING, "at_most", {"at_most": 2}),
    (Strategy.DEBATE, "aggregator", {"aggregator": Aggregator.CONSENSUS}),
    (Strategy.TEACHING, "weights", {"weights": {"a": 1.0}}),
    (Strategy.DEBATE, "priority", {"priority": ("a",)}),
    (Strategy.REFINEMENT, "threshold", {"threshold": 0.5}),
]
"""A strategy, and what it would silently leave undone."""


def nested(depth: int) -> Node:
    node: Node = A
    for _ in range(depth):
        node = StrategyNode(Strategy.SEQUENTIAL, (node,))
    return node


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        pytest.param(StrategyNode(Strategy.SEQUENTIAL, ()), "agents list is empty", id="nobody"),
        pytest.param(StrategyNode(Strategy.SEQUENTIAL, (TESTS,)), "agents list is empty", id="gates alone"),
        pytest.param(TESTS, "at least one agent", id="one gate alone"),
        pytest.param(StrategyNode(Strategy.TEACHING, (A,)), "exactly 2 agents", id="teaching with one"),
        pytest.param(StrategyNode(Strategy.TEACHING, (A, B, C)), "exactly 2 agents", id="teaching with three"),
        pytest.param(StrategyNode(Strategy.REFINEMENT, (A,)), "at least 2 agents", id="refinement with one"),
        pytest.param(StrategyNode(Strategy.ADAPTIVE, (A,)), "at least 2 agents", id="adaptive with one"),
        pytest.param(StrategyNode(Strategy.ADAPTIVE, (W,), gate=TESTS), "at least 2 agents", id="cascade with one"),
        pytest.param(StrategyNode(Strategy.REPEAT, (A,), at_most=2), "needs a gate", id="repeat without a gate"),
        pytest.param(StrategyNode(Strategy.REPEAT, (A, B), gate=TESTS), "one child", id="repeat with two"),
        pytest.param(StrategyNode(Strategy.REPEAT, (A,), gate=TESTS, at_most=0), "at_most", id="no round"),
        pytest.param(StrategyNode(Strategy.REPEAT, (A,), gate=TESTS, at_most=21), "at_most", id="endless rounds"),
        pytest.param(StrategyNode(Strategy.BEST_OF, (W, V)), "needs a gate", id="best of without a gate"),
        pytest.param(StrategyNode(Strategy.BEST_OF, (W,), gate=TESTS), "2 to 8 candidates", id="best of one"),
        pytest.param(StrategyNode(Strategy.BEST_OF, (W, V), gate=TESTS, at_most=5), "not 10", id="best of too many"),
        pytest.param(StrategyNode(Strategy.BEST_OF, (W, A), gate=TESTS), "'a' makes none", id="best of readers"),
        pytest.param(StrategyNode(Strategy.DEBATE, (A, B), rounds=4), "1 to 3 rounds", id="a long debate"),
        pytest.param(StrategyNode(Strategy.DEBATE, (A, B), rounds=0), "1 to 3 rounds", id="no debate"),
        pytest.param(StrategyNode(Strategy.DEBATE, (A, TESTS)), "not among the children", id="gates debate"),
        pytest.param(StrategyNode(Strategy.TEACHING, (A, B), threshold=1.1), "from 0 to 1", id="threshold above 1"),
        pytest.param(
            StrategyNode(Strategy.TEACHING, (A, B), threshold=float("nan")), "from 0 to 1", id="threshold is no number"
        ),
        pytest.param(StrategyNode(Strategy.PARALLEL, (A, agent("a"))), "different names", id="same id beside"),
        pytest.param(
            StrategyNode(Strategy.SEQUENTIAL, (A, StrategyNode(Strategy.DEBATE, (B, C), synthesizer=agent("a")))),
            "'a' is there more than once",
            id="same id elsewhere",
        ),
        pytest.param(
            StrategyNode(Strategy.PARALLEL, (A, B), aggregator=WEIGHTED, weights={"d": 1.0}),
            "'d' is weighed or ranked",
            id="unknown weight",
        ),
        pytest.param(
            StrategyNode(Strategy.PARALLEL, (A, B), priority=("d",)), "'d' is weighed or ranked", id="unknown priority"
        ),
        pytest.param(
            StrategyNode(Strategy.PARALLEL, (A, B), aggregator=WEIGHTED, weights={"a": -1.0}),
            "weight of 'a'",
            id="below 0",
        ),
        pytest.param(
            StrategyNode(Strategy.PARALLEL, (A, B), aggregator=WEIGHTED, weights={"a": 0.0, "b": 0.0}),
            "above 0",
            id="no weight at all",
        ),
        pytest.param(
            StrategyNode(Strategy.SEQUENTIAL, (A, GateNode(()))), "names at least one gate", id="gates without names"
        ),
        pytest.param(
            StrategyNode(Strategy.SEQUENTIAL, (A, GateNode(("tests",), {"docs": 1.0}))), "'docs'", id="odd threshold"
        ),
        *(
            pytest.param(StrategyNode(strategy, (A, B), **said), f"`{key}` means nothing to {strategy}", id=key)
            for strategy, key, said in NOT_HEEDED
        ),
        pytest.param(
            StrategyNode(Strategy.PARALLEL, (A, B), weights={"a": 1.0}), "the aggregator all", id="no weighing"
        ),
        pytest.param(
            StrategyNode(Strategy.PARALLEL, (A, B), aggregator=WEIGHTED, priority=("a",)),
            "for priority_list",
            id="no rank",
        ),
        pytest.param(
            StrategyNode(Strategy.PARALLEL, (A, B), aggregator=RANKED, priority=("a", "a")), "twice", id="ranked twice"
        ),
        pytest.param(
            StrategyNode(Strategy.ADAPTIVE, (A, B), gate=TESTS, threshold=0.5), "not both", id="gate and classifier"
        ),
        pytest.param(
            StrategyNode(Strategy.DEBATE, (A, StrategyNode(Strategy.BEST_OF, (W, V), gate=TESTS))),
            "'w' makes none",
            id="changes in a debate",
        ),
        pytest.param(StrategyNode(Strategy.PARALLEL, (A, agent("A"))), "in capitals or not", id="one file for two"),
        pytest.param(agent("../x"), "no agent id", id="a path for an id"),
        pytest.param(agent(""), "no agent id", id="no id"),
        pytest.param(agent("a" * 65), "no agent id", id="a long id"),
        pytest.param(agent("a\n"), "no agent id", id="a line end in an id"),
        pytest.param(agent("a", limits=AgentLimits(timeout_s=0)), "timeout_s 0", id="no time"),
        pytest.param(agent("a", limits=AgentLimits(max_tokens=-1)), "max_tokens -1", id="no tokens"),
        pytest.param(nested(MOST_DEPTH), "levels deep", id="too deep"),
        pytest.param(nested(20_000), "levels deep", id="far too deep"),
        pytest.param(
            StrategyNode(Strategy.PARALLEL, tuple(agent(f"a{n}") for n in range(MOST_NODES))),
            f"at most {MOST_NODES} nodes",
            id="too many",
        ),
    ],
)
def test_what_cannot_run_is_refused(plan: Node, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_plan(plan)


@pytest.mark.parametrize(
    "plan",
    [
        A,
        StrategyNode(Strategy.DEBATE, (A,)),
        StrategyNode(Strategy.PARALLEL, (A, B), aggregator=Aggregator.WEIGHTED_SCORE, weights={"a": 0.0}),
        StrategyNode(Strategy.REPEAT, (StrategyNode(Strategy.SEQUENTIAL, (W, TESTS)),), gate=TESTS, at_most=20),
        StrategyNode(Strategy.BEST_OF, (W,), gate=TESTS, at_most=3),
        nested(MOST_DEPTH - 1),
    ],
    ids=["one agent", "a debate of one", "a weight of 0", "nested", "one candidate thrice", "deep"],
)
def test_what_can_run_is_let_through(plan: Node) -> None:
    check_plan(plan)


def test_the_node_that_is_wrong_is_named() -> None:
    with pytest.raises(ValueError, match=r"node 1\.2 of the plan"):
        check_plan(StrategyNode(Strategy.SEQUENTIAL, (A, StrategyNode(Strategy.TEACHING, (B,)))))


def test_a_nested_child_is_weighed_by_the_name_it_has_where_it_stands() -> None:
    pair = tuple(StrategyNode(Strategy.SEQUENTIAL, (one,)) for one in (A, B))

    def weighed(name: str) -> Node:
        inner = StrategyNode(Strategy.PARALLEL, pair, aggregator=WEIGHTED, weights={name: 1.0})
        return StrategyNode(Strategy.SEQUENTIAL, (C, inner))

    check_plan(weighed("sequential 1.2.1"))
    with pytest.raises(ValueError, match=r"these are sequential 1\.2\.1, sequential 1\.2\.2"):
        check_plan(weighed("sequential 1.0"))
