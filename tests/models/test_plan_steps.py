from __future__ import annotations

from pydantic import TypeAdapter

from orchestrator.models.plan_steps import AgentLeaf, GateLeaf, Leaf, MergeLeaf, Purpose, Run, Seen
from orchestrator.models.plan_tree import AgentNode, GateNode, NodePath

RUN: TypeAdapter[Run] = TypeAdapter(Run)
LEAF: TypeAdapter[Leaf] = TypeAdapter(Leaf)


def test_steps_are_read_back_from_what_the_journal_holds() -> None:
    seen = Seen(NodePath("1.1"), "drafter", success=True, output={"text": "a", "points": [1, None]})
    run = Run(
        (
            AgentLeaf(NodePath("1.2"), AgentNode("polisher"), Purpose.REFINE, (seen,), (NodePath("1.2"),)),
            GateLeaf(NodePath("1.gate"), GateNode(("tests",))),
            MergeLeaf(NodePath("1.merge"), (NodePath("1.2"),)),
        )
    )
    assert RUN.validate_json(RUN.dump_json(run)) == run
    for leaf in run.leaves:
        assert LEAF.validate_json(LEAF.dump_json(leaf)) == leaf
