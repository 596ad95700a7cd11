from __future__ import annotations

from dataclasses import replace

import pytest

from orchestrator.composition.agent_nodes import agent_node, strategy_node
from orchestrator.composition.template_files import built_in_templates
from orchestrator.models.plan_tree import Strategy, Tier

LIBRARY = built_in_templates()
REVIEWER, WRITER = LIBRARY["code_reviewer"], LIBRARY["documentation_writer"]


def test_a_node_holds_what_its_template_says() -> None:
    node = agent_node(WRITER, name="writer-2")
    assert (node.id, node.template, node.access, node.tier) == ("writer-2", WRITER.id, "write", Tier.CHEAP)
    assert node.limits.timeout_s == WRITER.resource_requirements.timeout_seconds
    assert node.limits.max_tokens == WRITER.resource_requirements.max_tokens
    assert node.answer_schema is not None
    assert "confidence" in node.answer_schema["required"]


def test_who_debates_says_what_it_is_for_and_nobody_else_does() -> None:
    for strategy, states in ((Strategy.DEBATE, True), (Strategy.PARALLEL, False)):
        plan = strategy_node(strategy, [REVIEWER, WRITER])
        for child in plan.children:
            assert child.kind == "agent"
            assert child.answer_schema is not None
            assert ("position" in child.answer_schema["required"]) is states


@pytest.mark.parametrize(
    ("strategy", "count"),
    [(Strategy.SEQUENTIAL, 0), (Strategy.TEACHING, 1), (Strategy.REFINEMENT, 1), (Strategy.ADAPTIVE, 1)],
)
def test_too_few_agents_are_refused(strategy: Strategy, count: int) -> None:
    with pytest.raises(ValueError, match=str(strategy)):
        strategy_node(strategy, [REVIEWER][:count])


def test_two_of_one_id_are_refused() -> None:
    with pytest.raises(ValueError, match=r"unique|different names"):
        strategy_node(Strategy.PARALLEL, [REVIEWER, REVIEWER])


@pytest.mark.parametrize("name", ["checks", "baseline", "orchestrator", "review-1"])
def test_an_id_that_sessions_need_themselves_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"cannot have the id '{name}'"):
        strategy_node(Strategy.PARALLEL, [replace(REVIEWER, id=name)])
