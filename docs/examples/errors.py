"""What is refused, and with which error: specification 002, "Error Handling"; 001, "No agents available for domain"."""

from __future__ import annotations

import asyncio

from orchestrator.orchestration.agent_templates import get_all_templates, get_template
from orchestrator.orchestration.execution_strategies import get_strategy
from orchestrator.orchestration.meta_orchestrator import MetaOrchestrator

orchestrator, strategy = MetaOrchestrator(), get_strategy("parallel")
context = {"path": "."}
said = []

# An id that nobody has is no error: there is no such template.
assert get_template("invalid_id") is None
try:
    template = get_template("")
except ValueError as e:
    said.append(f"Invalid template ID: {e}")

try:
    plan = orchestrator.analyze_and_compose("", context)
except ValueError as e:
    said.append(f"Invalid task: {e}")

try:
    result = asyncio.run(strategy.execute([], context))
except ValueError as e:
    said.append(f"Empty agents list: {e}")

try:
    orchestrator.select_template("fly")
except ValueError as e:
    said.append(str(e))

print("\n".join(said))
assert len(said) == 4
assert said[3].startswith("No agents available for domain")
templates = get_all_templates()
print(f"Available: {[t.id for t in templates]}")
assert all(t.id in said[3] for t in templates)
