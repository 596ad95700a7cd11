from __future__ import annotations

import json

import pytest

from orchestrator.composition.team_files import TeamFile
from orchestrator.composition.team_tree import tree_document, tree_rows, verdict
from orchestrator.models.plan_tree import AgentNode, GateNode, Strategy, StrategyNode

DEBATE = StrategyNode(
    Strategy.DEBATE, (AgentNode("a"), AgentNode("b")), rounds=2, synthesizer=AgentNode("judge"), gate=None
)
WRITER = AgentNode("w", access="write")
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


@pytest.mark.parametrize(
    ("tree", "readers"),
    [
        (StrategyNode(Strategy.DEBATE, (WRITER, AgentNode("b"))), 2),
        (StrategyNode(Strategy.DEBATE, (AgentNode("a"), AgentNode("b")), synthesizer=WRITER), 3),
        (StrategyNode(Strategy.ADAPTIVE, (WRITER, AgentNode("b"))), 2),
        (StrategyNode(Strategy.DEBATE, (StrategyNode(Strategy.SEQUENTIAL, (WRITER,)), AgentNode("b"))), 2),
    ],
    ids=["an opinion", "a conclusion", "a classifier", "below an opinion"],
)
def test_who_stands_where_nobody_writes_is_said_to_read(tree: StrategyNode, readers: int) -> None:
    team = TeamFile("talk", tree)
    assert verdict(team).endswith("nobody may write in the target")
    assert not team.writes
    assert sum(", reads" in words for _, words in tree_rows(tree)) == readers
    assert '"write"' not in json.dumps(tree_document(tree))


def test_who_tries_first_under_a_gate_writes() -> None:
    team = TeamFile("try", StrategyNode(Strategy.ADAPTIVE, (WRITER, AgentNode("b")), gate=GateNode(("tests",))))
    assert verdict(team).endswith("w may write in the target")
