from __future__ import annotations

import pytest

from orchestrator.composition.team_tree import tree_document, tree_rows
from orchestrator.models.plan_tree import AgentNode, GateNode, Strategy, StrategyNode

DEBATE = StrategyNode(
    Strategy.DEBATE, (AgentNode("a"), AgentNode("b")), rounds=2, synthesizer=AgentNode("judge"), gate=None
)
LOOP = StrategyNode(Strategy.REPEAT, (AgentNode("w", access="write"),), at_most=3, gate=GateNode(("tests",)))


@pytest.mark.parametrize(
    ("tree", "last"),
    [
        (DEBATE, "└─ 1.synthesis judge, reads; any agent"),
        (LOOP, "└─ 1.gate gates: tests"),
    ],
)
def test_parts_that_are_no_children_stand_in_the_tree_as_well(tree: StrategyNode, last: str) -> None:
    rows = [words for _, words in tree_rows(tree)]
    assert rows[-1] == last
    assert len(rows) == len(tree_document(tree)["children"]) + 1


def test_how_often_is_said() -> None:
    assert next(iter(tree_rows(DEBATE)))[1] == "1 debate, 2 parts, 2 rounds"
    assert next(iter(tree_rows(LOOP)))[1] == "1 repeat, 1 part, at most 3 times"
