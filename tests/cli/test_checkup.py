from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.agents.registry import AGENTS
from orchestrator.cli.checkup import agent_finding, check_up
from orchestrator.errors import ExitCode
from orchestrator.models.identity import AgentName
from orchestrator.models.options import FoundAgent
from orchestrator.models.sandbox import SandboxConfig

OPEN = SandboxConfig(name="open", backend="none")


@pytest.fixture
def machine(tmp_path: Path) -> dict[str, str]:
    """An environment whose PATH holds one CLI, logged in by a variable, and whose home is empty."""
    agent = AGENTS[AgentName("claude")]
    folder = tmp_path / "bin"
    folder.mkdir()
    script = folder / agent.executable
    script.write_text(f"#!/bin/sh\necho {agent.pinned}\n")
    script.chmod(0o755)
    return {"PATH": str(folder), "HOME": str(tmp_path), agent.credential.environment[0]: "a-key"}


def test_one_agent_with_a_login_makes_a_run_possible(machine: dict[str, str], tmp_path: Path) -> None:
    report = check_up(OPEN, machine, workspace=tmp_path)

    assert report.can_run
    assert report.tier == 5
    assert report.verdict.startswith("a run is possible (tier 5")
    states = {finding.name: finding.state for finding in report.findings}
    assert states["claude"] == "ok"
    assert states["codex"] == states["gemini"] == "missing"


def test_without_an_agent_a_rehearsal_is_proposed(tmp_path: Path) -> None:
    report = check_up(OPEN, {"PATH": str(tmp_path), "HOME": str(tmp_path)}, workspace=tmp_path)

    assert not report.can_run
    assert "--rehearse" in report.verdict


def test_what_is_missing_has_a_next_step(tmp_path: Path) -> None:
    report = check_up(OPEN, {"PATH": str(tmp_path), "HOME": str(tmp_path)}, workspace=tmp_path)

    assert all(finding.next_step for finding in report.findings if finding.state == "missing")


def test_a_cli_without_a_login_says_how_to_log_in(machine: dict[str, str], tmp_path: Path) -> None:
    agent = AGENTS[AgentName("claude")]
    environ = {name: machine[name] for name in ("PATH", "HOME")}

    report = check_up(OPEN, environ, workspace=tmp_path)

    assert not report.can_run
    (finding,) = [finding for finding in report.findings if finding.name == "claude"]
    assert "no login found" in finding.text
    assert finding.next_step == agent.credential.login_hint


def test_a_version_that_has_moved_on_is_doubtful_and_names_the_tested_one(machine: dict[str, str]) -> None:
    agent = AGENTS[AgentName("claude")]
    found = FoundAgent(agent.name, usable=True, version="99.0.0", executable="x", problem="newer than tested")

    finding = agent_finding(found, machine)

    assert finding.state == "doubtful"
    assert agent.pinned in finding.text
    assert "--rehearse --installed" in (finding.next_step or "")


def test_a_sandbox_that_cannot_be_kept_ends_the_doctor_as_it_would_end_a_run(
    machine: dict[str, str], tmp_path: Path
) -> None:
    # Landlock alone leaves something open everywhere, so a policy that requires all of it is never kept.
    held = SandboxConfig(name="held", backend="landlock", enforcement="required")
    report = check_up(held, machine, workspace=tmp_path)
    assert not report.can_run
    assert report.exit_code == ExitCode.USAGE
    assert "sandbox policy is required" in report.verdict

    without = check_up(OPEN, {"PATH": str(tmp_path), "HOME": str(tmp_path)}, workspace=tmp_path)
    assert without.exit_code == ExitCode.NEEDS_PERSON
    neither = check_up(held, {"PATH": str(tmp_path), "HOME": str(tmp_path)}, workspace=tmp_path)
    assert neither.exit_code == ExitCode.NEEDS_PERSON
