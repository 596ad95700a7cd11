"""Make a capability, requirements and a template: specification 002, "Classes"; 001, "Execution timeout"."""

from __future__ import annotations

from orchestrator.orchestration.agent_templates import AgentCapability, AgentTemplate, ResourceRequirements

cap = AgentCapability(
    name="analyze_gaps", description="Identify test coverage gaps", required_tools=["coverage_analyzer"]
)
assert cap.required_tools == ["coverage_analyzer"]

req = ResourceRequirements(min_tokens=2000, max_tokens=15000, timeout_seconds=600, memory_mb=1024)
assert (req.min_tokens, req.max_tokens, req.timeout_seconds, req.memory_mb) == (2000, 15000, 600, 1024)

template = AgentTemplate(
    id="test_coverage_analyzer",
    role="Test Coverage Expert",
    capabilities=["analyze_gaps", "suggest_tests"],
    tier_preference="CAPABLE",
    tools=["coverage_analyzer", "ast_parser"],
    default_instructions="Analyze test coverage...",
    quality_gates={"min_coverage": 80},
)
assert template.resource_requirements == ResourceRequirements()
assert template.access == "read"

custom_template = AgentTemplate(
    id="patient_reviewer",
    role="Patient Reviewer",
    capabilities=["code_review"],
    tier_preference="CAPABLE",
    tools=[],
    default_instructions="Review the whole project.",
    quality_gates={},
    resource_requirements=ResourceRequirements(timeout_seconds=1800),
)
print(custom_template.resource_requirements.timeout_seconds)
assert custom_template.resource_requirements.timeout_seconds == 1800
