"""The engine is the permission recovery system of spec 004 as one value: one agent's rules and their bounds."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from orchestrator.models.events import AgentEvent
from orchestrator.models.recovery import RecoveryRule, Relaunch
from orchestrator.models.work import Assignment
from orchestrator.recovery.cures import ANY_AGENT, Plan, plan_recovery, widened
from orchestrator.recovery.preparation import Finding, PreparationFacts, check_preparation
from orchestrator.value_class import value_class


@value_class
class PermissionRecoveryEngine:
    """Knows one agent's errors and their cures."""

    agent_rules: tuple[RecoveryRule, ...] = ()
    max_attempts: int = 3
    """Relaunches of one worker, over all rules."""

    @property
    def rules(self) -> tuple[RecoveryRule, ...]:
        """The agent's own rules, then those of every agent."""
        return (*self.agent_rules, *ANY_AGENT)

    def prepare(self, facts: PreparationFacts) -> tuple[Finding, ...]:
        """What stands in the way of a launch, from what was measured."""
        return check_preparation(facts)

    def plan(
        self,
        event: AgentEvent,
        *,
        assignment: Assignment,
        allowed_roots: Sequence[Path],
        attempts: int,
        tried: Collection[str] = (),
    ) -> Plan | None:
        """What to do about the event, ``None`` if it is no known error of the launch."""
        return plan_recovery(
            event,
            self.rules,
            tried=tried,
            assignment=assignment,
            allowed_roots=allowed_roots,
            attempts=attempts,
            max_attempts=self.max_attempts,
        )

    def widen(self, assignment: Assignment, relaunch: Relaunch, *, path: str | None) -> Assignment:
        """The assignment to relaunch with."""
        return widened(assignment, relaunch, path=path)
