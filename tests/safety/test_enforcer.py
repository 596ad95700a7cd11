from __future__ import annotations

from datetime import UTC, datetime

import pytest

from orchestrator.models.events import AgentEvent, EventType, Payload, Said, ToolCalled, ToolReturned
from orchestrator.models.identity import AgentName
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.models.work import Assignment
from orchestrator.models.workers import Sample
from orchestrator.safety import ResourceMonitor, SafetyEnforcer

NOW = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("payload", "decisions"),
    [
        pytest.param(ToolCalled("Bash", "1", "ls", command="ls"), [], id="an ordinary command"),
        pytest.param(ToolCalled("Bash", "1", "x", command="rm -rf /x"), ["block"], id="a blocked command"),
        pytest.param(ToolCalled("Bash", "1", "x", command="rm -rf x"), ["warn"], id="the same in its own folder"),
        pytest.param(ToolCalled("Bash", "1", "x", command="git push"), ["confirm"], id="one to confirm"),
        pytest.param(ToolCalled("Read", "1", "x", path="/project/a.py"), [], id="a path it may read"),
        pytest.param(ToolCalled("Read", "1", "x", path="/root/x"), ["warn"], id="a path it may not"),
        pytest.param(
            ToolCalled("Bash", "1", "x", path="/root", command="sudo ls"), ["warn", "warn"], id="a command and a path"
        ),
        pytest.param(Said("rm -rf x"), [], id="words are no command"),
        pytest.param(ToolReturned("1", ok=True, text="rm -rf x"), [], id="nor is output"),
    ],
)
def test_tool_calls_are_looked_at(
    payload: Payload, decisions: list[str], config: SandboxConfig, assignment: Assignment
) -> None:
    event = AgentEvent(EventType.PROGRESS, AgentName("claude"), NOW, payload)
    verdicts = SafetyEnforcer(config, assignment).look(event)
    assert [verdict.decision for verdict in verdicts] == decisions
    assert all(verdict.reason for verdict in verdicts)


def test_samples_are_held_against_the_policy(config: SandboxConfig, assignment: Assignment) -> None:
    enforcer = SafetyEnforcer(config, assignment)
    _, findings = enforcer.measure(ResourceMonitor(), Sample(1, 1, 1), NOW, ran_s=3600)
    assert [finding.kind for finding in findings] == ["runtime"]
