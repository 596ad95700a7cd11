from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from orchestrator.models.events import AgentEvent, Denied, Payload
from orchestrator.models.recovery import Escalate, RecoveryRule, Relaunch
from orchestrator.models.work import Assignment
from orchestrator.recovery import PermissionRecoveryEngine
from orchestrator.recovery.preparation import PreparationFacts

RULE = RecoveryRule("denied", re.compile("Permission denied: --flag"), Relaunch(flags=("--flag",)), "no flag")


def test_an_agents_own_rules_go_before_those_of_every_agent(
    assignment: Assignment, event: Callable[[Payload], AgentEvent]
) -> None:
    engine = PermissionRecoveryEngine((RULE,), max_attempts=2)
    own = engine.plan(event(Denied("Permission denied: --flag")), assignment=assignment, allowed_roots=(), attempts=0)
    assert own is not None
    assert own.remedy == RULE.remedy
    assert engine.widen(assignment, Relaunch(flags=("--flag",)), path=None).extra_flags == ("--flag",)
    general = engine.plan(event(Denied("Permission denied")), assignment=assignment, allowed_roots=(), attempts=0)
    assert general is not None
    assert isinstance(general.remedy, Escalate)


def test_the_engine_bounds_relaunches(assignment: Assignment, event: Callable[[Payload], AgentEvent]) -> None:
    engine = PermissionRecoveryEngine((RULE,), max_attempts=2)
    plan = engine.plan(event(Denied("Permission denied: --flag")), assignment=assignment, allowed_roots=(), attempts=2)
    assert plan is not None
    assert isinstance(plan.remedy, Escalate)


def test_the_engine_looks_before_the_launch() -> None:
    facts = PreparationFacts(Path("/none"), Path("/workspace"), target_exists=False)
    assert [finding.severity for finding in PermissionRecoveryEngine().prepare(facts)] == ["error"]
