from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from orchestrator.models.agent_template import AgentCapability, AgentTemplate, ResourceRequirements, answer_schema

GOOD = AgentTemplate(
    id="pipeline_expert",
    role="Data Pipeline Specialist",
    capabilities=["pipeline_design"],
    tier_preference="CAPABLE",
    tools=[],
    default_instructions="Look at the pipeline.",
    quality_gates={},
)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("id", "", "id must be a non-empty string"),
        ("id", None, "id must be a non-empty string"),
        ("id", "../x", "id must be a name"),
        ("id", "a/b", "id must be a name"),
        ("id", "-x", "id must be a name"),
        ("id", "x" * 65, "id must be a name"),
        ("id", "x\n", "id must be a name"),
        ("role", "  ", "role must be a non-empty string"),
        ("role", "a\x1b[31m", "role must be a short line"),
        ("capabilities", [], "capabilities must be a non-empty list"),
        ("capabilities", "code_review", "capabilities must be a list"),
        ("capabilities", [""], "capabilities must be a list"),
        ("capabilities", [3], "capabilities must be a list"),
        ("capabilities", ["a", "a"], "twice"),
        ("tier_preference", "cheap", "tier_preference must be one of CAPABLE, CHEAP, PREMIUM"),
        ("tier_preference", ["CHEAP"], "tier_preference must be one of"),
        ("tools", None, "tools must be a list"),
        ("default_instructions", "", "default_instructions must be a non-empty string"),
        ("default_instructions", "Do {{ task }}", "hold '{{'"),
        ("default_instructions", "{% include 'x' %}", "hold '{%'"),
        ("default_instructions", "x\x00", "control character"),
        ("default_instructions", "x" * 20_001, "20,001"),
        ("quality_gates", [], "quality_gates must be a dict"),
        ("quality_gates", {1: 2}, "quality_gates must be a dict"),
        ("resource_requirements", {"max_tokens": 3}, "must be ResourceRequirements"),
        ("access", "execute", "access must be 'read' or 'write'"),
        ("answer", {"confidence": {"type": "number"}}, "every answer holds already"),
        ("answer", {"found": {"type": "text"}}, "answer.found.type must be one of"),
        ("answer", {"found": {"type": "array"}}, "answer.found.items must be a JSON schema"),
        ("answer", {"found": {"type": "object"}}, "answer.found.properties must say"),
        ("answer", {"found": {"type": "string", "default": float("nan")}}, "is no JSON"),
        ("answer", {"../x": {"type": "string"}}, "the name '../x'"),
    ],
)
def test_what_makes_no_template_is_refused_with_its_name(name: str, value: Any, said: str) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        replace(GOOD, **{name: value})
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"min_tokens": -1}, "min_tokens must be at least 0"),
        ({"min_tokens": 10, "max_tokens": 9}, "must be at least min_tokens"),
        ({"timeout_seconds": 0}, "timeout_seconds must be above 0"),
        ({"memory_mb": 0}, "memory_mb must be above 0"),
        ({"memory_mb": True}, "whole number"),
        ({"max_tokens": 1e4}, "whole number"),
        ({"max_tokens": "many"}, "whole number"),
        ({"max_tokens": 10**30}, "at most"),
    ],
)
def test_requirements_that_cannot_be_kept_are_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        ResourceRequirements(**given)


def test_a_capability_needs_a_name_and_a_description() -> None:
    assert AgentCapability("analyze_gaps", "Identify test coverage gaps").required_tools == []
    with pytest.raises(ValueError, match="description must be a non-empty string"):
        AgentCapability("analyze_gaps", "")
    with pytest.raises(ValueError, match="required_tools must be a list"):
        AgentCapability("analyze_gaps", "Find gaps", ["x", 3])  # type: ignore[list-item]  # what a caller may get wrong


def test_the_schema_of_an_answer_is_strict_at_every_depth() -> None:
    items = {"type": "object", "properties": {"file": {"type": "string"}}}
    schema = answer_schema(replace(GOOD, answer={"findings": {"type": "array", "items": items}}))

    assert schema["required"] == ["findings", "summary", "confidence"]
    assert schema["additionalProperties"] is False
    inner = schema["properties"]["findings"]["items"]
    assert (inner["required"], inner["additionalProperties"]) == (["file"], False)
    assert "required" not in items


def test_a_copy_shares_nothing() -> None:
    copied = GOOD.copied()
    copied.capabilities.append("another")
    assert GOOD.capabilities == ["pipeline_design"]
