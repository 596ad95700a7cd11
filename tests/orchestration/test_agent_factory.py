from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from orchestrator.models.agent_template import MOST_INSTRUCTIONS, AgentTemplate
from orchestrator.orchestration.agent_factory import AgentFactory
from orchestrator.orchestration.agent_templates import TEMPLATES
from orchestrator.orchestration.task_analyzer import TaskAnalyzer, TaskComplexity, TaskDomain, TaskRequirements

FACTORY = AgentFactory()
WANTED = TaskAnalyzer().analyze("Fix the typo in the docs", {"quality_gates": {"x": "{{ task }}"}})


def test_an_agent_is_a_template_fitted_to_the_task() -> None:
    template = TEMPLATES["documentation_writer"]
    one, other = FACTORY.spawn(template, WANTED), FACTORY.spawn(template, WANTED)
    assert isinstance(one, AgentTemplate)
    assert one.id.startswith("documentation_writer_")
    assert one.id != other.id
    assert (one.role, one.tools, one.quality_gates) == (template.role, template.tools, template.quality_gates)
    assert one.tier == one.tier_preference == "CHEAP"
    assert one.instructions == one.default_instructions
    assert one.instructions.startswith(template.default_instructions)
    assert "simple, and about documentation" in one.instructions
    assert "{{" not in one.instructions
    long = replace(template, id="x" * 64, default_instructions="y" * MOST_INSTRUCTIONS)
    assert len(FACTORY.spawn(long, WANTED).id) == 64


def test_a_tier_follows_the_complexity_and_never_leaves_the_three() -> None:
    tiers = ("CHEAP", "CAPABLE", "PREMIUM")
    for (place, tier), (step, complexity) in product(enumerate(tiers), zip((-1, 0, 1), TaskComplexity, strict=True)):
        wanted = TaskRequirements(complexity, TaskDomain.TESTING, ["x"])
        assert FACTORY.select_tier(tier, wanted) == tiers[min(max(place + step, 0), 2)]
    careful = TaskRequirements(TaskComplexity.SIMPLE, TaskDomain.SECURITY, ["x"])
    assert FACTORY.select_tier("PREMIUM", careful) == "PREMIUM"


@pytest.mark.parametrize("wrong", [None, "code_reviewer", 3, {}])
def test_what_is_no_template_and_no_requirements_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match="template must be an AgentTemplate"):
        FACTORY.spawn(wrong, WANTED)
    with pytest.raises(ValueError, match="requirements must be TaskRequirements"):
        FACTORY.spawn(TEMPLATES["code_reviewer"], wrong)
    with pytest.raises(ValueError, match="tier_preference must be one of"):
        FACTORY.select_tier(wrong, WANTED)
    if wrong != "code_reviewer":
        with pytest.raises(ValueError, match="default_instructions must be"):
            FACTORY.customize_instructions(wrong, WANTED)
