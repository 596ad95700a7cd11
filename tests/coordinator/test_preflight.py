from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal, NoReturn

import pytest

from orchestrator.agents.registry import AGENTS
from orchestrator.coordinator.preflight import (
    choose_backend,
    find_agent,
    is_logged_in,
    prove_some_sandbox,
    survey_agents,
    survey_machine,
)
from orchestrator.errors import EnvironmentUnfit
from orchestrator.models.identity import AgentName
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.sandbox.bubblewrap import find_bubblewrap
from orchestrator.sandbox.proof import PROOFS, SandboxProof, prove_backend

BROKEN = SandboxProof("bubblewrap", works=False, detail="no user namespaces")
CLAUDE = AGENTS[AgentName("claude")]


@pytest.fixture
def bin_folder(tmp_path: Path) -> Path:
    made = tmp_path / "bin"
    made.mkdir()
    return made


def install(folder: Path, script: str) -> dict[str, str]:
    path = folder / CLAUDE.executable
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return {"PATH": f"{folder}:/usr/bin:/bin", "HOME": str(folder)}


@pytest.mark.parametrize(
    ("script", "usable", "problem"),
    [
        pytest.param(f"echo {CLAUDE.pinned}", True, None, id="the pinned version"),
        pytest.param("echo 0.0.1", False, "older than", id="too old"),
        pytest.param("echo 99.0.0", True, "newer release than", id="newer than tested"),
        pytest.param("echo broken >&2; exit 3", False, "ended with 3: broken", id="does not start"),
        pytest.param("exit 1", False, "said nothing", id="dies in silence"),
        pytest.param(r"printf '\377\376 \000 nothing'", True, "does not tell its version", id="prints garbage"),
    ],
)
def test_what_version_says_decides(bin_folder: Path, script: str, usable: bool, problem: str | None) -> None:
    found = find_agent(CLAUDE, install(bin_folder, script), needs_login=False)
    assert found.usable is usable
    assert (found.problem is None) if problem is None else (problem in (found.problem or ""))


def test_a_missing_cli_says_how_to_install_it(bin_folder: Path) -> None:
    found = find_agent(CLAUDE, {"PATH": str(bin_folder)})
    assert not found.usable
    assert CLAUDE.package in (found.problem or "")


def test_a_cli_without_login_is_not_used_and_says_how_to_log_in(bin_folder: Path) -> None:
    environ = install(bin_folder, f"echo {CLAUDE.pinned}")
    found = find_agent(CLAUDE, environ)
    assert not found.usable
    assert CLAUDE.credential.login_hint in (found.problem or "")
    assert find_agent(CLAUDE, {**environ, "ANTHROPIC_API_KEY": "k"}).usable
    credential = Path(environ["HOME"]) / CLAUDE.credential.files[0]
    credential.parent.mkdir(parents=True, exist_ok=True)
    credential.write_text("{}")
    assert is_logged_in(CLAUDE, environ)


def test_version_is_asked_without_the_users_secrets(bin_folder: Path) -> None:
    environ = install(bin_folder, f'env > "$HOME/seen"; echo {CLAUDE.pinned}')
    find_agent(CLAUDE, {**environ, "ANTHROPIC_API_KEY": "canary"})
    assert "canary" not in (bin_folder / "seen").read_text()


def test_every_adapter_is_looked_for(bin_folder: Path) -> None:
    found = survey_agents({"PATH": str(bin_folder), "HOME": str(bin_folder)})
    assert [agent.name for agent in found] == list(AGENTS)


def test_the_machine_is_surveyed_by_trying(tmp_path: Path) -> None:
    report = survey_machine(SandboxConfig(name="p", backend="none"), {"PATH": "/usr/bin:/bin"}, workspace=tmp_path)
    assert report.free_bytes > 0
    assert report.sandbox.works


@pytest.mark.parametrize("enforcement", ["required", "preferred"])
def test_a_required_sandbox_never_falls_through(enforcement: Literal["required", "preferred"]) -> None:
    config = SandboxConfig(name="p", enforcement=enforcement)
    if enforcement == "required":
        with pytest.raises(EnvironmentUnfit, match="no user namespaces"):
            choose_backend(config, BROKEN)
    else:
        backend, loud = choose_backend(config, BROKEN)
        assert backend == "none"
        assert loud[0].startswith("NO SANDBOX")
        assert "network" not in loud[0]
        listed = replace(config, network="allow-list")
        assert choose_backend(listed, BROKEN)[1][0].endswith("nothing holds the network back")


def test_what_a_session_has_proved_the_next_one_of_the_workspace_does_not_try_again(
    tmp_path: Path, not_proven: Callable[[str], NoReturn]
) -> None:
    config = SandboxConfig(name=str(tmp_path), backend="bubblewrap")
    if not prove_backend(config, os.environ).works:
        not_proven("bubblewrap does not work here")
    cache = tmp_path / PROOFS
    assert [prove_some_sandbox(config, os.environ, cache=cache)[1].cached for _ in range(2)] == [False, True]
    assert not prove_some_sandbox(config, os.environ)[1].cached, "who asks for a survey gets a trial"


@pytest.mark.slow
def test_where_no_network_of_its_own_can_be_had_a_sandbox_that_is_preferred_goes_on_with_ours(
    tmp_path: Path, not_proven: Callable[[str], NoReturn]
) -> None:
    real = find_bubblewrap(os.environ)
    if real is None or not prove_backend(SandboxConfig(name="p", backend="bubblewrap"), os.environ).works:
        not_proven("bubblewrap does not work here")
    script = f'case " $* " in *" --unshare-net "*) echo "bwrap: no network" >&2; exit 1;; esac; exec "{real}" "$@"'
    (tmp_path / "bwrap").write_text(f"#!/bin/sh\n{script}\n")
    (tmp_path / "bwrap").chmod(0o755)
    environ = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    config = SandboxConfig(name="p", backend="bubblewrap", network="allow-list")
    kept, proof, told = prove_some_sandbox(config, environ)
    assert (kept.network, proof.works) == ("open", True)
    assert "OPEN NETWORK" in told[0]
    assert "bwrap: no network" in told[0]
    assert survey_machine(config, environ).sandbox.detail.startswith("OPEN NETWORK")
    required = replace(config, enforcement="required")
    assert prove_some_sandbox(required, environ)[0] is required
