"""See what is decided and why: specification 001, "Enable debug logging"."""

from __future__ import annotations

import logging

from orchestrator.orchestration.meta_orchestrator import MetaOrchestrator

logging.basicConfig(level=logging.DEBUG)
logger = logging.getLogger("orchestrator.orchestration")
logger.setLevel(logging.DEBUG)

told: list[str] = []
handler = logging.Handler()
handler.emit = lambda record: told.append(record.getMessage())  # type: ignore[method-assign]  # a script's own handler
logger.addHandler(handler)

plan = MetaOrchestrator().analyze_and_compose("Fix the SQL injection in the login")
assert any("task read: security" in line for line in told)
assert any(plan.because in line for line in told)
