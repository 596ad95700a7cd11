"""Look templates up: specification 001, "Retrieving Templates"; 002, "Functions" of the agent templates."""

from __future__ import annotations

from orchestrator.orchestration.agent_templates import (
    get_all_templates,
    get_template,
    get_templates_by_capability,
    get_templates_by_tier,
)

template = get_template("test_coverage_analyzer")
assert template is not None
print(template.role)
assert template.role == "Test Coverage Expert"

all_templates = get_all_templates()
print(f"Available: {len(all_templates)} templates")
for each in all_templates:
    print(f"  - {each.id}: {each.role}")
assert template in all_templates

security_templates = get_templates_by_capability("vulnerability_scan")
print([each.id for each in security_templates])
assert [each.id for each in security_templates] == ["security_auditor"]

cheap_templates = get_templates_by_tier("CHEAP")
print([each.id for each in cheap_templates])
assert [each.id for each in cheap_templates] == ["documentation_writer"]

capable_templates = get_templates_by_tier("CAPABLE")
assert [each.id for each in capable_templates] == [
    *("test_coverage_analyzer", "code_reviewer", "performance_optimizer", "refactoring_specialist")
]
