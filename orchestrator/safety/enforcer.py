"""Judge a worker's tool calls and measurements by its sandbox policy."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from orchestrator.models.events import AgentEvent, ToolCalled
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.models.work import Assignment
from orchestrator.models.workers import Sample
from orchestrator.safety.command_filter import CommandFilter, CommandVerdict
from orchestrator.safety.path_access import SandboxMonitor
from orchestrator.safety.path_scope import WorkerPaths
from orchestrator.safety.resources import LimitFinding, ResourceMonitor, judge
from orchestrator.value_class import value_class


@value_class
class SafetyEnforcer:
    """Path rules, command filter and limits of one worker, in one place (spec 004, Security Sandbox)."""

    config: SandboxConfig
    assignment: Assignment

    def look(self, event: AgentEvent) -> tuple[CommandVerdict, ...]:
        """Verdicts on a tool call that are not ``allow``; none for any other event."""
        if not isinstance(event.payload, ToolCalled):
            return ()
        return tuple(self._verdicts(event.payload))

    def measure(
        self, monitor: ResourceMonitor, sample: Sample, at: datetime, *, ran_s: float
    ) -> tuple[ResourceMonitor, tuple[LimitFinding, ...]]:
        """Hold one sample against the policy's limits."""
        return judge(monitor, sample, at, self.config.limits, ran_s)

    def _verdicts(self, call: ToolCalled) -> Iterator[CommandVerdict]:
        if call.command is not None:
            verdict = CommandFilter.of(self.config, WorkerPaths.of(self.config, self.assignment)).judge(call.command)
            if verdict.decision != "allow":
                yield verdict
        if call.path is not None and not SandboxMonitor(self.config, self.assignment).may_read(call.path):
            reason = f"{call.tool} names {call.path}, outside the folders this worker was given"
            yield CommandVerdict("warn", rule="folders", reason=reason)
