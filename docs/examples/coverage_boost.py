"""Raise the test coverage: specification 001 and 002, "Test Coverage Boost"."""

from __future__ import annotations

import asyncio
import sys

from orchestrator.workflows.test_coverage_boost import TestCoverageBoostWorkflow

# Create workflow
workflow = TestCoverageBoostWorkflow(
    target_coverage=90.0,
    project_root=".",
    save_patterns=True,  # Save successful compositions
)

# Execute with context
context = {
    "current_coverage": 75.0,
    "priority_modules": ["auth", "payment"],
    "python": sys.executable,  # which has pytest
}
result = asyncio.run(workflow.execute(context))

print(f"Coverage improved by {result['coverage_improvement']}%")
print(f"New tests: {result['tests_generated']}")

assert result["tests_generated"] == sum(test["kept"] for test in result["tests"])
assert result["coverage_improvement"] == result["coverage_after"] - result["coverage_before"]
# What the caller takes the coverage for is compared, and never believed.
assert result["notes"][0].startswith("the coverage is said to be 75 %")
# A rehearsal plays tests of another project, so here none of them can be proven, and nothing is taken.
assert result["session"]
assert not result["tests_generated"] or result["success"] or not result["target_reached"]
